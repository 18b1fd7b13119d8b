//! The network of a Pauli product: the light cone of its qubits, ket and bra together.
//!
//! Going back in time from the product, a qubit is absent (ket and bra have cancelled), shared (one variable for both) or
//! split (a variable for each). A gate is unitary, so it cancels where its qubits are absent, or only passed through and
//! shared. A gate on a shared qubit that it passes through uses the shared variable in ket and bra: a qubit enters a cone
//! by one variable, not two (the undirected graphs of Boixo et al., arXiv:1712.05384, on both sides).

use super::circuit::{Axis, Circuit, Kind, Role};
use super::conjugate::{Conjugated, X, Z};
use super::small_hash::SmallMap;

/// Which tensor a network has at a place: of which recipe, which of its tensors, for which side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Recipe of a gate, or [`LETTER`] or [`START`].
    pub recipe: u32,
    /// Which of the gate's tensors; for [`LETTER`] which letter.
    pub tensor: u16,
    /// The side.
    pub side: Side,
}

/// Recipe of the tensor of a Pauli letter.
pub const LETTER: u32 = u32::MAX;
/// Recipe of the tensor of |0>.
pub const START: u32 = u32::MAX - 1;

/// The side that a tensor or a variable belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Both: for a tensor, the product of the gate's and its conjugate.
    Both,
    /// The ket.
    Ket,
    /// The bra: for a tensor, the conjugate.
    Bra,
}

/// An index of the network, of size 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Number of its qubit in the cone; after those of the qubits come the numbers of indices inside a gate.
    pub node: u32,
    /// Which of the node's variables, counted from the product back in time.
    pub turn: u32,
    /// The side.
    pub side: Side,
}

/// A tensor of the network.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Where its elements come from.
    pub source: Source,
    /// The variable of each axis, with the label of the axis.
    pub axes: Vec<(Variable, u32)>,
}

/// The network of one product.
#[derive(Clone, Debug, Default)]
pub struct Cone {
    /// Its tensors.
    pub tensors: Vec<Tensor>,
    /// Number of nodes: qubits, then indices inside gates.
    pub num_nodes: u32,
    /// The qubits, in the order in which they joined.
    pub qubits: Vec<u32>,
    /// The gates, the latest first.
    pub gates: Vec<u32>,
}

#[derive(Clone, Copy)]
enum State {
    Shared(Variable),
    Split(Variable, Variable),
}

/// Builds the network of a product that gates have been moved through.
pub fn build(circuit: &Circuit, product: &Conjugated) -> Cone {
    let mut builder = Builder::default();
    for &(qubit, letter) in product.letters.iter().filter(|(_, letter)| *letter != 0) {
        builder.place_letter(qubit, letter);
    }
    for &number in &product.kept {
        let operation = &circuit.operations[number as usize];
        let kind = &circuit.kinds[operation.kind as usize];
        if builder.add_gate(kind, operation.recipe, &operation.qubits) {
            builder.cone.gates.push(number);
        }
    }
    builder.finish()
}

#[derive(Default)]
struct Builder {
    cone: Cone,
    states: SmallMap<State>,
    node_of: SmallMap<u32>,
    /// For each qubit of the cone how many times it got new variables.
    turns: Vec<u32>,
    /// Indices inside gates; they get their nodes at the end.
    inside: u32,
}

/// Nodes of indices inside gates, until the number of qubits is known.
const INSIDE: u32 = 1 << 31;

impl Builder {
    fn place_letter(&mut self, qubit: u32, letter: u8) {
        let source = Source {
            recipe: LETTER,
            tensor: u16::from(letter),
            side: Side::Both,
        };
        let node = self.node(qubit);
        if letter == Z {
            let variable = self.new_shared(node);
            self.states.insert(qubit, State::Shared(variable));
            self.push(source, vec![(variable, 0)]);
        } else {
            let (ket, bra) = self.new_split(node);
            self.states.insert(qubit, State::Split(ket, bra));
            // X is symmetric; of Y the bra's index is the row.
            self.push(source, vec![(bra, 0), (ket, u32::from(letter != X))]);
        }
    }

