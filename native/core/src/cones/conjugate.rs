//! Moving gates through a Pauli product, from the end of the circuit backwards.
//!
//! ⟨0|U† P U|0⟩ stays the same when a gate G at the end of U is left out and P becomes G† P G. That is a Pauli product
//! again for every G on qubits where P is the identity, for Clifford gates, and for gates that commute with P. A gate for
//! which it is not stays, and blocks its qubits: what comes before it on them stays as well.

use super::circuit::{Circuit, NONE};
use super::small_hash::{SmallMap, SmallSet};
use std::collections::BinaryHeap;

/// Letters of a Pauli product.
pub const I: u8 = 0;
/// See [`I`].
pub const X: u8 = 1;
/// See [`I`].
pub const Y: u8 = 2;
/// See [`I`].
pub const Z: u8 = 3;

/// A product in the middle of a circuit, after all gates that could be moved through it.
#[derive(Clone, Debug, Default)]
pub struct Conjugated {
    /// Whether the expectation value changed its sign.
    pub negative: bool,
    /// Whether the expectation value is known to be 0.
    pub vanishes: bool,
    /// The letters on blocked qubits, in order of the qubits.
    pub letters: Vec<(u32, u8)>,
    /// The gates that stay, the latest first.
    pub kept: Vec<u32>,
}

#[derive(Clone, Copy, Default)]
struct Wire {
    letter: u8,
    blocked: bool,
}

/// Moves the gates of a circuit through a product of letters, given by qubit.
///
/// With `moving` false every gate in the light cone stays.
pub fn conjugate(circuit: &Circuit, product: &[(u32, u8)], moving: bool) -> Conjugated {
    let mut result = Conjugated::default();
    let mut wires: SmallMap<Wire> = SmallMap::default();
    let mut heap = BinaryHeap::new();
    let mut queued = SmallSet::default();
    for &(qubit, letter) in product {
        let blocked = !moving;
        wires.insert(qubit, Wire { letter, blocked });
        push(circuit.last[qubit as usize], &mut heap, &mut queued);
    }
    while let Some(number) = heap.pop() {
        let operation = &circuit.operations[number as usize];
        let kind = &circuit.kinds[operation.kind as usize];
        let on = |qubit: &u32| wires.get(qubit).copied().unwrap_or_default();
        let blocked = operation.qubits.iter().any(|qubit| on(qubit).blocked);
        let image = if blocked {
            None
        } else {
            image(
                kind.images.as_slice(),
                &kind.through,
                operation.qubits.iter().map(|q| on(q).letter),
            )
        };
        // Stage 1: move it, or block its qubits.
        match image {
            Some((letters, negative)) => {
                result.negative ^= negative;
                for (&qubit, letter) in operation.qubits.iter().zip(letters) {
                    wires.insert(qubit, Wire { letter, blocked: false });
                }
            }
            None => {
                result.kept.push(number);
                for &qubit in &operation.qubits {
                    wires.entry(qubit).or_default().blocked = true;
                }
            }
        }
        // Stage 2: go on with what comes before it on qubits that matter.
        for (qubit, &previous) in operation.qubits.iter().zip(operation.previous()) {
            let wire = wires[qubit];
            if wire.blocked || wire.letter != I {
                push(previous, &mut heap, &mut queued);
            }
        }
    }
    // Stage 3: qubits on which nothing is left are in |0>.
    for (&qubit, wire) in &wires {
        if wire.blocked {
            result.letters.push((qubit, wire.letter));
        } else if wire.letter == X || wire.letter == Y {
            result.vanishes = true;
        }
    }
    result.letters.sort_unstable();
    result
}

fn push(operation: u32, heap: &mut BinaryHeap<u32>, queued: &mut SmallSet) {
    if operation != NONE && queued.insert(operation) {
        heap.push(operation);
    }
}

/// The letters that a gate turns `letters` into, and whether the sign changes; `None` for a sum of several products.
fn image(images: &[i32], through: &[bool], letters: impl Iterator<Item = u8> + Clone) -> Option<(Vec<u8>, bool)> {
    let same = || letters.clone().collect::<Vec<_>>();
    if letters.clone().all(|letter| letter == I) {
        return Some((same(), false));
    }
    if images.is_empty() {
        let commutes = letters
            .clone()
            .zip(through)
            .all(|(letter, through)| letter == I || (letter == Z && *through));
        return commutes.then(|| (same(), false));
    }
    let code = letters
        .clone()
        .enumerate()
        .map(|(leg, letter)| usize::from(letter) << (2 * leg))
        .sum::<usize>();
    let image = usize::try_from(images[code]).ok()?;
    let digits = (0..through.len()).map(|leg| ((image / 2) >> (2 * leg) & 3) as u8);
    Some((digits.collect(), image % 2 == 1))
}

#[cfg(test)]
mod tests {
    use super::super::circuit::samples::{circuit, CNOT, COUPLING, HADAMARD, ROTATION};
    use super::*;

    fn bell() -> Circuit {
        circuit(2, &[(HADAMARD, &[0]), (CNOT, &[0, 1])])
    }

    #[test]
    fn clifford_gates_leave_nothing() {
        for (letters, negative) in [([X, X], false), ([Y, Y], true), ([Z, Z], false)] {
            let moved = conjugate(&bell(), &[(0, letters[0]), (1, letters[1])], true);
            assert_eq!((moved.negative, moved.vanishes), (negative, false), "{letters:?}");
            assert!(moved.letters.is_empty() && moved.kept.is_empty());
        }
    }

    #[test]
    fn letters_x_and_y_vanish_on_qubits_in_zero() {
        for letters in [[Z, I], [X, Y], [Y, Z], [I, X]] {
            let product: Vec<(u32, u8)> = (0..2).zip(letters).filter(|(_, letter)| *letter != I).collect();
            assert!(conjugate(&bell(), &product, true).vanishes, "{letters:?}");
        }
    }

    #[test]
    fn a_gate_that_stays_blocks_its_qubits() {
        let circuit = circuit(
            3,
            &[(HADAMARD, &[0]), (ROTATION, &[0]), (CNOT, &[0, 1]), (HADAMARD, &[2])],
        );
        let moved = conjugate(&circuit, &[(1, Z)], true);
        assert_eq!(moved.kept, [1, 0]);
        assert_eq!(moved.letters, [(0, Z)]);
        assert!(!moved.negative && !moved.vanishes);
    }

    #[test]
    fn gates_that_commute_are_left_out() {
        let circuit = circuit(2, &[(COUPLING, &[0, 1]), (ROTATION, &[0])]);
        let moved = conjugate(&circuit, &[(0, X), (1, Y)], true);
        assert!(moved.kept.is_empty() && moved.vanishes);
        assert_eq!(conjugate(&circuit, &[(0, X)], true).kept, [0]);
    }

    #[test]
    fn without_moving_all_gates_of_the_light_cone_stay() {
        let circuit = circuit(
            4,
            &[(CNOT, &[1, 2]), (HADAMARD, &[3]), (CNOT, &[0, 1]), (CNOT, &[2, 3])],
        );
        let kept = conjugate(&circuit, &[(1, Z)], false);
        assert_eq!(kept.kept, [2, 0]);
        assert_eq!(kept.letters, [(0, I), (1, Z), (2, I)]);
    }
}
