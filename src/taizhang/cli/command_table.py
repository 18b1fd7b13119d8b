"""The commands with their modules and summaries: a table, so that `taizhang --help` imports none of them.

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
        "inspect_command",
        "Show qubits, gates and depth of CIRCUIT, and its network before and after simplification.",
    ),
    "draw": CommandEntry("draw_command", "Draw CIRCUIT as text, or write it to a file as an SVG picture."),
    "plan": CommandEntry(
        "plan_command",
        "Search for a plan for amplitudes or expectation values of CIRCUIT, or for a network, and report its cost.",
    ),
    "amplitude": CommandEntry("amplitude_command", "Compute amplitudes ⟨BITSTRING|CIRCUIT|0…0⟩."),
    "sample": CommandEntry("sample_command", "Draw samples of CIRCUIT: one bitstring per line, qubit 0 first."),
    "xeb": CommandEntry("xeb_command", "Compute the cross-entropy benchmark (XEB) of SAMPLES against CIRCUIT."),
    "marginals": CommandEntry(
        "marginals_command",
        "Compute the joint probabilities of the outcomes of some qubits of CIRCUIT.",
    ),
    "expectation": CommandEntry(
        "expectation_command", "Compute expectation values ⟨0…0|CIRCUIT† OBSERVABLE CIRCUIT|0…0⟩."
    ),
    "probability": CommandEntry(
        "probability_command",
        "Compute the probability of values of the classical bits of CIRCUIT, or of its qubits where it has none.",
    ),
    "probabilities": CommandEntry(
        "probability_command",
        "Compute the probabilities of all outcomes of the classical bits of CIRCUIT, or of some qubits.",
    ),
    "qaoa": CommandEntry(
        "qaoa_command",
        "Compute the expected cost of QAOA of PROBLEM, a graph of lines 'u v [weight]' or a CSP as JSON.",
    ),
    "decode": CommandEntry(
        "decode_command",
        "Decode SYNDROMES of the detector error model MODEL exactly, by maximum likelihood.",
    ),
    "contract": CommandEntry(
        "contract_command", "Contract NETWORK (JSON) with ARRAYS (.npz: arr_0, arr_1, … in the order of its inputs)."
    ),
    "run": CommandEntry(
        "run_commands",
        "Compute amplitudes or expectation values of CIRCUIT as a resumable run, kept in the folder RUN.",
    ),
    "resume": CommandEntry("run_commands", "Continue the run in the folder RUN and print its result."),
    "status": CommandEntry(
        "run_commands", "Show the progress of the run in the folder RUN, whether or not it is running."
    ),
    "work": CommandEntry(
        "run_commands", "Add a worker to the run in the folder RUN, from any machine that shares the folder."
    ),
    "verify": CommandEntry(
        "run_commands", "Check the run in the folder RUN: all hashes and checksums, and some pieces computed again."
    ),
    "report": CommandEntry("run_commands", "Write a self-contained HTML page about the run in the folder RUN."),
    "random": CommandEntry("random_command", "Generate a random circuit of a standard benchmark family."),
    "doctor": CommandEntry(
        "doctor_command", "Show what this machine can do: cores, SIMD level, measured rates, memory."
    ),
    "completion": CommandEntry(
        "completion_command", "Print a script that makes SHELL complete commands, options and file names."
    ),
}
"""In the order in which `taizhang --help` lists them."""
