"""Lists of amplitudes equal single amplitudes, however they are contracted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.strategies import circuits

import taizhang as tz
from taizhang import _native
from taizhang._resources import needed_bytes, resident_bytes
from taizhang.circuit.bitstring_lists import as_strings
from taizhang.circuit.state_vector import state_vector
from taizhang.execute import amplitude_contractor as contractor_module
from taizhang.execute import members
from taizhang.execute.amplitude_contractor import prepare_amplitudes
from taizhang.execute.contraction import peak_bytes_of_run
from taizhang.execute.members import concurrent_runs
from taizhang.execute.prepare import planning_rates
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.settings import Settings

CIRCUIT = tz.sycamore_circuit(12, cycles=6, seed=5)
EXACT = state_vector(CIRCUIT)
DOUBLE = Settings.checked(trials=2, dtype="complex128", threads=1)


def bits_of(numbers, num_qubits):
    return (
        ((np.asarray(numbers, dtype=int)[:, None] >> np.arange(num_qubits - 1, -1, -1)) & 1)
        .astype(np.uint8)
        .reshape(-1, num_qubits)
    )


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(circuit=circuits(min_qubits=1, max_qubits=6), data=st.data())
def test_any_list_of_any_circuit(circuit, data):
    exact = state_vector(circuit)
    selected = data.draw(st.lists(st.integers(0, len(exact) - 1), max_size=70))
    computed = tz.amplitudes(circuit, as_strings(bits_of(selected, circuit.num_qubits)), trials=1, dtype="complex128")
    assert computed.shape == (len(selected),)
    np.testing.assert_allclose(computed, exact[selected] if selected else [], rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("count", [0, 1, 2, 50, 1000, 4095, 4096, 9000])
def test_lists_of_every_length(count, dtype):
    selected = np.random.default_rng(count).integers(0, 4096, size=count) if count != 4095 else np.arange(4095)
    computed = tz.amplitudes(CIRCUIT, as_strings(bits_of(selected, 12)), trials=2, dtype=dtype)
    np.testing.assert_allclose(computed, EXACT[selected], rtol=0, atol=1e-6 * abs(EXACT).max())


def test_all_bitstrings_are_a_state_vector():
    computed = tz.amplitudes(CIRCUIT, as_strings(bits_of(np.arange(4096), 12)), trials=2, dtype="complex128")
    np.testing.assert_allclose(computed, EXACT, rtol=0, atol=1e-14)


def test_bitstrings_that_differ_at_few_qubits():
    selected = [0b101010101010 ^ flip for flip in (0, 1, 8, 9, 8)]
    computed = tz.amplitudes(CIRCUIT, as_strings(bits_of(selected, 12)), trials=2, dtype="complex128")
    np.testing.assert_allclose(computed, EXACT[selected], rtol=0, atol=1e-14)


@pytest.mark.parametrize("width", [None, 9])
def test_batches_of_many_bitstrings(width):
    opened = (7, 2, 4)
    bits = np.random.default_rng(3).integers(0, 2, size=(60, 12)).astype(np.uint8)
    chosen = Settings.checked(trials=2, dtype="complex128", threads=2, width=width)
    contractor = prepare_amplitudes(CIRCUIT, chosen, num_bitstrings=60, open_qubits=opened)
    values = contractor.run(bits).values
    assert values.shape == (60, 2, 2, 2)
    for number, row in enumerate(bits):
        for flips in np.ndindex(2, 2, 2):
            full = row.copy()
            full[list(opened)] = flips
            place = int("".join(map(str, full)), 2)
            assert values[(number, *flips)] == pytest.approx(EXACT[place], abs=1e-13)


@pytest.mark.parametrize("num_rows", [1, 3, 100])
def test_a_plan_for_rows_serves_lists_of_any_length(num_rows):
    network = AmplitudeNetwork(CIRCUIT, row_qubits=range(12), num_rows=num_rows)
    plan = tz.plan(network.shape, trials=2)
    selected = np.random.default_rng(0).integers(0, 4096, size=150)
    computed = tz.amplitudes(CIRCUIT, as_strings(bits_of(selected, 12)), plan=plan, dtype="complex128")
    np.testing.assert_allclose(computed, EXACT[selected], rtol=0, atol=1e-13)


def test_a_plan_for_single_amplitudes_serves_lists():
    selected = [5, 6, 5, 2000]
    plan = tz.plan(CIRCUIT, trials=1)
    computed = tz.amplitudes(CIRCUIT, as_strings(bits_of(selected, 12)), plan=plan, dtype="complex128")
    np.testing.assert_allclose(computed, EXACT[selected], rtol=0, atol=1e-13)


def test_slices_of_a_machine_add_up():
    bits = bits_of(np.arange(0, 4096, 17), 12)
    chosen = Settings.checked(trials=2, dtype="complex128", width=11)
    contractor = prepare_amplitudes(CIRCUIT, chosen, num_bitstrings=len(bits))
    slices = contractor.ready.plan.num_slices
    assert slices > 1
    parts = [contractor.run(bits, slices=range(k, k + 1)).values for k in range(slices)]
    np.testing.assert_allclose(sum(parts), EXACT[::17], rtol=0, atol=1e-13)


def test_bitstrings_that_differ_where_they_may_not_are_refused():
    contractor = prepare_amplitudes(CIRCUIT, DOUBLE, num_bitstrings=3, row_qubits=[0, 1, 2])
    with pytest.raises(tz.UsageError, match="differ at qubit 11"):
        contractor.run(bits_of([0, 1], 12))


def test_the_same_bits_for_any_number_of_threads():
    circuit = tz.sycamore_circuit(20, cycles=10, seed=5)
    bits = np.random.default_rng(1).integers(0, 2, size=(3000, 20)).astype(np.uint8)
    chosen = Settings.checked(trials=2)
    network = AmplitudeNetwork(circuit, row_qubits=range(20), num_rows=3000)
    plan = tz.plan(network.shape, trials=2)
    contractor = prepare_amplitudes(circuit, chosen, num_bitstrings=3000, plan=plan)
    computed = [replace(contractor, settings=replace(chosen, threads=threads)).run(bits).values for threads in (1, 2)]
    assert np.array_equal(*computed)
    places = bits.astype(int) @ (1 << np.arange(19, -1, -1))
    exact = tz.state_vector(circuit, trials=2)[places]
    np.testing.assert_allclose(computed[0], exact, rtol=0, atol=1e-6 * abs(exact).max())


def test_too_little_memory_is_reported_before_it_is_allocated():
    strings = as_strings(np.random.default_rng(0).integers(0, 2, size=(20000, 53)).astype(np.uint8))
    with pytest.raises(tz.LimitError):
        tz.amplitude_batch(tz.sycamore_circuit(53, cycles=4, seed=1), strings[0], open_qubits=range(40))


@pytest.mark.parametrize("count", [0, 1, 4, 12])
def test_a_number_of_open_qubits_is_enough(count):
    chosen = tz.choose_open_qubits(CIRCUIT, count, seed=1)
    assert chosen == tuple(sorted(set(chosen)))
    assert len(chosen) == count
    batch = tz.amplitude_batch(CIRCUIT, "0" * 12, open_qubits=count, seed=1, trials=2, dtype="complex128")
    assert batch.shape == (2,) * count
    for bits in np.ndindex(*batch.shape):
        place = sum(bit << (11 - qubit) for bit, qubit in zip(bits, chosen, strict=True))
        assert batch[bits] == pytest.approx(EXACT[place], abs=1e-13)


def test_chosen_qubits_add_less_work_than_others():
    circuit = tz.sycamore_circuit(30, cycles=10, seed=2)
    chosen = tz.choose_open_qubits(circuit, 6)
    rng = np.random.default_rng(0)
    others = [tuple(sorted(rng.choice(30, size=6, replace=False).tolist())) for _ in range(3)]
    work = [tz.plan(circuit, open_qubits=opened, trials=16).cost.log10_multiply_adds_naive for opened in others]
    assert tz.plan(circuit, open_qubits=chosen, trials=16).cost.log10_multiply_adds_naive < min(work)


def test_more_open_qubits_than_there_are_is_an_error():
    with pytest.raises(tz.CircuitError, match="from 0 to 12"):
        tz.amplitude_batch(CIRCUIT, "0" * 12, open_qubits=13)


def test_a_plan_for_a_list_serves_lists_like_it():
    strings = as_strings(bits_of(np.random.default_rng(4).integers(0, 4096, size=80), 12))
    plan = tz.plan(CIRCUIT, bitstrings=strings, trials=2)
    assert plan.shape.num_rows > 1
    computed = tz.amplitudes(CIRCUIT, strings[:50], plan=plan, dtype="complex128")
    np.testing.assert_allclose(computed, [EXACT[int(bits, 2)] for bits in strings[:50]], rtol=0, atol=1e-13)


@pytest.mark.parametrize("num_qubits", [3, 12, 14])
def test_a_state_vector_is_the_same_for_every_method(num_qubits):
    circuit = tz.sycamore_circuit(num_qubits, cycles=6, seed=2) if num_qubits >= 12 else tz.Circuit(3).append("h", 0)
    computed = tz.state_vector(circuit, dtype="complex128")
    assert computed.shape == (2**num_qubits,)
    np.testing.assert_allclose(computed, state_vector(circuit), rtol=0, atol=1e-13)


BATCHES = bits_of(np.random.default_rng(7).permutation(4096)[:7], 12)


def machine_of(threads, **options):
    """A contractor that computes one amplitude per contraction."""
    chosen = Settings.checked(trials=2, threads=threads, **options)
    return prepare_amplitudes(CIRCUIT, chosen, num_bitstrings=1, open_qubits=(0, 5))


def concurrent(contractor, count, slices=None, free_bytes=None):
    free = contractor.settings.free_bytes() if free_bytes is None else free_bytes
    threads = contractor.settings.threads
    return concurrent_runs(contractor.ready.program, count, slices, threads=threads, free_bytes=free)


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_concurrent_contractions_give_the_same_bits(monkeypatch, threads):
    contractor = machine_of(threads)
    assert concurrent(contractor, len(BATCHES)) == 1, "these are too short for that"
    alone = contractor.run(BATCHES)
    monkeypatch.setattr(members, "_CONCURRENT_SECONDS", 0.0)
    assert concurrent(contractor, len(BATCHES)) == threads
    assert concurrent(contractor, 1) == 1
    together = contractor.run(BATCHES)
    assert np.array_equal(alone.values, together.values)
    assert len(together.runs) == len(BATCHES)


def test_as_many_run_concurrently_as_fit_in_memory(monkeypatch):
    contractor = machine_of(4)
    each = peak_bytes_of_run(contractor.ready.program, threads=1)
    monkeypatch.setattr(members, "_CONCURRENT_SECONDS", 0.0)
    # Two with two threads each take a little more than two with one.
    for runs, free in ((1, 2 * each - 1), (2, 3 * each - 1), (4, 5 * each)):
        assert concurrent(contractor, 9, free_bytes=free) == runs
    assert contractor.predicted_bytes(9) >= needed_bytes() + 4 * each


def test_slices_that_keep_all_threads_busy_are_not_run_concurrently(monkeypatch):
    contractor = machine_of(2, width=4)
    assert contractor.ready.plan.num_slices >= 2
    monkeypatch.setattr(members, "_CONCURRENT_SECONDS", 0.0)
    assert concurrent(contractor, 9) == 1
    assert concurrent(contractor, 9, slices=range(1)) == 2


def test_an_arena_kept_for_the_next_run_does_not_count_against_its_limit():
    """The second contraction reuses the arena of the first, so the same memory is enough for both."""
    matrix = np.random.default_rng(0).normal(size=(2048, 2048)) + 0j
    network = tz.TensorNetwork(tensors=[(matrix, "ab"), (matrix, "bc"), (matrix, "cd")], output="ad")
    plan = tz.plan(network, trials=1)
    tz.contract(network, plan=plan)
    assert _native.kept_bytes() >= 8 * 2048**2
    assert needed_bytes() <= resident_bytes() - _native.kept_bytes() // 2


def test_lists_take_modest_memory_where_no_limit_was_given():
    circuit = tz.sycamore_circuit(30, cycles=14, pattern="EFGH", seed=1)
    contractor = prepare_amplitudes(circuit, Settings.checked(trials=4), num_bitstrings=10_000)
    assert contractor.rows_per_run > 1
    # Beside what this process holds already.
    assert contractor.predicted_bytes(10_000) - needed_bytes() <= 7 << 28


@pytest.mark.parametrize(("gain", "more"), [(1.9, False), (2.1, True)])
def test_lists_take_more_memory_only_if_that_pays(monkeypatch, gain, more):
    whole = replace(Settings.checked(trials=1), memory_bytes=4 << 30)

    def choose_num_rows(circuit, opened, varying, num_bitstrings, settings, rates):
        return (100, 100.0 / gain) if settings.memory_bytes == whole.memory_bytes else (10, 100.0)

    monkeypatch.setattr(contractor_module, "_choose_num_rows", choose_num_rows)
    rows, settings = contractor_module._rows_and_memory(
        CIRCUIT, (), tuple(range(12)), 200, whole, planning_rates(whole)
    )
    assert (rows, settings == whole) == ((100, True) if more else (10, False))
    assert settings.memory_bytes <= whole.memory_bytes
    limited = Settings.checked(trials=1, memory="4GiB")
    assert limited.modest() == limited
