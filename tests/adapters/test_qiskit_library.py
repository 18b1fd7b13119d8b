"""Every gate and circuit of Qiskit's library, alone, inverted and controlled, has the state that Qiskit gives."""

from __future__ import annotations

import contextlib
import inspect
import warnings

import numpy as np
import pytest
import qiskit.circuit.library as library
from qiskit import QuantumCircuit
from qiskit.circuit import AnnotatedOperation, ControlModifier, Gate, InverseModifier, PowerModifier
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Pauli, SparsePauliOp, Statevector, random_unitary

from taizhang.adapters.qiskit import from_qiskit
from taizhang.circuit.state_vector import state_vector

ANGLES = (0.7, -1.3, 2.1, 0.4)


def random_state(num_qubits, seed=3):
    """A circuit that turns every qubit in a way of its own."""
    circuit = QuantumCircuit(num_qubits)
    generator = np.random.default_rng(seed)
    for qubit in range(num_qubits):
        circuit.u(*generator.uniform(-3, 3, 3), qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def first_qubit_slowest(state):
    num_qubits = len(state).bit_length() - 1
    return np.asarray(state).reshape((2,) * num_qubits).transpose().reshape(-1)


def assert_same_state(circuit, reference=None):
    expected = first_qubit_slowest(Statevector(circuit if reference is None else reference).data)
    np.testing.assert_allclose(state_vector(from_qiskit(circuit)), expected, atol=1e-7)


def on_random_state(kind):
    """A circuit of one gate, its qubits in reverse order, after a random state."""
    circuit = random_state(kind.num_qubits)
    circuit.append(kind, range(kind.num_qubits)[::-1])
    return circuit


def with_simple_arguments():
    """Every gate of the library that can be made from angles, from a number of qubits, or from both."""
    made = {}
    for name, kind in sorted(inspect.getmembers(library, inspect.isclass)):
        if not issubclass(kind, Gate):
            continue
        arguments = [ANGLES[:count] for count in range(5)] + [(2,), (2, 2), (0.3, 2), (2, 0.3)]
        for chosen in arguments:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    gate = kind(*chosen)
                    known = gate.num_qubits <= 7 and (gate.definition is not None or gate.to_matrix() is not None)
            except Exception:  # whatever a constructor raises for arguments that do not fit
                continue
            if known:
                made[name] = gate
                break
    return made


def with_other_arguments():
    """Gates of the library whose arguments are of other kinds, and variants with ancillas and open controls."""
    generator = np.random.default_rng(7)
    vector = generator.normal(size=8) + 1j * generator.normal(size=8)
    vector /= np.linalg.norm(vector)
    one, two = (random_unitary(size, seed=5).data for size in (2, 4))
    isometry = random_unitary(4, seed=9).data[:, :2]
    return [
        library.AndGate(3, [1, -1, 1]), library.OrGate(2, [1, -1]), library.BitwiseXorGate(2, 2),
        library.C3XGate(ctrl_state=5), library.CCZGate(ctrl_state=1), library.CUGate(*ANGLES, ctrl_state=0),
        library.CXGate(ctrl_state=0), library.DiagonalGate(np.exp(1j * np.arange(8))), library.GlobalPhaseGate(0.4),
        library.HamiltonianGate(np.array([[1, 0.5], [0.5, -1]]), 0.3), library.InnerProductGate(2),
        library.IntegerComparatorGate(3, 5), library.Isometry(isometry, 0, 0), library.Isometry(vector, 0, 0),
        library.LinearFunction([[1, 1, 0], [0, 1, 1], [0, 0, 1]]), library.LinearPauliRotationsGate(2, 0.3, 0.1),
        library.MCMTGate(library.XGate(), 2, 2),
        library.MCMTGate(library.HGate(), 1, 3),
        library.MCMTGate(library.RXGate(0.3), 2, 1), library.MCMTGate(library.ZGate(), 2, 2, ctrl_state=1),
        library.MCPhaseGate(0.5, 3), library.MCPhaseGate(0.5, 3, ctrl_state=2),
        library.MSGate(3, 0.4), library.ModularAdderGate(2), library.HalfAdderGate(2), library.FullAdderGate(2),
        library.MultiplierGate(2), library.MultiplierGate(1, 1), library.PauliGate("XYZI"),
        library.PermutationGate([2, 0, 1]), library.PhaseOracleGate("(a & b) | ~c"), library.QFTGate(3),
        library.QuadraticFormGate(2, [[1, 0], [0, 1]], [1, 0], 1), library.RVGate(0.3, 0.4, 0.5),
        library.StatePreparation(vector), library.StatePreparation("+-r1"), library.StatePreparation(5, 3),
        library.StatePreparation(vector).inverse(), library.UCGate([one, one.T, one @ one, np.eye(2)]),
        library.UCRXGate([0.1, 0.2, 0.3, 0.4]), library.UCRYGate([0.1, 0.2]), library.UCRZGate([0.1, 0.2, 0.3, 0.4]),
        library.UnitaryGate(two),
        library.UnitaryGate(one).control(2, ctrl_state=1),
        library.UnitaryGate(two).control(1), library.XXPlusYYGate(0.3, 0.4),
        library.XXMinusYYGate(0.3, 0.4),
        library.PauliEvolutionGate(SparsePauliOp("ZZX"), 0.4), library.ExactReciprocalGate(2, 0.4),
        library.PolynomialPauliRotationsGate(2, [0.1, 0.2, 0.3]), library.LinearAmplitudeFunctionGate(
            2, [0.5], [0.1], domain=(0, 1), image=(0, 1)
        ), library.PiecewiseLinearPauliRotationsGate(2, [0, 2], [0.1, 0.2], [0.3, 0.4]),
        library.PiecewiseChebyshevGate(lambda x: np.arcsin(1 / (x + 2)), 2, 2, [1, 3]),
        library.PiecewisePolynomialPauliRotationsGate(2, [0, 2], [[0.1, 0.2], [0.3]]),
        library.GraphStateGate(np.array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])), library.BitFlipOracleGate("a & ~b"),
        library.MCXGate(3, ctrl_state=4), library.MCXGate(4), library.MCXGate(6),
        library.UCPauliRotGate([0.1, 0.2], "X"), *newer_gates(one),
    ]  # fmt: skip


