import numpy as np
from tests.small_circuits import clifford

import taizhang as tz
from taizhang.sampling.actions import actions_of, dependencies, light_cone


def test_gates_are_classified_by_their_effect_on_basis_states():
    kinds = {}
    for name in ("cz", "swap", "ccx", "ch", "iswap", "rzz", "cp"):
        gate = tz.gate(name, *[0.3] * (name in ("rzz", "cp")))
        (action,) = actions_of(tz.Circuit(3).append(gate, *range(gate.num_qubits)))
        kinds[name] = (action.kind, sorted(action.changed))
    assert kinds == {
        "cz": ("diagonal", []),
        "swap": ("permuting", [0, 1]),
        "ccx": ("permuting", [2]),
        "ch": ("mixing", [1]),
        "iswap": ("permuting", [0, 1]),
        "rzz": ("diagonal", []),
        "cp": ("diagonal", []),
    }


def test_actions_in_an_order_that_their_dependencies_allow_give_the_same_state():
    circuit = clifford(5, 40, 1)
    actions = actions_of(circuit)
    before, _ = dependencies(actions, 5)
    draw = np.random.default_rng(0)
    left, order = set(range(len(actions))), []
    while left:
        free = sorted(k for k in left if not left & set(before[k]))
        order.append(free[draw.integers(len(free))])
        left.remove(order[-1])
    again = tz.Circuit(5)
    for number in order:
        action = actions[number]
        again = again.append(tz.unitary_gate(action.matrix).controlled(len(action.controls)), *action.qubits)
    states = [tz.state_vector(which, dtype="complex128", threads=1) for which in (circuit, again)]
    assert abs(abs(np.vdot(*states)) - 1) < 1e-9


def test_a_light_cone_leaves_out_what_cannot_matter():
    circuit = tz.Circuit(3).append("h", 0).append("cx", 0, 1).append("h", 2).append("cz", 1, 2).append("cx", 1, 2)
    actions = actions_of(circuit)
    before, last_change = dependencies(actions, 3)
    done = np.zeros(len(actions), dtype=bool)
    assert [actions[k].qubits for k in light_cone(before, last_change[0], done)] == [(0,)]
    assert [actions[k].qubits for k in light_cone(before, last_change[1], done)] == [(0,), (0, 1)]
