"""The stub `_native.pyi` agrees with the compiled module."""

import ast
import inspect
from pathlib import Path

from taizhang import _native

STUB = Path(__file__).parents[1] / "src" / "taizhang" / "_native.pyi"


def described() -> dict[str, ast.FunctionDef | ast.ClassDef]:
    body = ast.parse(STUB.read_text(encoding="utf-8")).body
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def parameters(function: ast.FunctionDef) -> list[str]:
    a = function.args
    return [p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs) if p.arg not in ("self", "cls")]


def compiled_parameters(function: object) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def constants() -> set[str]:
    body = ast.parse(STUB.read_text(encoding="utf-8")).body
    names = {n.target.id for n in body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_the_stub_names_what_the_module_has():
    assert set(described()) | constants() == {name for name in dir(_native) if not name.startswith("_")}


def test_the_stub_has_the_parameters_that_the_functions_have():
    for name, node in described().items():
        if isinstance(node, ast.FunctionDef):
            assert parameters(node) == compiled_parameters(getattr(_native, name)), name
            continue
        assert inspect.isclass(getattr(_native, name)), name
        for method in (m for m in node.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_")):
            member = inspect.getattr_static(getattr(_native, name), method.name)
            if callable(member):
                assert parameters(method) == compiled_parameters(member), f"{name}.{method.name}"
        public = {m for m in vars(getattr(_native, name)) if not m.startswith("_")}
        assert public == {
            m.name for m in node.body if isinstance(m, ast.FunctionDef) and not m.name.startswith("_")
        } | {m.target.id for m in node.body if isinstance(m, ast.AnnAssign) and isinstance(m.target, ast.Name)}, name
