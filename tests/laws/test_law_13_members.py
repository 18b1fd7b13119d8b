"""Members of a family share shape and plan: choices select arrays, and nothing else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import circuits

from taizhang.circuit.state_vector import state_vector
from taizhang.execute.contraction import contract_network
from taizhang.network.amplitude_network import AmplitudeNetwork
from taizhang.plan.search import search


@given(circuits(max_qubits=6), st.data())
def test_final_bits_select_arrays_of_one_shape_for_one_plan(circuit, data):
    bits = st.text(alphabet="01", min_size=circuit.num_qubits, max_size=circuit.num_qubits)
    family = AmplitudeNetwork(circuit)
    plan = search(family.shape, trials=1, seed=0)
    state = state_vector(circuit)
    for bitstring in data.draw(st.lists(bits, min_size=1, max_size=4)):
        member = family.network_for(bitstring)
        assert member.shape == family.shape
        assert plan.for_network(member) == plan
        shapes = [tuple(member.shape.sizes[index] for index in term) for term in member.shape.inputs]
        assert [array.shape for array in member.arrays] == shapes
        value = complex(contract_network(member, plan, dtype="complex128", threads=1).value)
        assert abs(value - state[int(bitstring or "0", 2)]) < 1e-12
