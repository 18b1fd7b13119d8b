//! Contraction-tree search: greedy start, joint annealing of tree and slices, exact repair of small subtrees.

pub mod anneal;
pub mod complete_plan;
pub mod greedy;
pub mod network;
pub mod order;
pub mod portfolio;
pub mod premerge;
pub mod regrow;
pub mod reoptimise;
pub mod rng;
mod rounds;
pub mod shared_best;
pub mod slicing;
pub mod squeeze;
pub mod tree;
