"""Plans that fit the memory, and the checks before a run starts."""

from __future__ import annotations

import warnings

import pytest
from tests.plan.test_search import lattice

from taizhang.errors import MachineWarning, MemoryLimitError
from taizhang.execute import prepare as prepare_module
from taizhang.execute.contraction import peak_bytes_of_run
from taizhang.execute.prepare import CompiledPlan, begin, planning_rates, prepare_plan
from taizhang.observer import Silent
from taizhang.plan import rates as rates_module
from taizhang.plan.rates import assumed_rates, measured_rates
from taizhang.plan.search import search
from taizhang.settings import MEMORY_FOR_TRIALS, Settings


@pytest.fixture
def ready() -> CompiledPlan:
    return prepare_plan(lattice(8), Settings.checked(trials=1, threads=1))


def needing(ready: CompiledPlan, gibibytes: int) -> CompiledPlan:
    return CompiledPlan(plan=ready.plan, program=ready.program, predicted_bytes=gibibytes * 2**30)


def test_a_run_that_needs_more_than_is_available_is_not_started(ready, monkeypatch) -> None:
    monkeypatch.setattr(prepare_module, "available_memory", lambda: 2 * 2**30)
    monkeypatch.setattr(prepare_module._native, "kept_bytes", lambda: 0)
    with pytest.raises(MemoryLimitError, match=r"only 2\.0 GiB of memory are available now"):
        begin(needing(ready, 4), 1.0, Settings.checked(), Silent())


def test_a_run_that_takes_more_than_half_of_what_is_available_is_named(ready, monkeypatch) -> None:
    monkeypatch.setattr(prepare_module, "available_memory", lambda: 6 * 2**30)
    monkeypatch.setattr(prepare_module, "needed_bytes", lambda: 2**28)
    monkeypatch.setattr(prepare_module._native, "kept_bytes", lambda: 0)
    with pytest.warns(MachineWarning, match=r"of the 6\.0 GiB of memory that are available"):
        begin(needing(ready, 4), 1.0, Settings.checked(), Silent())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        begin(needing(ready, 2), 1.0, Settings.checked(), Silent())


def test_workspaces_of_kernels_fit_the_memory(monkeypatch) -> None:
    shape = lattice(20)
    settings = Settings.checked(trials=2, threads=1, memory="4GiB")
    free = search(shape, trials=2).cost.peak_bytes
    monkeypatch.setattr(Settings, "planning_bytes", lambda self: free)
    monkeypatch.setattr(Settings, "free_bytes", lambda self: free)
    ready = prepare_plan(shape, settings)
    assert ready.program is not None
    assert ready.plan.cost.peak_bytes < peak_bytes_of_run(ready.program, threads=1) <= free


def test_after_a_search_no_more_is_used_than_is_still_free(monkeypatch) -> None:
    shape = lattice(20)
    needed = prepare_plan(shape, Settings.checked(trials=2, threads=1)).plan.cost.peak_bytes
    monkeypatch.setattr(prepare_module, "available_memory", lambda: needed // 4)
    monkeypatch.setattr(prepare_module._native, "kept_bytes", lambda: 0)
    assert prepare_plan(shape, Settings.checked(trials=2, threads=1)).plan.cost.peak_bytes < needed // 4


def test_trials_plan_with_the_same_rates_and_memory_everywhere(monkeypatch) -> None:
    assert planning_rates(Settings.checked(trials=1, threads=7)) == assumed_rates()
    assert planning_rates(Settings.checked(threads=1)) == measured_rates(1)
    monkeypatch.setattr("taizhang.settings.default_memory", lambda: 2**36)
    assert Settings.checked(trials=1).memory_bytes == MEMORY_FOR_TRIALS
    assert Settings.checked().memory_bytes == 2**36
    given = Settings.checked(trials=1, memory="1GiB")
    monkeypatch.setattr("taizhang.settings.needed_bytes", lambda: 500 * 2**20)
    assert given.planning_bytes() == Settings.checked(trials=1, memory="1GiB").planning_bytes() < 2**30


def test_observers_are_notified_of_a_measurement(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(rates_module, "measure", assumed_rates)
    stages: list[str] = []

    class Noting(Silent):
        def stage(self, name: str) -> None:
            stages.append(name)

    for _ in range(2):
        prepare_plan(lattice(4), Settings.checked(threads=1, memory="6GiB", plan_time="0.01s"), Noting())
    assert stages == ["rates", "plan", "rates", "plan"]  # rates that are only assumed are not kept
