import json

import numpy as np
import pytest
from tests.shared_data import SHARED, needs_shared_data

import taizhang as tz
from taizhang.circuit.state_vector import state_vector

CIRCUIT = tz.sycamore_circuit(12, cycles=6, seed=2)


def test_public_functions_agree_with_the_state_vector():
    exact = state_vector(CIRCUIT)
    np.testing.assert_allclose(tz.state_vector(CIRCUIT, dtype="complex128"), exact, atol=1e-14)
    bitstrings = ["0" * 12, "1" * 12, "010011001110"]
    expected = [exact[int(bits, 2)] for bits in bitstrings]
    np.testing.assert_allclose(tz.amplitudes(CIRCUIT, bitstrings, dtype="complex128"), expected, atol=1e-14)
    assert tz.amplitude(CIRCUIT, bitstrings[2]) == pytest.approx(expected[2], rel=1e-4)
    batch = tz.amplitude_batch(CIRCUIT, bitstrings[2], open_qubits=[4, 0])
    assert batch.shape == (2, 2)
    assert batch[1, 1] == pytest.approx(exact[int("110011001110", 2)], rel=1e-4)


def test_one_plan_serves_every_bitstring_of_a_circuit():
    plan = tz.plan(CIRCUIT, trials=2)
    for bitstring in ("0" * 12, "1" * 12):
        assert tz.amplitude(CIRCUIT, bitstring, plan=plan) == pytest.approx(tz.amplitude(CIRCUIT, bitstring), rel=1e-4)


def test_a_plan_for_another_network_is_refused():
    with pytest.raises(tz.PlanError, match="plan this network again"):
        tz.amplitude(CIRCUIT, "0" * 12, plan=tz.plan(tz.grid_circuit(3, 4, 8, seed=1), trials=1))


def test_a_string_in_place_of_a_list_is_refused():
    with pytest.raises(tz.UsageError, match="must be a list of bitstrings, got one"):
        tz.amplitudes(CIRCUIT, "0" * 12)


def test_slices_add_up_to_the_whole():
    network = tz.AmplitudeNetwork(tz.grid_circuit(4, 4, 16, seed=2)).network_for("0" * 16)
    plan = tz.plan(network, trials=1)
    sliced = tz.Plan.from_ssa_path(network, plan.tree.ssa_path, sliced_indices=network.shape.index_names[:3])
    parts = sum(tz.contract(network, plan=sliced, slices=range(k, k + 1), threads=1) for k in range(8))
    assert parts == pytest.approx(tz.contract(network, plan=sliced), rel=1e-5)
    assert parts == pytest.approx(tz.contract(network), rel=1e-4)


@needs_shared_data
@pytest.mark.parametrize("name", ["ghz_n127", "bv_n140", "ising_n98", "adder_n118", "wstate_n36", "qft_n18"])
def test_wide_circuits_of_the_openqasm_suites_take_no_time(name):
    path = SHARED / "circuits" / "qasm" / f"{name}.qasm"
    circuit = tz.read_circuit(path)
    tz.amplitude(circuit, "0" * circuit.num_qubits)


def reference_cases():
    path = SHARED / "reference" / "amplitudes.json"
    return sorted(json.loads(path.read_text()).items()) if path.exists() else []


@pytest.mark.parametrize(("name", "case"), reference_cases(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize(("dtype", "error"), [("complex64", 1e-4), ("complex128", 1e-10)])
def test_amplitudes_of_real_circuits_are_right(name, case, dtype, error):
    circuit = tz.read_circuit(SHARED / "circuits" / name)
    entries = case["amplitudes"]
    computed = tz.amplitudes(circuit, [entry["bitstring"] for entry in entries], dtype=dtype, memory="6GiB")
    for value, entry in zip(computed, entries, strict=True):
        expected = complex(entry["re"], entry["im"])
        assert abs(value - expected) < error * abs(expected)
