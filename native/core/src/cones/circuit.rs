//! A circuit as its light cones see it: what each gate does to Pauli letters, and which tensors it leaves.

/// Stands for no operation.
pub const NONE: u32 = u32::MAX;

/// What a leg of a gate is to a tensor's axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The qubit before and after the gate, which the gate leaves as it is.
    Through,
    /// The qubit after the gate.
    Out,
    /// The qubit before the gate.
    In,
    /// An index between two tensors of the gate; the leg is its number.
    Inside,
}

/// An axis of a tensor that a gate leaves.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Position of the qubit among those of the gate.
    pub leg: usize,
    /// What the axis is.
    pub role: Role,
    /// Axes of one tensor that have the same label may be exchanged: the tensor stays the same.
    pub label: u32,
}

/// What gates of one structure have in common.
#[derive(Clone, Debug, Default)]
pub struct Kind {
    /// For each leg whether the gate leaves the qubit's basis states as they are.
    pub through: Vec<bool>,
    /// Whether the gate takes each basis state to one basis state, up to a phase.
    pub monomial: bool,
    /// For each product of letters on the legs (0 to 3 for I, X, Y, Z; the first leg is the lowest digit of a number in base 4),
    /// the product it becomes when the gate is moved through it, times 2, plus 1 if the sign changes; -1 where it becomes a
    /// sum of several. Empty for gates of many qubits.
    pub images: Vec<i32>,
    /// The tensors it leaves.
    pub tensors: Vec<Vec<Axis>>,
}

/// An operation of the circuit.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Number of its kind.
    pub kind: u32,
    /// Gates with the same recipe have the same tensors, for all values of the parameters.
    pub recipe: u32,
    /// Its qubits.
    pub qubits: Vec<u32>,
    /// For each of them the operation before on this qubit, or `NONE`.
    previous: Vec<u32>,
}

impl Operation {
    /// For each qubit the operation before on this qubit, or `NONE`.
    pub fn previous(&self) -> &[u32] {
        &self.previous
    }
}

/// A circuit whose qubits start in |0>.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// The kinds of its gates.
    pub kinds: Vec<Kind>,
    /// Its operations, in order of time.
    pub operations: Vec<Operation>,
    /// For each qubit its last operation, or `NONE`.
    pub last: Vec<u32>,
}

impl Circuit {
    /// Makes a circuit from the kind, recipe and qubits of each operation; `Err` says what does not fit.
    pub fn new(num_qubits: usize, kinds: Vec<Kind>, given: Vec<(u32, u32, Vec<u32>)>) -> Result<Self, String> {
        for kind in &kinds {
            kind.check()?;
        }
        if given.len() >= NONE as usize {
            return Err("there are too many operations".into());
        }
        let mut last = vec![NONE; num_qubits];
        let mut operations = Vec::with_capacity(given.len());
        for (number, (kind, recipe, qubits)) in given.into_iter().enumerate() {
            let legs = kinds.get(kind as usize).map(|kind| kind.through.len());
            if legs != Some(qubits.len()) || qubits.iter().any(|&qubit| qubit as usize >= num_qubits) {
                return Err(format!("operation {number} does not fit its kind or the circuit"));
            }
            let previous = qubits
                .iter()
                .map(|&qubit| std::mem::replace(&mut last[qubit as usize], number as u32))
                .collect();
            operations.push(Operation {
                kind,
                recipe,
                qubits,
                previous,
            });
        }
        Ok(Self {
            kinds,
            operations,
            last,
        })
    }

    /// Number of qubits.
    pub fn num_qubits(&self) -> usize {
        self.last.len()
    }
}

