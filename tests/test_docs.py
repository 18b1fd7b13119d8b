import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from taizhang.cli import main
from taizhang.cli.main import taizhang_command

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shell_lines(page: Path) -> list[str]:
    """The lines of the shell blocks of a page that are commands of `taizhang`, without comments."""
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [shlex.join(shlex.split(line, comments=True)) for line in lines if line.startswith("taizhang ")]


def commands_named(page: Path) -> list[tuple[str, list[str]]]:
    """The commands of `taizhang` in shell blocks and in the text of a page, each with its options."""
    inline = re.findall(r"`(taizhang [^`]+)`", page.read_text(encoding="utf-8").replace("\n", " "))
    words = [line.split()[1:] for line in [*shell_lines(page), *inline]]
    return [
        (line[0], [word for word in line[1:] if re.match(r"--?[a-z]", word)]) for line in words if line[0].islower()
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_on_the_page_runs(page, tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert blocks, f"{page.name} has no code that could run"
    # In a process of its own, as a reader runs it: pages give memory limits, which hold for a whole process.
    (tmp_path / "page.py").write_text("\n".join(blocks), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_commands_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = shell_lines(ROOT / "README.md")
    assert len(lines) > 8
    for line in lines:
        with pytest.raises(SystemExit) as ending:
            main(shlex.split(line)[1:])
        assert ending.value.code == 0, line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_page_have_these_options(page):
    context = click.Context(taizhang_command)
    for name, options in commands_named(page):
        command = taizhang_command.get_command(context, name)
        assert command is not None, f"{page.name} names the command {name}, which does not exist"
        parts = command.commands.values() if isinstance(command, click.Group) else [command]
        known = {option for part in parts for parameter in part.get_params(context) for option in parameter.opts}
        assert set(options) <= known, f"{page.name} gives {name} the options {options}"


def test_places_named_for_contributors_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = re.findall(r"`((?:src|tests|native|benchmarks|docs)/[\w./]*)`", text)
    assert len(places) > 20
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_folder_of_the_source_is_explained_to_contributors():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    folders = [path.parent.name for path in (ROOT / "src" / "taizhang").glob("*/__init__.py")]
    assert [name for name in folders if f"`src/taizhang/{name}/`" not in text] == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which does not exist"
