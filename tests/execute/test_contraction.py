"""Contracting a network along a plan."""

import numpy as np
import pytest

from taizhang.errors import MemoryLimitError, NumericalError, PlanError, StoppedError, UsageError
from taizhang.execute import compile_plan, contract_network, run_program
from taizhang.network.network import TensorNetwork
from taizhang.plan.plan import Plan


def chain(matrices, output="first last"):
    """A product of matrices as a network, contracted from the left."""
    tensors = [(matrix, (f"x{k}", f"x{k + 1}")) for k, matrix in enumerate(matrices)]
    ends = ("x0", f"x{len(matrices)}") if output else ()
    network = TensorNetwork(tensors, output=ends)
    path, last = [], 0
    for k in range(1, len(matrices)):
        path.append((last, k))
        last = len(matrices) + k - 1
    return network, path


@pytest.fixture
def three():
    rng = np.random.default_rng(5)
    matrices = [rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)) for _ in range(3)]
    network, path = chain(matrices)
    return network, Plan.from_ssa_path(network, path, ["x1", "x2"]), matrices[0] @ matrices[1] @ matrices[2]


@pytest.mark.parametrize("backend", ["native", "numpy"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("complex64", 1e-5), ("complex128", 1e-13)])
def test_a_product_of_matrices(three, backend, dtype, tolerance):
    network, plan, expected = three
    contraction = contract_network(network, plan, backend=backend, dtype=dtype)
    np.testing.assert_allclose(contraction.value, expected, rtol=0, atol=tolerance * np.abs(expected).max())
    assert contraction.value.dtype == dtype
    assert contraction.slices_done == 16


def test_slices_add_up(three):
    network, plan, expected = three
    parts = [contract_network(network, plan, slices=range(k, k + 4), dtype="complex128").value for k in (0, 4, 8, 12)]
    np.testing.assert_allclose(sum(parts), expected)


def test_a_sliced_output_index_fills_its_part_of_the_value(three):
    network, plan, expected = three
    plan = Plan.from_ssa_path(network, plan.tree.ssa_path, ["x0"])
    np.testing.assert_allclose(contract_network(network, plan, dtype="complex128").value, expected)
    row = contract_network(network, plan, dtype="complex128", slices=range(2, 3)).value
    np.testing.assert_allclose(row[2], expected[2])
    assert not row[[0, 1, 3]].any()


def test_no_slices_give_zero(three):
    network, plan, _ = three
    assert not contract_network(network, plan, slices=range(3, 3)).value.any()


def test_a_network_of_nothing_is_one():
    network = TensorNetwork([])
    assert contract_network(network, Plan.from_ssa_path(network, [])).value == 1


def test_one_tensor_is_summed_and_transposed():
    array = np.arange(24.0).reshape(2, 3, 4)
    network = TensorNetwork([(array, "abc")], output="ca")
    value = contract_network(network, Plan.from_ssa_path(network, [])).value
    np.testing.assert_array_equal(value, array.sum(axis=1).T)


def test_values_far_below_the_smallest_float_keep_their_exponent():
    network = TensorNetwork([(np.full(2, 1e-30), (f"x{k}",)) for k in range(200)])
    path, last = [], 0
    for k in range(1, 200):
        path.append((last, k))
        last = 199 + k
    contraction = contract_network(network, Plan.from_ssa_path(network, path))
    with pytest.raises(NumericalError, match=r"e-5940 .* mantissa"):
        _ = contraction.value
    log10 = np.log10(contraction.mantissa.real) + contraction.exponent * np.log10(2)
    assert log10 == pytest.approx(200 * np.log10(2e-30))


def test_one_compiled_plan_runs_many_arrays(three):
    network, plan, expected = three
    compiled = compile_plan(plan, dtype="complex128")
    doubled = [2 * array for array in network.arrays]
    np.testing.assert_allclose(run_program(compiled, network.arrays).value, expected)
    np.testing.assert_allclose(run_program(compiled, doubled, exponent=-1).value, 4 * expected)


def test_a_plan_for_another_network_is_refused(three):
    network, _ = chain([np.eye(2)] * 2)
    with pytest.raises(PlanError, match="not for this one"):
        contract_network(network, three[1])


def test_slices_outside_the_plan_are_refused(three):
    network, plan, _ = three
    for slices in (range(0, 17), range(-1, 3), range(0, 8, 2)):
        with pytest.raises(UsageError, match=r"consecutive part of range\(16\)"):
            contract_network(network, plan, slices=slices)


def test_a_memory_limit_is_kept_before_anything_is_allocated(three):
    network, plan, _ = three
    with pytest.raises(MemoryLimitError, match="the limit is 1000 B"):
        contract_network(network, plan, memory_bytes=1000)


def test_a_plan_that_fits_no_machine_is_refused():
    network = TensorNetwork([(np.ones(2), (f"x{k}",)) for k in range(90)] * 2)
    path, last = [], 0
    for k in range(1, 180):
        path.append((last, k))
        last = 179 + k
    with pytest.raises(MemoryLimitError, match="more than any machine has"):
        contract_network(network, Plan.from_ssa_path(network, path))


@pytest.mark.parametrize("backend", ["native", "numpy"])
def test_a_nan_among_the_arrays_is_found_in_its_tensor(three, backend):
    network, plan, _ = three
    arrays = [array.copy() for array in network.arrays]
    arrays[1][2, 2] = np.nan
    with pytest.raises(NumericalError, match="tensor 1"):
        contract_network(TensorNetwork.from_shape(network.shape, arrays), plan, backend=backend)


def test_the_first_slice_that_reads_a_nan_is_named(three):
    network, plan, _ = three
    arrays = [array.copy() for array in network.arrays]
    arrays[2][3, 1] = np.inf  # x2 = 3 and x1 = 0
    with pytest.raises(NumericalError, match=r"tensor 2 .* slice 3;") as caught:
        contract_network(TensorNetwork.from_shape(network.shape, arrays), plan)
    assert caught.value.slice_number == 3


def test_a_run_stops_on_request(three):
    network, plan, _ = three
    with pytest.raises(StoppedError):
        contract_network(network, plan, backend="numpy", should_stop=lambda: True)


def test_a_long_native_run_stops_on_request():
    big = np.ones((2,) * 20)
    network = TensorNetwork([(big, range(20)), (big, range(20))])
    plan = Plan.from_ssa_path(network, [(0, 1)], list(range(18)))
    many = Plan.from_ssa_path(network, [(0, 1)], list(range(19, -1, -1)))
    assert contract_network(network, plan).value == 1 << 20
    calls = []

    def stop():
        calls.append(True)
        return True

    with pytest.raises(StoppedError):
        contract_network(network, many, should_stop=stop, threads=1)
    assert calls == [True]


def test_progress_counts_up_to_all_slices():
    seen = []
    big = np.ones((2,) * 16)
    network = TensorNetwork([(big, range(16)), (big, range(16))])
    plan = Plan.from_ssa_path(network, [(0, 1)], list(range(16)))
    contract_network(network, plan, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (1 << 16, 1 << 16)


def test_a_profile_has_a_record_of_each_step(three):
    network, plan, _ = three
    contraction = contract_network(network, plan, profile=True)
    assert [record.runs for record in contraction.profile] == [16, 16]
    assert sum(record.multiply_adds for record in contraction.profile) == contraction.multiply_adds
    assert all(record.seconds > 0 for record in contraction.profile)
