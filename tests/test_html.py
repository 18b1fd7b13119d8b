"""Values in interactive sessions and notebooks: short reprs, and HTML in which all text is escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import taizhang as tz
from taizhang._html import card

EVIL = "<script>alert('&\"')</script>"


@pytest.fixture(scope="module")
def network():
    random = np.random.default_rng(1)
    names = [(f"{EVIL}{k}", f"{EVIL}{k + 1}") for k in range(6)]
    return tz.TensorNetwork([(random.normal(size=(2, 2)), pair) for pair in names], (f"{EVIL}0", f"{EVIL}6"))


@pytest.fixture(scope="module")
def circuit():
    return tz.grid_circuit(3, 3, 8, seed=1)


@pytest.fixture(scope="module")
def plan(circuit):
    return tz.plan(circuit, trials=2, threads=1)


@pytest.fixture(scope="module")
def status(circuit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / EVIL.replace("/", "|")
    tz.run(circuit, ["0" * 9], directory=folder, trials=1, threads=1)
    return tz.status(folder)


@pytest.fixture(scope="module")
def values(circuit, plan, network, status):
    return {
        "Plan": plan,
        "ContractionTree": plan.tree,
        "NetworkShape": plan.shape,
        "TensorNetwork": network,
        "SampleRun": tz.sample_run(circuit, 10, seed=1),
        "Profile": tz.profile(circuit, "0" * 9, plan=plan, threads=1),
        "Xeb": tz.xeb(circuit, ["0" * 9, "1" * 9], trials=1),
        "RunStatus": status,
        "CircuitReport": tz.inspect(circuit),
    }


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("Plan", r"<Plan: 10\^\d\.\d\d multiply-adds, [\d.]+ [KMG]?i?B, .* predicted>"),
        ("ContractionTree", r"<ContractionTree: \d+ tensors>"),
        ("NetworkShape", r"<NetworkShape: \d+ tensors, \d+ (index|indices), 0 of them in the output>"),
        ("TensorNetwork", r"<TensorNetwork: 6 tensors, 7 indices>"),
        ("SampleRun", r"<SampleRun: 10 shots, method [a-z-]+>"),
        ("Profile", r"<Profile: \d+ steps?, \S+ s, \S+ GFLOP/s, \d+% of the roofline>"),
        ("Xeb", r"<Xeb: linear -?[\d.]+ ± [\d.]+, 2 samples>"),
        ("RunStatus", r"<RunStatus: complete, (\d+) of \1 pieces>"),
        ("CircuitReport", r"<CircuitReport: 9 qubits, \d+ gates, depth \d+>"),
    ],
)
def test_reprs_are_short(values, kind, pattern):
    assert re.fullmatch(pattern, repr(values[kind])), repr(values[kind])
    assert type(values[kind]).__name__ == kind


def test_reprs_of_files():
    assert repr(tz.CountedBitstrings.of(["01", "01"], 2)) == "<CountedBitstrings: 2 samples, 1 different>"
    assert repr(tz.Order(tensor_names=(1, 2), ssa_path=((0, 1),))) == "<Order: 2 tensors, 0 sliced edges>"


@pytest.mark.parametrize("kind", ["Plan", "Profile", "Xeb", "RunStatus", "CircuitReport"])
def test_notebooks_show_what_print_shows(values, kind):
    root = ElementTree.fromstring(values[kind]._repr_html_())
    shown = "".join(root.itertext())
    for line in str(values[kind]).splitlines():
        assert line in shown
    assert EVIL.replace("/", "|") in shown or kind != "RunStatus"


def test_a_plan_comes_with_its_picture(plan, network):
    assert len(list(ElementTree.fromstring(plan._repr_html_()).iter("{http://www.w3.org/2000/svg}svg"))) == 1
    # Names of indices, which may hold anything, appear in the picture where they are sliced.
    named = tz.Plan.from_ssa_path(network, [(0, 1), (6, 2), (7, 3), (8, 4), (9, 5)], sliced_indices=[f"{EVIL}2"])
    assert "<script" not in named._repr_html_()
    ElementTree.fromstring(named._repr_html_())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_smallest_plans_are_shown(count):
    network = tz.TensorNetwork([(np.ones(2), ("a",))] * count)
    plan = tz.plan(network, trials=1)
    ElementTree.fromstring(plan._repr_html_())
    assert repr(plan).startswith("<Plan: ")


def test_text_cannot_become_markup():
    html = card(f"{EVIL}\n{EVIL}")
    assert "<script" not in html
    assert "".join(ElementTree.fromstring(html).itertext()) == EVIL * 2
