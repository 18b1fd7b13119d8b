//! Contraction-tree search: greedy start, joint annealing of tree and slices, exact repair of small subtrees.

pub mod anneal;
pub mod board;
pub mod finish;
pub mod greedy;
pub mod network;
pub mod order;
pub mod portfolio;
pub mod premerge;
pub mod regrow;
pub mod reoptimise;
pub mod rng;
mod rounds;
pub mod slicing;
pub mod squeeze;
pub mod tree;
