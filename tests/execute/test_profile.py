import numpy as np
import pytest

import taizhang as tz
from taizhang.execute.contraction import Contraction, StepRecord
from taizhang.execute.profile import Profile, Roofline, Work
from taizhang.plan.rates import NARROW_CLASSES, SUMMED_CLASSES, MachineRates, measured_rates

# 80 GFLOP/s and 10 GB/s: balanced at 8 operations a byte.
MACHINE = MachineRates(
    rates=((1e10,) * len(SUMMED_CLASSES),) * len(NARROW_CLASSES),
    bandwidths=((2.0**18, 5e10), (2.0**28, 1e10)),
    step_seconds=1e-6,
    threads=1,
    measured=True,
)
ROOFLINE = Roofline.of_machine(MACHINE, "complex64")


def record(step, *, multiply_adds, traffic_bytes, seconds, runs=1, block=-1, shape=(10.0, 2.0, 2.0, 0.0)):
    return StepRecord(
        step=step,
        shape=shape,
        level=0,
        block=block,
        runs=runs,
        multiply_adds=multiply_adds,
        traffic_bytes=traffic_bytes,
        seconds=seconds,
    )


def run_of(*records, seconds=1.0, workers=1, dtype="complex64"):
    return Contraction(
        mantissa=np.zeros((), dtype=np.complex128),
        exponent=0,
        dtype=dtype,
        slices_done=1,
        multiply_adds=sum(record.multiply_adds for record in records),
        seconds=seconds,
        peak_bytes=0,
        workers=workers,
        profile=records,
    )


ARITHMETIC = record(0, multiply_adds=10**9, traffic_bytes=10**8, seconds=0.2, shape=(10.0, 10.0, 10.0, 0.0))
MOVING = record(1, multiply_adds=10**8, traffic_bytes=10**9, seconds=0.2)
BLOCKED = record(2, multiply_adds=10**8, traffic_bytes=10**9, seconds=0.05, block=0)
SMALL = record(3, multiply_adds=10**4, traffic_bytes=10**4, seconds=1e-4, runs=10)


def test_steps_are_classified_by_what_bounds_them():
    profile = Profile.of_runs([run_of(ARITHMETIC, MOVING, BLOCKED, SMALL)], ROOFLINE)
    assert [step.kind for step in profile.steps] == ["compute-bound", "streaming", "in blocks", "tiny"]


def test_the_roofline_of_a_step_is_the_longer_of_arithmetic_and_memory():
    profile = Profile.of_runs([run_of(ARITHMETIC, MOVING)], ROOFLINE)
    assert [step.work.roofline_seconds for step in profile.steps] == pytest.approx([0.1, 0.1])
    assert profile.total.roofline_fraction == pytest.approx(0.5)
    assert profile.seconds_outside_steps == pytest.approx(0.6)


def test_double_precision_has_half_the_arithmetic():
    assert Roofline.of_machine(MACHINE, "complex64").balance == pytest.approx(8)
    assert Roofline.of_machine(MACHINE, "complex128").balance == pytest.approx(4)


def test_a_measured_roofline_is_at_least_what_was_measured_before():
    before = Roofline.of_machine(measured_rates(1), "complex64")
    now = Roofline.measured(1, "complex64")
    assert now.flops_per_second >= before.flops_per_second
    assert now.bytes_per_second >= before.bytes_per_second


def test_workers_share_the_machine():
    single = Profile.of_runs([run_of(ARITHMETIC)], ROOFLINE)
    two = Profile.of_runs([run_of(ARITHMETIC, workers=2)], ROOFLINE)
    assert two.steps[0].work.roofline_seconds == pytest.approx(2 * single.steps[0].work.roofline_seconds)
    assert two.seconds_outside_steps == pytest.approx(2 * 1.0 - 0.2)


def test_runs_of_one_plan_add_up():
    profile = Profile.of_runs([run_of(ARITHMETIC, MOVING), run_of(ARITHMETIC, MOVING)], ROOFLINE)
    assert profile.steps[0].work.flops == 16 * 10**9
    assert profile.slices == 2
    assert profile.seconds == pytest.approx(2)


def test_groups_hold_every_step_once_and_the_slowest_come_first():
    profile = Profile.of_runs([run_of(ARITHMETIC, MOVING, BLOCKED, SMALL)], ROOFLINE)
    for groups in (profile.by_kind(), profile.by_shape()):
        assert sum(group.steps for group in groups) == 4
        assert Work.sum(group.work for group in groups) == profile.total
        assert [group.work.seconds for group in groups] == sorted((g.work.seconds for g in groups), reverse=True)
    assert {group.name for group in profile.by_shape()} == {"1024 × 1024 × 1024", "1024 × 4 × 4"}
    assert [step.step for step in profile.slowest(2)] == [0, 1]


def test_a_report_shows_kinds_shapes_and_the_slowest_steps():
    text = Profile.of_runs([run_of(ARITHMETIC, MOVING, BLOCKED, SMALL)], ROOFLINE).report(top=2)
    for words in (
        "4 steps, 1 slice",
        "80 GFLOP/s, 10.0 GB/s",
        "compute-bound (1)",
        "1024 × 1024 × 1024 (1)",
        "step 0: 1024 × 1024 × 1024, branch",
    ):
        assert words in text
    table = text.split("\n\n")[1:]
    assert [len(part.splitlines()) for part in table] == [6, 3, 3]
    assert len({len(line) for part in table for line in part.splitlines()}) == 1


def test_a_real_contraction_is_profiled_from_python():
    circuit = tz.grid_circuit(3, 3, 8, seed=1)
    profile = tz.profile(circuit, "0" * 9, trials=2, threads=1)
    fields = profile.to_dict()
    assert profile.total.flops > 0
    assert len(fields["steps"]) == len(profile.steps)
    assert sum(kind["flops"] for kind in fields["kinds"]) == profile.total.flops
    assert "slowest steps" in str(profile)


@pytest.mark.parametrize(
    ("what", "bitstring", "options"),
    [
        (tz.Circuit(1), None, {}),
        (tz.Circuit(1), "0", {"slices": range(1)}),
        (tz.TensorNetwork([(np.ones(2), ("a",))], ()), "0", {}),
        (tz.TensorNetwork([(np.ones(2), ("a",))], ()), None, {"open_qubits": [0]}),
    ],
)
def test_arguments_that_exclude_each_other_are_refused(what, bitstring, options):
    with pytest.raises(tz.UsageError):
        tz.profile(what, bitstring, **options)
