"""Law 9: the same plan gives the same bits under any number of threads and any way of sharing slices."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import planned_networks, qubit_networks

from taizhang.execute import compile_plan, run_program
from taizhang.execute.schedule import Schedule

schedules = st.builds(
    Schedule,
    workers=st.just(1),
    threads=st.integers(1, 3),
    block_log2=st.just(0),
    sequential=st.just(False),
    inline=st.just(False),
)


def run(compiled, arrays, slices, schedule):
    inputs = compiled.loader.load(arrays)
    total = compiled.run(inputs, slices, schedule)
    return total.mantissa.tobytes(), total.exponent


@settings(max_examples=50)
@given(planned=planned_networks(qubit_networks(), max_sliced=4), schedule=schedules, workers=st.integers(1, 3))
def test_threads_and_workers_do_not_change_a_bit(planned, schedule, workers):
    network, plan = planned
    schedule = schedule._replace(workers=min(workers, plan.num_slices))
    compiled = compile_plan(plan)
    slices = range(plan.num_slices)
    one = Schedule(workers=1, threads=1, block_log2=0, sequential=False, inline=True)
    assert run(compiled, network.arrays, slices, schedule) == run(compiled, network.arrays, slices, one)


@given(planned=planned_networks(max_sliced=4), threads=st.integers(1, 4))
def test_any_number_of_threads_gives_the_same_bits(planned, threads):
    network, plan = planned
    compiled = compile_plan(plan)
    value = run_program(compiled, network.arrays, threads=threads).value
    np.testing.assert_array_equal(value, run_program(compiled, network.arrays, threads=1).value)
