"""Measured rates, and what becomes of a damaged cache."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
from tests.plan.test_cost import PATH, TRIANGLE

from taizhang.plan import machine as machine_module
from taizhang.plan.cost import step_costs
from taizhang.plan.machine import Machine, assumed_machine, cache_file, measured_again, measured_machine
from taizhang.plan.objective import predicted_seconds, step_seconds


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_module, "_cache_folder", lambda: tmp_path / "taizhang")
    monkeypatch.setattr(machine_module, "measure", lambda threads: with_step_time(threads, 5e-6))
    return tmp_path


def with_step_time(threads: int, seconds: float) -> Machine:
    base = assumed_machine(threads)
    return Machine(rates=base.rates, bandwidths=base.bandwidths, step_seconds=seconds, threads=threads, measured=True)


def test_rates_are_measured_once_and_kept(cache, monkeypatch) -> None:
    first = measured_machine(2)
    monkeypatch.setattr(machine_module, "measure", lambda threads: with_step_time(threads, 9e-6))
    assert measured_machine(2) == first
    assert measured_machine(1).step_seconds == 9e-6


@pytest.mark.parametrize("damage", ["", "{}", '{"rates": 3}', "[" * 100_000, '{"rates": [[-1]], "bandwidths": []}'])
def test_a_damaged_cache_is_measured_anew(cache, damage) -> None:
    measured_machine(1)
    cache_file(1).write_text(damage)
    assert measured_machine(1).step_seconds == 5e-6


def test_measuring_again_keeps_the_better_of_both(cache, monkeypatch) -> None:
    measured_machine(1)
    monkeypatch.setattr(machine_module, "measure", lambda threads: with_step_time(threads, 2e-6))
    assert measured_again(1).step_seconds == 2e-6
    monkeypatch.setattr(machine_module, "measure", lambda threads: with_step_time(threads, 9e-6))
    assert measured_again(1).step_seconds == 2e-6
    assert measured_machine(1).step_seconds == 2e-6


def test_a_cache_that_cannot_be_written_does_no_harm(cache) -> None:
    (cache / "taizhang").write_text("a file where the folder should be")
    assert measured_machine(1).measured


def test_rates_between_the_measured_shapes_lie_between_them() -> None:
    machine = assumed_machine()
    assert machine.contraction_rate(1, 1) < machine.contraction_rate(3, 3) < machine.contraction_rate(1000, 1000)
    assert machine.contraction_rate(64, 64, "complex128") == pytest.approx(machine.contraction_rate(64, 64) / 2)
    assert machine.bandwidth(1) >= machine.bandwidth(1 << 24) >= machine.bandwidth(1 << 40)


def test_predicted_time_adds_up_steps_as_often_as_they_run() -> None:
    steps = step_costs(TRIANGLE, PATH, (1,))
    machine = assumed_machine()
    assert predicted_seconds(steps, machine) == pytest.approx(sum(4 * step_seconds(step, machine) for step in steps))


@pytest.mark.parametrize("given", [None, "", "/somewhere/else", "relative/path"])
def test_the_cache_is_where_platformdirs_says(monkeypatch, given):
    if given is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert cache_file(3).parent == Path(platformdirs.user_cache_dir("taizhang"))
