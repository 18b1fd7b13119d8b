"""What `taizhang --help` says of each command; a table, so that no command is imported for it.

A test compares it with the first sentence of each command's own help.
"""

from __future__ import annotations

from collections.abc import Mapping

SUMMARIES: Mapping[str, str] = {
    "inspect": "Qubits, gates by kind and depth of CIRCUIT; its network before and after simplification.",
    "draw": "Draw CIRCUIT: as text, or as an SVG picture into a file.",
    "plan": "Search a plan for an amplitude of CIRCUIT, or for a network, and tell what it costs.",
    "amplitude": "Compute amplitudes ⟨BITSTRING|CIRCUIT|0…0⟩.",
    "sample": "Draw samples of CIRCUIT: one bitstring a line, qubit 0 first.",
    "xeb": "Tell how well SAMPLES fit CIRCUIT.",
    "contract": "Contract NETWORK (JSON) with ARRAYS (.npz: arr_0, arr_1, … in the order of its inputs).",
    "run": "A long run that survives anything: amplitudes of CIRCUIT, computed piece by piece in the folder RUN.",
    "resume": "Go on with the run in the folder RUN, and print what it gives.",
    "status": "Tell how far the run in the folder RUN is; it may be running or not.",
    "work": "One more worker on the run in the folder RUN, on any machine that sees it.",
    "verify": "Check the run in the folder RUN: all hashes, all checksums, and some pieces computed again.",
    "report": "Write a page about the run in the folder RUN: HTML that holds all of its pictures.",
    "random": "Make a random circuit of a family the field measures itself on.",
    "doctor": "What this machine can do: cores, SIMD level, measured rates, memory.",
    "completion": "Print a script that makes SHELL complete commands, options and file names.",
}
