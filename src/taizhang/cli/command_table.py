"""The commands: where each is, and what `taizhang --help` says of it; a table, so that none is imported for that.

A test compares the summaries with the first sentence of each command's own help.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CommandEntry(NamedTuple):
    """A command.

    Attributes:
        module: Its module in `taizhang.cli`, which holds it as `NAME_command`.
        summary: What it does.
    """

    module: str
    summary: str


COMMANDS: Mapping[str, CommandEntry] = {
    "inspect": CommandEntry(
        "inspect_command", "Qubits, gates by kind and depth of CIRCUIT; its network before and after simplification."
    ),
    "draw": CommandEntry("draw_command", "Draw CIRCUIT: as text, or as an SVG picture into a file."),
    "plan": CommandEntry(
        "plan_command", "Search a plan for an amplitude of CIRCUIT, or for a network, and tell what it costs."
    ),
    "amplitude": CommandEntry("amplitude_command", "Compute amplitudes ⟨BITSTRING|CIRCUIT|0…0⟩."),
    "sample": CommandEntry("sample_command", "Draw samples of CIRCUIT: one bitstring a line, qubit 0 first."),
    "xeb": CommandEntry("xeb_command", "Tell how well SAMPLES fit CIRCUIT."),
    "marginals": CommandEntry(
        "marginals_command",
        "Compute the probabilities of all outcomes of some qubits of CIRCUIT, whatever the others give.",
    ),
    "contract": CommandEntry(
        "contract_command", "Contract NETWORK (JSON) with ARRAYS (.npz: arr_0, arr_1, … in the order of its inputs)."
    ),
    "run": CommandEntry(
        "run_commands",
        "A long run that survives anything: amplitudes of CIRCUIT, computed piece by piece in the folder RUN.",
    ),
    "resume": CommandEntry("run_commands", "Go on with the run in the folder RUN, and print what it gives."),
    "status": CommandEntry("run_commands", "Tell how far the run in the folder RUN is; it may be running or not."),
    "work": CommandEntry("run_commands", "One more worker on the run in the folder RUN, on any machine that sees it."),
    "verify": CommandEntry(
        "run_commands", "Check the run in the folder RUN: all hashes, all checksums, and some pieces computed again."
    ),
    "report": CommandEntry(
        "run_commands", "Write a page about the run in the folder RUN: HTML that holds all of its pictures."
    ),
    "random": CommandEntry("random_command", "Make a random circuit of a family the field measures itself on."),
    "doctor": CommandEntry("doctor_command", "What this machine can do: cores, SIMD level, measured rates, memory."),
    "completion": CommandEntry(
        "completion_command", "Print a script that makes SHELL complete commands, options and file names."
    ),
}
"""In the order in which people are shown them."""