def newer_gates(one):
    """Gates that the oldest Qiskit does not have yet."""
    arguments = {
        "MCGupDiag": (one, 2, 0, 0),
        "UniformSuperpositionGate": (5, 3),
        "PauliProductRotationGate": (Pauli("-XYZ"), 0.3),
    }
    return [getattr(library, name)(*given) for name, given in arguments.items() if hasattr(library, name)]


def with_ancillas():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return [
            library.MCXVChain(3), library.MCXVChain(4, dirty_ancillas=True), library.MCXVChain(4),
            library.MCXVChain(4, ctrl_state=9), library.MCXRecursive(5), library.MCXGrayCode(4),
        ]  # fmt: skip


# Qiskit 2.1 fails on its own MultiplierGate.
BROKEN = () if hasattr(library, "PauliProductMeasurement") else ("MultiplierGate",)
ALL = [
    *with_simple_arguments().items(),
    *((f"{type(gate).__name__}-{place}", gate) for place, gate in enumerate(with_other_arguments())),
    *((f"{type(gate).__name__}-ancillas-{place}", gate) for place, gate in enumerate(with_ancillas())),
]
ALL = [(name, gate) for name, gate in ALL if type(gate).__name__ not in BROKEN]
# Wide gates and gates of many parts are tried alone; each variant of those takes seconds.
SMALL = [(name, gate) for name, gate in ALL if gate.num_qubits <= 3 and "Piecewise" not in name]


def test_nearly_all_gates_of_the_library_are_tried():
    tried = tuple(type(gate) for _, gate in ALL)
    gates = [kind for _, kind in inspect.getmembers(library, inspect.isclass) if issubclass(kind, Gate)]
    assert len([kind for kind in gates if not any(issubclass(one, kind) for one in tried)]) <= 3
    assert len(SMALL) > 60


@pytest.mark.parametrize(("name", "gate"), ALL, ids=[name for name, _ in ALL])
def test_the_state_is_that_of_qiskit(name, gate):
    assert_same_state(on_random_state(gate))


@pytest.mark.parametrize(("name", "gate"), SMALL, ids=[name for name, _ in SMALL])
def test_inverse_and_controlled_gates_have_the_state_of_qiskit(name, gate):
    made = [AnnotatedOperation(gate, [InverseModifier(), ControlModifier(2, 1), PowerModifier(0.5)])]
    for variant in (
        gate.inverse,
        lambda: gate.control(2, ctrl_state=1, annotated=False),
        lambda: gate.power(2),
    ):
        with contextlib.suppress(QiskitError, AttributeError):  # Qiskit lacks it for this gate
            made.append(variant())
    for kind in made:
        assert_same_state(on_random_state(kind))


def library_circuits():
    """Every circuit of the library that can be made from a number of qubits or a little more, with its angles bound."""
    arguments = [
        (2,),
        (3,),
        (2, 2),
        (3, 2),
        ([[0, 1], [1, 0]],),
        ([0.1, 0.2],),
        (2, [1, 1]),
        (2, library.XGate()),
        ("a & b",),
    ]
    for name, make in inspect.getmembers(library):
        own = inspect.isclass(make) and issubclass(make, QuantumCircuit)
        if not own and not inspect.isfunction(make):
            continue
        for chosen in arguments:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    circuit = make(*chosen)
                    fits = (
                        isinstance(circuit, QuantumCircuit)
                        and 0 < circuit.num_qubits <= 8
                        and len(circuit.decompose().data) > 0
                    )
            except Exception:  # whatever a constructor raises for arguments that do not fit
                continue
            if fits:
                values = np.random.default_rng(1).uniform(-2, 2, circuit.num_parameters)
                yield name, circuit.assign_parameters(list(values))
                break


def test_circuits_of_the_library_have_the_state_of_qiskit():
    names = set()
    for name, circuit in library_circuits():
        names.add(name)
        prepared = random_state(circuit.num_qubits)
        assert_same_state(prepared.compose(circuit))
        with contextlib.suppress(QiskitError):  # not a gate, with its measurements
            assert_same_state(on_random_state(circuit.to_gate()))
    assert len(names) > 40
