"""The values of a complete run, read from its ledger."""

from __future__ import annotations

import numpy as np

from taizhang._types import ComplexArray
from taizhang.errors import RunError
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger


def values_of(folder: RunFolder) -> ComplexArray:
    """The values of a complete run, complex128, shape (contractions, elements of each): all, or as many as it needs.

    Raises:
        RunError: It is not complete.
        RunDamagedError: A sum is not what was committed.
    """
    manifest, exponents, found = folder.manifest, folder.exponents(), []
    layout = manifest.layout
    with Ledger(folder.ledger_path, manifest) as ledger:
        wanted = ledger.groups_wanted()
        if ledger.num_groups_done() != wanted:
            raise RunError(f"the run '{folder.path}' is not complete; go on with 'taizhang resume {folder.path}'")
        for node, total in ledger.complete_sums():
            if node.group >= wanted:
                break
            own = layout.amplitudes_of(node.group)
            found.append(total.values(exponents[own.start : own.stop]))
    values: ComplexArray = np.concatenate(found)
    return values
