"""`taizhang draw`, and what `taizhang --help` says of each command."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import click
import pytest

from taizhang.circuit.circuit import Circuit
from taizhang.circuit.formats.read import write_circuit
from taizhang.cli.command_table import COMMANDS
from taizhang.cli.main import taizhang_command


@pytest.fixture
def bell(tmp_path):
    path = tmp_path / "bell.qasm"
    write_circuit(Circuit(2).h(0).cx(0, 1), path)
    return path


def test_a_circuit_is_drawn_on_the_terminal(run, bell):
    drawn = run("draw", bell)
    assert (drawn.status, drawn.err) == (0, "")
    assert drawn.out == "0: ─H─●─\n      │\n1: ───X─\n"


def test_a_circuit_is_drawn_into_a_file(run, bell, tmp_path):
    svg, text = tmp_path / "bell.svg", tmp_path / "bell.txt"
    done = run("draw", bell, "-o", svg)
    assert (done.status, done.out) == (0, "")
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert run("draw", bell, "-o", text).status == 0
    assert text.read_text(encoding="utf-8").startswith("0: ─H─●─")


def test_a_drawing_as_json(run, bell, tmp_path):
    report = run("draw", bell, "--json").json
    assert report["drawing"].startswith("0: ─H─●─")
    assert (report["num_qubits"], report["num_gates"], report["depth"]) == (2, 2, 2)
    written = run("draw", bell, "-o", tmp_path / "bell.svg", "--json").json
    assert written["output"] == str(tmp_path / "bell.svg")


def test_wrong_files_are_reported_before_anything_is_read(run, tmp_path):
    for name, message in (("c.png", "must end in .svg or .txt"), ("none/c.svg", "folder")):
        done = run("draw", tmp_path / "missing.qasm", "-o", tmp_path / name)
        assert done.status == 2
        assert message in done.err
    assert run("draw", tmp_path / "missing.qasm").status == 2


def test_the_list_of_commands_says_what_the_commands_say():
    context = click.Context(taizhang_command)
    for name in COMMANDS:
        command = taizhang_command.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(limit=500) == COMMANDS[name].summary, name
