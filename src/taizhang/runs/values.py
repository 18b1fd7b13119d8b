"""The values of a complete run, read from its ledger."""

from __future__ import annotations

import numpy as np

from taizhang._types import ComplexArray
from taizhang.errors import RunError
from taizhang.runs.folder import RunFolder
from taizhang.runs.ledger import Ledger
from taizhang.tasks.assembly import Values


def values_of(folder: RunFolder) -> Values:
    """The values of a complete run.

    Returns:
        For each plan the values of its contractions, complex128, shape (contractions, elements of each): all, or of
        the last plan as many as are enough.

    Raises:
        RunError: It is not complete.
        RunDamagedError: A sum is not what was committed.
    """
    manifest, exponents = folder.manifest, folder.exponents()
    layout = manifest.layout
    parts: list[list[ComplexArray]] = [[np.empty((0, plan.elements), dtype=np.complex128)] for plan in manifest.plans]
    with Ledger(folder.ledger_path, manifest) as ledger:
        wanted = ledger.groups_wanted()
        if ledger.num_groups_done() != wanted:
            raise RunError(f"the run '{folder.path}' is not complete; go on with 'taizhang resume {folder.path}'")
        for node, total in ledger.complete_sums():
            if node.group >= wanted:
                break
            own = layout.contractions_of(node.group)
            parts[layout.plan_of(node.group)].append(total.values(exponents[own.start : own.stop]))
    return tuple(np.concatenate(found) for found in parts)
