"""Measured rates, and damaged or unwritable caches."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest
from tests.plan.test_cost import PATH, TRIANGLE

from taizhang._resources import usable_cores
from taizhang.errors import MachineWarning
from taizhang.plan import rates as rates_module
from taizhang.plan.cost import step_costs
from taizhang.plan.objective import predicted_seconds, step_seconds
from taizhang.plan.rates import (
    DISTURBED_SECONDS,
    MEASURING_BYTES,
    MachineRates,
    assumed_rates,
    cache_file,
    measure,
    measure_rates_again,
    measured_rates,
)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(rates_module, "_cache_folder", lambda: tmp_path / "taizhang")
    monkeypatch.setattr(rates_module, "measure", lambda threads: with_step_time(threads, 5e-6))
    return tmp_path


def with_step_time(threads: int, seconds: float) -> MachineRates:
    base = assumed_rates(threads)
    return MachineRates(
        rates=base.rates, bandwidths=base.bandwidths, step_seconds=seconds, threads=threads, measured=True
    )


def test_rates_are_measured_once_and_kept(cache, monkeypatch) -> None:
    first = measured_rates(2)
    monkeypatch.setattr(rates_module, "measure", lambda threads: with_step_time(threads, 9e-6))
    assert measured_rates(2) == first
    assert measured_rates(1).step_seconds == 9e-6


@pytest.mark.parametrize("damage", ["", "{}", '{"rates": 3}', "[" * 100_000, '{"rates": [[-1]], "bandwidths": []}'])
def test_a_damaged_cache_is_measured_again(cache, damage) -> None:
    measured_rates(1)
    cache_file(1).write_text(damage)
    assert measured_rates(1).step_seconds == 5e-6


def test_measuring_again_keeps_the_better_of_both(cache, monkeypatch) -> None:
    measured_rates(1)
    monkeypatch.setattr(rates_module, "measure", lambda threads: with_step_time(threads, 2e-6))
    assert measure_rates_again(1).step_seconds == 2e-6
    monkeypatch.setattr(rates_module, "measure", lambda threads: with_step_time(threads, 9e-6))
    assert measure_rates_again(1).step_seconds == 2e-6
    assert measured_rates(1).step_seconds == 2e-6


def test_a_cache_that_cannot_be_written_does_no_harm(cache, monkeypatch) -> None:
    (cache / "taizhang").write_text("a file where the folder should be")
    first = measured_rates(1)
    assert first.measured
    monkeypatch.setattr(rates_module, "measure", lambda threads: with_step_time(threads, 9e-6))
    assert measured_rates(1) == first


def test_too_little_memory_to_measure_means_assumed_rates_that_are_not_kept(cache) -> None:
    announced: list[str] = []
    machine = measured_rates(1, memory_bytes=MEASURING_BYTES - 1, announce=lambda: announced.append("measuring"))
    assert machine == assumed_rates(1)
    assert not announced
    assert not cache_file(1).exists()
    assert measured_rates(1, memory_bytes=MEASURING_BYTES, announce=lambda: announced.append("measuring")).measured
    assert announced == ["measuring"]
    assert measured_rates(1, memory_bytes=1).measured  # what is kept takes no memory


def test_threads_beyond_the_cores_share_one_measurement(cache) -> None:
    assert cache_file(96) == cache_file(1000) == cache_file(usable_cores())
    measured_rates(1000)
    assert [path.name for path in (cache / "taizhang").iterdir()] == [cache_file(96).name]
    assert measured_rates(96).threads == 96


def test_what_was_measured_on_a_busy_machine_is_named_and_measured_again_later(cache, monkeypatch) -> None:
    now = time.time()
    busy = replace(with_step_time(1, 8e-6), disturbed_at=now)
    monkeypatch.setattr(rates_module, "measure", lambda threads: busy)
    with pytest.warns(MachineWarning, match="taizhang doctor --again"):
        assert measured_rates(1) == busy
    monkeypatch.setattr(rates_module, "measure", lambda threads: with_step_time(threads, 2e-6))
    assert measured_rates(1) == busy
    monkeypatch.setattr(rates_module.time, "time", lambda: now + DISTURBED_SECONDS)
    assert measured_rates(1, memory_bytes=1) == busy
    better = measured_rates(1)
    assert better.disturbed_at is None
    assert better.step_seconds == 2e-6
    assert measured_rates(1) == better


def test_cores_that_others_use_are_noticed(monkeypatch) -> None:
    monkeypatch.setattr(rates_module, "_MEASURING_SECONDS", 0.0)
    monkeypatch.setattr(rates_module, "_share_of_cores", lambda threads: 0.5)
    assert measure(1).disturbed_at is not None
    monkeypatch.setattr(rates_module, "_share_of_cores", lambda threads: 0.95)
    assert measure(1).disturbed_at is None


def test_rates_of_many_threads_follow_from_those_of_a_few(monkeypatch) -> None:
    counts: list[int] = []

    def once(threads: int) -> MachineRates:
        counts.append(threads)
        return with_step_time(threads, 1e-6)

    monkeypatch.setattr(rates_module, "_measure_once", once)
    monkeypatch.setattr(rates_module, "_share_of_cores", lambda threads: 1.0)
    monkeypatch.setattr(rates_module, "usable_cores", lambda: 64)
    eight, many = measure(8), measure(1000)
    assert set(counts) == {8}
    assert many.contraction_rate(64, 64) == pytest.approx(8 * eight.contraction_rate(64, 64))
    assert many.bandwidths == eight.bandwidths


def test_of_fresh_memory_the_slowest_is_kept(cache, monkeypatch) -> None:
    for seconds, kept in ((1e-9, 1e-9), (3e-9, 3e-9), (2e-9, 3e-9)):
        machine = replace(with_step_time(1, 1e-6), fresh_seconds_per_byte=seconds)
        monkeypatch.setattr(rates_module, "measure", lambda threads, machine=machine: machine)
        assert measure_rates_again(1).fresh_seconds_per_byte == kept


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is in kilobytes on Linux only")
@pytest.mark.parametrize("threads", ["1", "1000"])
def test_measuring_holds_no_more_than_it_says(threads) -> None:
    program = (
        "import sys; from taizhang.plan import rates as m; from taizhang._resources import peak_resident_bytes as p;"
        "before = p(); m.measure(int(sys.argv[1])); print(p() - before)"
    )
    ran = subprocess.run([sys.executable, "-c", program, threads], capture_output=True, text=True, check=True)
    assert int(ran.stdout) <= MEASURING_BYTES


def test_rates_between_the_measured_shapes_lie_between_them() -> None:
    machine = assumed_rates()
    assert machine.contraction_rate(1, 1) < machine.contraction_rate(3, 3) < machine.contraction_rate(1000, 1000)
    assert machine.contraction_rate(64, 64, "complex128") == pytest.approx(machine.contraction_rate(64, 64) / 2)
    assert machine.bandwidth(1) >= machine.bandwidth(1 << 24) >= machine.bandwidth(1 << 40)


def test_predicted_time_adds_up_steps_as_often_as_they_run() -> None:
    steps = step_costs(TRIANGLE, PATH, (1,))
    machine = assumed_rates()
    assert predicted_seconds(steps, machine) == pytest.approx(sum(4 * step_seconds(step, machine) for step in steps))


@pytest.mark.parametrize("given", [None, "", "/somewhere/else", "relative/path"])
def test_the_cache_is_where_platformdirs_says(monkeypatch, given):
    if given is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert cache_file(3).parent == Path(platformdirs.user_cache_dir("taizhang"))
