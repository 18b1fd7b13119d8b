//! Kernels: one pairwise contraction, by the algorithm that suits it.
//!
//! A step multiplies two tensors and sums the indices that end there. [`step::StepKernel`] is one step compiled: every
//! decision (which loop is vectorised, how the operands are packed, how blocks fit the caches) is taken once.
//! [`reference`] is the plain version, against which all others are tested at every level.

pub mod blocked;
mod copy_list;
mod dot;
mod lanes;
pub mod reference;
pub mod rows;
pub mod step;
pub mod tensors;
mod tiny;
pub mod workers;
