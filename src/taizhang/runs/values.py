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
        the last plan as many as the stopping rule requires.

    Raises:
        RunError: The run is not complete.
        RunDamagedError: A sum fails its checksum.
    """
    manifest, exponents = folder.manifest, folder.exponents()
    layout = manifest.layout
    parts: list[list[ComplexArray]] = [[np.empty((0, plan.elements), dtype=np.complex128)] for plan in manifest.plans]
    with Ledger(folder.ledger_path, manifest) as ledger:
        num_groups = ledger.groups_wanted()
        if ledger.num_groups_done() != num_groups:
            raise RunError(f"the run '{folder.path}' is not complete; go on with 'taizhang resume {folder.path}'")
        for node, total in ledger.complete_sums():
            if node.group >= num_groups:
                break
            numbers = layout.contractions_of(node.group)
            parts[layout.plan_of(node.group)].append(total.values(exponents[numbers.start : numbers.stop]))
    return tuple(np.concatenate(part) for part in parts)
