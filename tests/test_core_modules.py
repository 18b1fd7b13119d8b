"""Files of the compiled core do not depend on each other in circles."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "native" / "core" / "src"
MOST_IN_A_CYCLE = 3
"""Files that may need each other: a type and the two files that share its work."""

PATH = re.compile(r"\b(crate|super)((?:::\w+)*)::(?:\{([^}]*)\}|(\w+))")

Module = tuple[str, ...]


def module_of(file: Path, source: Path) -> Module:
    parts = file.relative_to(source).with_suffix("").parts
    return parts[:-1] if parts[-1] in ("mod", "lib") else parts


def paths_in(text: str, module: Module, parent: Module) -> set[Module]:
    """Paths that start at `crate` or `super`, with groups in braces taken apart, and what a `mod.rs` uses below it."""
    paths = set()
    for start, middle, group, last in PATH.findall(text):
        base = () if start == "crate" else parent
        names = [name for name in middle.split("::") if name]
        while names and names[0] == "super":
            base, names = base[:-1], names[1:]
        for item in (group or last).split(","):
            rest = [name.strip() for name in item.split(" as ")[0].split("::") if name.strip()]
            paths.add((*base, *names, *rest))
    if module == parent:
        paths |= {(*module, name) for name in re.findall(r"\buse (\w+)::", text)}
    return paths


def dependencies(source: Path) -> dict[Module, set[Module]]:
    """For each file those that it names outside of comments and tests."""
    files = {module_of(file, source): file for file in source.rglob("*.rs")}
    found: dict[Module, set[Module]] = {}
    for module, file in files.items():
        text = re.sub(r"//[^\n]*", "", file.read_text(encoding="utf-8").split("#[cfg(test)]\nmod tests")[0])
        parent = module if file.name in ("mod.rs", "lib.rs") else module[:-1]
        found[module] = set()
        for path in paths_in(text, module, parent):
            named = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in files)
            found[module] |= {named} - {module, ()}
    return found


def reachable(graph: dict[Module, set[Module]], start: Module) -> set[Module]:
    seen: set[Module] = set()
    waiting = set(graph[start])
    while waiting:
        seen |= waiting
        waiting = set().union(*(graph[module] for module in waiting)) - seen
    return seen


def cycles(graph: dict[Module, set[Module]]) -> set[frozenset[Module]]:
    """Groups of files of which each needs, in the end, all others of the group."""
    reach = {module: reachable(graph, module) for module in graph}
    groups = {frozenset(other for other in reach[module] if module in reach[other]) for module in graph}
    return {group for group in groups if len(group) > 1}


def test_no_more_than_a_few_files_of_the_core_need_each_other():
    graph = dependencies(SOURCE)
    assert len(graph) > 50
    assert ("kernels", "step") in graph["run", "engine"]
    # The parsers of OpenQASM call each other as the grammar does.
    others = [group for group in cycles(graph) if not any(module[0] == "openqasm" for module in group)]
    assert all(len(group) <= MOST_IN_A_CYCLE for group in others), others


@pytest.mark.parametrize(
    ("first", "last"), [("number", "simd"), ("simd", "kernels"), ("kernels", "run"), ("run", "plan")]
)
def test_folders_of_the_core_build_on_each_other(first: str, last: str):
    graph = dependencies(SOURCE)
    below = [module for module in graph if module and module[0] == first]
    assert not [(module, other) for module in below for other in reachable(graph, module) if other[0] == last]


def test_a_circle_is_found(tmp_path: Path):
    for name, text in {
        "lib": "mod a;\nmod b;\nmod c;\n",
        "a": "use crate::b::{B, other as also};\n",
        "b": "use super::c::C;\n// use crate::lib\n",
        "c": "fn c() { crate::a::f() }\n#[cfg(test)]\nmod tests { use crate::b; }\n",
    }.items():
        (tmp_path / f"{name}.rs").write_text(text, encoding="utf-8")
    assert cycles(dependencies(tmp_path)) == {frozenset({("a",), ("b",), ("c",)})}