    /// Adds a gate to ket and bra; returns false where they cancel.
    fn add_gate(&mut self, kind: &Kind, recipe: u32, qubits: &[u32]) -> bool {
        // Stage 1: does it cancel?
        let states: Vec<Option<State>> = qubits.iter().map(|qubit| self.states.get(qubit).copied()).collect();
        let split = states.iter().any(|state| matches!(state, Some(State::Split(..))));
        let mixed = states
            .iter()
            .zip(&kind.through)
            .any(|(state, through)| !through && state.is_some());
        if !split && !mixed {
            return false;
        }
        // Stage 2: the variables of each leg, on both sides: after the gate, then before it.
        let as_one = kind.monomial && !split;
        let mut after = Vec::with_capacity(qubits.len());
        let mut before = Vec::with_capacity(qubits.len());
        for ((&qubit, state), &through) in qubits.iter().zip(states).zip(&kind.through) {
            let node = self.node(qubit);
            let state = state.unwrap_or_else(|| State::Shared(self.new_shared(node)));
            after.push(state);
            let earlier = if through {
                state
            } else if as_one {
                State::Shared(self.new_shared(node))
            } else {
                let (ket, bra) = self.new_split(node);
                State::Split(ket, bra)
            };
            before.push(earlier);
            self.states.insert(qubit, earlier);
        }
        // Stage 3: its tensors.
        let sides: &[Side] = if as_one { &[Side::Both] } else { &[Side::Ket, Side::Bra] };
        for &side in sides {
            let first_inside = self.inside;
            for (number, axes) in kind.tensors.iter().enumerate() {
                let source = Source {
                    recipe,
                    tensor: number as u16,
                    side,
                };
                let axes = axes
                    .iter()
                    .map(|axis| (self.variable(*axis, side, first_inside, &before, &after), axis.label))
                    .collect();
                self.push(source, axes);
            }
        }
        true
    }

    fn variable(&mut self, axis: Axis, side: Side, first: u32, before: &[State], after: &[State]) -> Variable {
        let state = match axis.role {
            Role::Inside => {
                let number = first + axis.leg as u32;
                self.inside = self.inside.max(number + 1);
                return Variable {
                    node: INSIDE + number,
                    turn: 0,
                    side: Side::Both,
                };
            }
            Role::In => before[axis.leg],
            Role::Out | Role::Through => after[axis.leg],
        };
        match (state, side) {
            (State::Shared(variable), _) => variable,
            (State::Split(_, bra), Side::Bra) => bra,
            (State::Split(ket, _), _) => ket,
        }
    }

    fn finish(mut self) -> Cone {
        let start = Source {
            recipe: START,
            tensor: 0,
            side: Side::Both,
        };
        for qubit in self.cone.qubits.clone() {
            match self.states[&qubit] {
                State::Shared(variable) => self.push(start, vec![(variable, 0)]),
                State::Split(ket, bra) => {
                    self.push(start, vec![(ket, 0)]);
                    self.push(start, vec![(bra, 0)]);
                }
            }
        }
        let num_qubits = self.cone.qubits.len() as u32;
        self.cone.num_nodes = num_qubits + self.inside;
        for tensor in &mut self.cone.tensors {
            for (variable, _) in &mut tensor.axes {
                if variable.node >= INSIDE {
                    variable.node = variable.node - INSIDE + num_qubits;
                }
            }
        }
        self.cone
    }

    fn node(&mut self, qubit: u32) -> u32 {
        *self.node_of.entry(qubit).or_insert_with(|| {
            self.cone.qubits.push(qubit);
            self.turns.push(0);
            self.turns.len() as u32 - 1
        })
    }

    fn new_shared(&mut self, node: u32) -> Variable {
        Variable {
            node,
            turn: self.next_turn(node),
            side: Side::Both,
        }
    }

