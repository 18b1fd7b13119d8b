"""Writes the pages of the reference that come from tables: public names, commands, gates, channels."""

from __future__ import annotations

import inspect
from pathlib import Path

import taizhang as tz
from taizhang.circuit import channels
from taizhang.circuit.gate_table import RECORDS
from taizhang.cli.main import taizhang_command

# Pages of the Python reference, and the public modules whose names are on each, by the beginnings of their names. The
# first page that fits has a name.
PAGES: dict[str, tuple[str, ...]] = {
    "Errors and warnings": ("taizhang.errors",),
    "Other programs": ("taizhang.adapters",),
    "Circuits, gates, observables, noise": ("taizhang.circuit",),
    "Amplitudes and contraction": (
        "taizhang.api.amplitudes",
        "taizhang.api.contractions",
        "taizhang.api.gradients",
        "taizhang.api.unitaries",
    ),
    "Samples and cross entropy": ("taizhang.api.samples", "taizhang.sampling", "taizhang.tasks.xeb"),
    "Expectation values and QAOA": (
        "taizhang.api.energies",
        "taizhang.api.qaoa",
        "taizhang.problems.constructors",
        "taizhang.problems.problem_file",
        "taizhang.problems.qaoa",
        "taizhang.problems.wcsp",
    ),
    "Noise: probabilities, density matrices, trajectories": ("taizhang.api.density", "taizhang.tasks.trajectories"),
    "Error correction": (
        "taizhang.api.decoding",
        "taizhang.api.logical",
        "taizhang.problems.detector_model",
        "taizhang.problems.stabilizer_code",
    ),
    "Networks and plans": ("taizhang.network", "taizhang.plan", "taizhang.execute"),
    "Runs, machine, pictures": (
        "taizhang.api.runs",
        "taizhang.runs",
        "taizhang.api.doctor",
        "taizhang.plots",
        "taizhang.progress",
    ),
}


def write_pages(folder: Path) -> None:
    """Writes all pages into a folder, replacing what is there."""
    folder.mkdir(exist_ok=True)
    names = _python_pages(folder)
    (folder / "commands.rst").write_text(_commands(), encoding="utf-8")
    (folder / "gates.md").write_text(_gates(), encoding="utf-8")
    listed = "\n".join([*names, "commands", "gates"])
    text = f"# Reference\n\n```{{toctree}}\n:maxdepth: 2\n\n{listed}\n```\n"
    (folder / "index.md").write_text(text, encoding="utf-8")


def _python_pages(folder: Path) -> list[str]:
    """Writes a page for each part of the public names; returns their names."""
    placed: dict[str, list[str]] = {title: [] for title in PAGES}
    for module, public in tz._EXPORTS.items():
        title = next((title for title, starts in PAGES.items() if module.startswith(starts)), None)
        if title is None and module != "taizhang._native":
            raise SystemExit(f"docs/reference_pages.py: no page takes the names of {module}; add it to PAGES")
        if title is not None:
            placed[title] += public
    written = []
    for title, public in placed.items():
        name = title.split(":")[0].lower().replace(",", "").replace(" ", "-")
        parts = [title, "=" * len(title), ""]
        parts += [_directive(f"taizhang.{each}", getattr(tz, each)) for each in sorted(public, key=str.lower)]
        if "channels" in public:
            own = [
                each
                for each in vars(channels).values()
                if inspect.isfunction(each) and each.__module__ == channels.__name__
            ]
            own = [each for each in own if not each.__name__.startswith("_")]
            parts += [_directive(f"taizhang.channels.{each.__name__}", each) for each in own]
        (folder / f"{name}.rst").write_text("\n".join(parts), encoding="utf-8")
        written.append(name)
    return written


def _directive(name: str, value: object) -> str:
    if inspect.isclass(value):
        members = "" if issubclass(value, Exception) else "   :members:\n   :inherited-members: object, tuple\n"
        return f".. autoclass:: {name}\n{members}"
    if inspect.ismodule(value):
        return f"``{name}``: a module of functions, below.\n"
    if callable(value):
        return f".. autofunction:: {name}\n"
    return f".. autodata:: {name}\n   :no-value:\n"


def _commands() -> str:
    names = taizhang_command.list_commands(None)  # type: ignore[arg-type]
    title = (
        f"Commands\n========\n\n``taizhang`` has {len(names)} commands; ``taizhang COMMAND --help`` says the same.\n\n"
    )
    return title + ".. click:: taizhang.cli.main:taizhang_command\n   :prog: taizhang\n   :nested: full\n"


def _gates() -> str:
    """The table of gates."""
    rows = [
        "| gate | targets | angles | diagonal | OpenQASM 2 | OpenQASM 3 | qsim |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for record in RECORDS.values():
        columns = [
            ", ".join(f"`{name}`" for name in names if name) for names in (record.qasm2, record.qasm3, record.qsim)
        ]
        diagonal = "yes" if record.diagonal else ""
        rows.append(
            f"| `{record.name}` | {record.num_targets} | {record.num_parameters} | {diagonal} | {' | '.join(columns)} |"
        )
    about = (
        "# Gates\n\nEvery gate takes controls: in OpenQASM 3 by `ctrl @`, and by the names that the columns list for\n"
        "one, two or more controls. Angles are in radians. `tz.gate(name, *angles)` makes one, and\n"
        "`tz.unitary_gate(matrix)` one of any matrix.\n\n"
    )
    return about + "\n".join(rows) + "\n"