impl Kind {
    fn check(&self) -> Result<(), String> {
        let legs = self.through.len();
        let axes = self.tensors.iter().flatten();
        for axis in axes.filter(|axis| axis.role != Role::Inside) {
            if axis.leg >= legs || (axis.role == Role::Through) != self.through[axis.leg] {
                return Err("an axis of a gate's tensor does not fit its legs".into());
            }
        }
        let codes = self.images.len();
        if codes != 0 && (legs > 8 || codes != 1 << (2 * legs)) {
            return Err("a gate must have an image for each product of letters, or none".into());
        }
        if self.images.iter().any(|&image| image < -1 || image >= 2 * codes as i32) {
            return Err("an image is not a product of letters".into());
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod samples {
    //! Gates and circuits for tests.

    use super::{Axis, Circuit, Kind, Role};

    pub const HADAMARD: u32 = 0;
    pub const CNOT: u32 = 1;
    /// A rotation about X by any angle.
    pub const ROTATION: u32 = 2;
    /// A rotation about ZZ by any angle.
    pub const COUPLING: u32 = 3;

    fn axis(leg: usize, role: Role, label: u32) -> Axis {
        Axis { leg, role, label }
    }

    fn on_one_qubit(images: [i32; 4]) -> Kind {
        Kind {
            through: vec![false],
            monomial: false,
            images: images.to_vec(),
            tensors: vec![vec![axis(0, Role::Out, 0), axis(0, Role::In, 1)]],
        }
    }

    fn kinds() -> Vec<Kind> {
        let cnot = Kind {
            through: vec![true, false],
            monomial: true,
            images: [0, 5, 6, 3, 4, 1, 2, 7, 11, 14, 13, 8, 15, 10, 9, 12]
                .iter()
                // The two that change their sign are Y and Y, and X and Z.
                .map(|image| 2 * image + i32::from(*image == 13 || *image == 10))
                .collect(),
            tensors: vec![vec![
                axis(0, Role::Through, 0),
                axis(1, Role::Out, 1),
                axis(1, Role::In, 3),
            ]],
        };
        let coupling = Kind {
            through: vec![true, true],
            monomial: true,
            images: (0..16)
                .map(|code: i32| {
                    let flips = [code & 3, code >> 2]
                        .iter()
                        .filter(|letter| matches!(letter, 1 | 2))
                        .count();
                    if flips == 1 {
                        -1
                    } else {
                        2 * code
                    }
                })
                .collect(),
            tensors: vec![vec![axis(0, Role::Through, 0), axis(1, Role::Through, 0)]],
        };
        vec![on_one_qubit([0, 6, 5, 2]), cnot, on_one_qubit([0, 2, -1, -1]), coupling]
    }

    /// A circuit of gates, each a kind and its qubits; the kind is the recipe too.
    pub fn circuit(num_qubits: usize, gates: &[(u32, &[u32])]) -> Circuit {
        let given = gates.iter().map(|(kind, qubits)| (*kind, *kind, qubits.to_vec()));
        Circuit::new(num_qubits, kinds(), given.collect()).unwrap()
    }

    /// A layer of Hadamard gates, of couplings of these pairs, and of rotations.
    pub fn layers(num_qubits: u32, pairs: &[(u32, u32)]) -> Circuit {
        let qubits: Vec<u32> = (0..num_qubits).collect();
        let pairs: Vec<[u32; 2]> = pairs.iter().map(|pair| [pair.0, pair.1]).collect();
        let mut gates: Vec<(u32, &[u32])> = qubits.chunks(1).map(|qubit| (HADAMARD, qubit)).collect();
        gates.extend(pairs.iter().map(|pair| (COUPLING, &pair[..])));
        gates.extend(qubits.chunks(1).map(|qubit| (ROTATION, qubit)));
        circuit(num_qubits as usize, &gates)
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{circuit, CNOT, HADAMARD};
    use super::*;

    #[test]
    fn operations_know_what_comes_before_them() {
        let circuit = circuit(3, &[(HADAMARD, &[0]), (CNOT, &[0, 1]), (CNOT, &[1, 0])]);
        assert_eq!(circuit.operations[1].previous(), [0, NONE]);
        assert_eq!(circuit.operations[2].previous(), [1, 1]);
        assert_eq!(circuit.last, [2, 2, NONE]);
    }

    #[test]
    fn an_operation_that_does_not_fit_is_named() {
        let kinds = || {
            vec![Kind {
                through: vec![false],
                ..Kind::default()
            }]
        };
        for (kind, qubits) in [(0, vec![0, 1]), (0, vec![2]), (1, vec![0])] {
            let wrong = Circuit::new(2, kinds(), vec![(0, 0, vec![1]), (kind, 0, qubits)]);
            assert_eq!(
                wrong.err(),
                Some("operation 1 does not fit its kind or the circuit".into())
            );
        }
    }

    #[test]
    fn images_and_axes_of_kinds_are_checked() {
        let wrong_images = Kind {
            through: vec![false],
            images: vec![0, 2, 4, 8],
            ..Kind::default()
        };
        assert_eq!(wrong_images.check(), Err("an image is not a product of letters".into()));
        let too_few = Kind {
            through: vec![false],
            images: vec![0],
            ..Kind::default()
        };
        assert!(too_few.check().is_err());
        let axis = Axis {
            leg: 0,
            role: Role::Through,
            label: 0,
        };
        let wrong_axis = Kind {
            through: vec![false],
            tensors: vec![vec![axis]],
            ..Kind::default()
        };
        assert_eq!(
            wrong_axis.check(),
            Err("an axis of a gate's tensor does not fit its legs".into())
        );
    }
}