    fn new_split(&mut self, node: u32) -> (Variable, Variable) {
        let turn = self.next_turn(node);
        let variable = |side| Variable { node, turn, side };
        (variable(Side::Ket), variable(Side::Bra))
    }

    fn next_turn(&mut self, node: u32) -> u32 {
        let turn = &mut self.turns[node as usize];
        *turn += 1;
        *turn - 1
    }

    fn push(&mut self, source: Source, axes: Vec<(Variable, u32)>) {
        self.cone.tensors.push(Tensor { source, axes });
    }
}

#[cfg(test)]
mod tests {
    use super::super::circuit::samples::{circuit, CNOT, COUPLING, HADAMARD, ROTATION};
    use super::super::conjugate::conjugate;
    use super::*;

    fn cone(gates: &[(u32, &[u32])], product: &[(u32, u8)]) -> Cone {
        let circuit = circuit(3, gates);
        build(&circuit, &conjugate(&circuit, product, false))
    }

    fn sides_of(cone: &Cone, recipe: u32) -> Vec<Side> {
        let of_recipe = cone.tensors.iter().filter(|tensor| tensor.source.recipe == recipe);
        of_recipe.map(|tensor| tensor.source.side).collect()
    }

    fn variables_of(cone: &Cone) -> Vec<Variable> {
        let axes = cone.tensors.iter().flat_map(|tensor| &tensor.axes);
        let mut variables: Vec<Variable> = axes.map(|axis| axis.0).collect();
        variables.sort();
        variables.dedup();
        variables
    }

    #[test]
    fn diagonal_gates_on_shared_qubits_cancel() {
        let cone = cone(&[(COUPLING, &[0, 1])], &[(0, Z)]);
        assert!(cone.gates.is_empty());
        assert_eq!(cone.qubits, [0]);
        assert_eq!(variables_of(&cone).len(), 1);
        assert_eq!(sides_of(&cone, LETTER).len() + sides_of(&cone, START).len(), 2);
    }

    #[test]
    fn a_qubit_enters_by_one_variable() {
        let cone = cone(&[(COUPLING, &[0, 1]), (ROTATION, &[0])], &[(0, Z)]);
        assert_eq!(cone.gates, [1, 0]);
        assert_eq!(cone.qubits, [0, 1]);
        for gate in [COUPLING, ROTATION] {
            assert_eq!(sides_of(&cone, gate), [Side::Ket, Side::Bra]);
        }
        // One of the letter, two before the rotation, and one of the other qubit.
        assert_eq!(variables_of(&cone).len(), 4);
        assert_eq!(sides_of(&cone, START).len(), 3);
    }

    #[test]
    fn a_gate_that_moves_basis_states_is_one_tensor_while_qubits_are_shared() {
        let shared = cone(&[(CNOT, &[0, 1])], &[(1, Z)]);
        assert_eq!(sides_of(&shared, CNOT), [Side::Both]);
        assert_eq!(variables_of(&shared).len(), 3);
        let split = cone(&[(CNOT, &[0, 1])], &[(1, X)]);
        assert_eq!(sides_of(&split, CNOT), [Side::Ket, Side::Bra]);
    }

    #[test]
    fn a_gate_cancels_where_only_its_control_is_shared() {
        let cone = cone(&[(HADAMARD, &[0]), (CNOT, &[0, 1])], &[(0, Z)]);
        assert_eq!(cone.gates, [0]);
        assert_eq!(cone.qubits, [0]);
    }

    #[test]
    fn the_row_of_a_letter_is_the_variable_of_the_bra() {
        let cone = cone(&[], &[(2, 2)]);
        let sides: Vec<Side> = cone.tensors[0].axes.iter().map(|axis| axis.0.side).collect();
        assert_eq!(sides, [Side::Bra, Side::Ket]);
        assert_eq!(cone.qubits, [2]);
    }
}
