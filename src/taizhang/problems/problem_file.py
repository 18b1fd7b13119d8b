"""Files of problems: a graph as lines `u v [weight]`, for MaxCut, or any problem as JSON.

    {"version": 1, "variables": 3, "clauses": [{"variables": [0, 1], "values": [[0, 1], [1, 0]]}], "maximise": true}

A file that starts with `{` is JSON. Lines of a graph may have comments after `#`; vertices are numbered from 0.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeAlias

from taizhang._checks import check_type, read_integer
from taizhang._files import write_file
from taizhang._units import human_bytes
from taizhang.errors import ProblemError, SizeLimitError
from taizhang.problems.clause import Clause, read_clause
from taizhang.problems.constructors import maxcut
from taizhang.problems.graphs import Edge, EdgeCollector
from taizhang.problems.wcsp import Wcsp

ProblemFile: TypeAlias = "str | PathLike[str] | IO[str] | IO[bytes]"

MAX_FILE_BYTES = 256 * 2**20
VERSION = 1
_KEYS = ("version", "variables", "clauses", "maximise")
_CLAUSE_KEYS = ("variables", "values")


def read_problem(file: ProblemFile) -> Wcsp:
    r"""Reads a problem: a graph, for MaxCut, or weighted constraint satisfaction as JSON.

    Args:
        file: Its path, or a file that is open for reading.

    Returns:
        The problem.

    Raises:
        ProblemError: The file cannot be read, or is not a problem; the error has the line of a graph.
        SizeLimitError: The file has more than 256 MiB.

    Example:
        >>> import io
        >>> read_problem(io.StringIO("# a path\n0 1\n1 2 0.5\n"))
        Wcsp of 3 variables, 2 clauses of at most 2, to maximise
    """
    if not isinstance(file, (str, PathLike)):
        name = getattr(file, "name", None)
        return _read(file, name if isinstance(name, str) else None)
    try:
        with Path(file).open("rb") as opened:
            return _read(opened, str(file))
    except OSError as error:
        advice = "; check its name" if isinstance(error, FileNotFoundError) else ""
        raise ProblemError(f"the file cannot be read: {error.strerror}{advice}", source=str(file)) from error


def write_problem(problem: Wcsp, path: str | PathLike[str]) -> None:
    """Writes a problem as JSON, as `read_problem` reads it.

    Args:
        problem: Any problem.
        path: The file.

    Raises:
        UsageError: `problem` is not a Wcsp.
        OSError: The file cannot be written.
    """
    check_type(problem, Wcsp, name="problem")
    clauses = [_clause_content(clause) for clause in problem.clauses]
    if problem.offset:
        clauses.append({"variables": [], "values": problem.offset})
    content = {
        "version": VERSION,
        "variables": problem.num_variables,
        "clauses": clauses,
        "maximise": problem.maximise,
    }
    write_file(path, json.dumps(content) + "\n")


def _clause_content(clause: Clause) -> dict[str, Any]:
    return {"variables": list(clause.variables), "values": clause.values.tolist()}


def _read(file: IO[Any], source: str | None) -> Wcsp:
    content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise SizeLimitError(f"{source or 'the file'} is too large; at most {human_bytes(MAX_FILE_BYTES)} are allowed")
    if isinstance(content, bytes):
        content = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
    if content.lstrip().startswith("{"):
        try:
            return _read_json(content)
        except ProblemError as error:
            raise ProblemError(error.reason, source=source) from None
    edges = tuple(_edges(content, source))
    if not edges:
        raise ProblemError("the file holds no problem; give lines 'u v [weight]', or JSON", source=source)
    return maxcut(edges)


def _edges(content: str, source: str | None) -> Iterator[Edge]:
    """Yields the edges of lines `u v [weight]`."""
    collector = EdgeCollector()
    for number, line in enumerate(content.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            if len(words) not in (2, 3):
                raise ProblemError(f"a line must be 'u v' or 'u v weight', got {len(words)} words")
            vertices = [_read_vertex(word) for word in words[:2]]
            collector.add((*vertices, _read_number(words[2]) if len(words) == 3 else 1.0))
        except ProblemError as error:
            raise ProblemError(error.reason, line=number, source=source) from None
    yield from collector.edges()


def _read_vertex(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 20):
        raise ProblemError(f"a vertex must be a whole number from 0, got {word!r:.40}")
    return int(word)


def _read_number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ProblemError(f"the weight of an edge must be a number, got {word!r:.40}") from None


def _read_json(text: str) -> Wcsp:
    # Stage 1: the object and its keys.
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProblemError(f"the file is not JSON ({error}); correct it, or give lines 'u v [weight]'") from None
    _check_keys(content, _KEYS, "the file", optional=("maximise",))
    if content["version"] != VERSION or isinstance(content["version"], bool):
        raise ProblemError(f"the version of the file must be {VERSION}, got {content['version']!r:.40}")
    number = read_integer(content["variables"], name="variables", error=ProblemError)
    maximise = content.get("maximise", True)
    if not isinstance(maximise, bool):
        raise ProblemError(f"maximise must be true or false, got {maximise!r:.40}")
    if not isinstance(content["clauses"], list):
        raise ProblemError("clauses must be a list of objects with the keys variables and values")
    # Stage 2: the clauses.
    clauses = []
    for place, given in enumerate(content["clauses"]):
        called = f"clauses[{place}]"
        _check_keys(given, _CLAUSE_KEYS, called)
        if not isinstance(given["variables"], list):
            raise ProblemError(f"the variables of {called} must be a list of numbers, got {given['variables']!r:.40}")
        clause = read_clause(given["variables"], given["values"], called=f"{called}, of {given['variables']!s:.80},")
        clauses.append((clause.variables, clause.values))
    return Wcsp(clauses, num_variables=number, maximise=maximise)


def _check_keys(given: Any, keys: tuple[str, ...], what: str, optional: tuple[str, ...] = ()) -> None:
    if not isinstance(given, dict):
        raise ProblemError(f"{what} must be an object with the keys {', '.join(keys)}, got {given!r:.40}")
    for key in keys:
        if key not in given and key not in optional:
            raise ProblemError(f"{what} must have the key '{key}'; its keys are {', '.join(keys)}")
    for key in given:
        if key not in keys:
            raise ProblemError(f"{what} has the unknown key {key!r:.40}; its keys are {', '.join(keys)}")
