//! Expectation values of Pauli products in circuits: the network of each, and which of them are equal.
//!
//! For each product of Pauli letters: Clifford gates are moved through it (`conjugate`), the gates of its light cone
//! become a network in which ket and bra share variables wherever they can (`network`), and networks that differ only in
//! the numbers of their qubits are found equal, exactly (`labelling`, `classes`).

pub mod circuit;
pub mod classes;
pub mod conjugate;
pub mod labelling;
pub mod network;
mod small_hash;
