"""Names of parameters as OpenQASM 3 allows them."""

from __future__ import annotations

from collections.abc import Iterable

from taizhang.circuit.gates import NAMES

_TEXT = """
OPENQASM include defcalgrammar def cal defcal gate extern opaque box let break continue if else end return for while in
switch case default nop pragma input output const readonly mutable qreg qubit creg bool bit int uint float angle complex
array void duration stretch gphase inv pow ctrl negctrl dim durationof delay reset measure barrier true false im pi π
tau τ euler ℇ arccos arcsin arctan acos asin atan ceiling cos exp floor ln log mod popcount real imag rotl rotr sin sqrt
tan sizeof U CX q
"""
_WORDS = frozenset(_TEXT.split())


def openqasm_names(names: Iterable[str]) -> dict[str, str]:
    """Returns an identifier of OpenQASM 3 for each name, all different.

    A name stays what it is, unless it has an index or is a word of the language, the name of a gate, or `q`.

    Example:
        >>> openqasm_names(["gamma", "theta[3]", "theta_3", "x"])
        {'gamma': 'gamma', 'theta[3]': 'theta_3', 'theta_3': 'theta_3_', 'x': 'x_'}
    """
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        identifier = name.replace("[", "_").replace("]", "")
        while identifier in taken or identifier in _WORDS or identifier in NAMES:
            identifier += "_"
        taken.add(identifier)
        chosen[name] = identifier
    return chosen
