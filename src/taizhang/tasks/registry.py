"""The kinds of questions that a run folder can store, by name. A new kind is one line here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from taizhang.errors import InputError
from taizhang.tasks.amplitudes import AmplitudeAssembly
from taizhang.tasks.assembly import Assembly
from taizhang.tasks.contraction import ContractionAssembly
from taizhang.tasks.cross_entropy import XebAssembly
from taizhang.tasks.decoding import DecodingAssembly
from taizhang.tasks.expectation import ExpectationAssembly
from taizhang.tasks.probability import ProbabilityAssembly
from taizhang.tasks.reduced_state import ReducedStateAssembly
from taizhang.tasks.samples import SampleAssembly

ASSEMBLIES: Mapping[str, type[Assembly[Any]]] = {
    assembly.kind: assembly
    for assembly in (
        AmplitudeAssembly,
        ContractionAssembly,
        DecodingAssembly,
        ExpectationAssembly,
        ProbabilityAssembly,
        ReducedStateAssembly,
        XebAssembly,
        SampleAssembly,
    )
}


def assembly_to_bytes(assembly: Assembly[Any]) -> bytes:
    """Serialises an assembly as JSON, with its kind."""
    return (json.dumps({"kind": assembly.kind, **assembly.to_json()}) + "\n").encode()


def assembly_from_bytes(content: bytes) -> Assembly[Any]:
    """Reads the output of `assembly_to_bytes`.

    Raises:
        InputError: The content is malformed, or of a kind that this version does not know.
    """
    try:
        fields = json.loads(content)
        kind = fields["kind"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise InputError(f"the question of a run must be a JSON object with a kind, got {content[:40]!r}") from None
    if kind not in ASSEMBLIES:
        known = ", ".join(sorted(ASSEMBLIES))
        raise InputError(f"the kind of a question must be one of {known}, got {str(kind)[:40]!r}")
    try:
        return ASSEMBLIES[kind].from_json(fields)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the question of kind {kind!r} is damaged: {str(error)[:200]}") from None
