//! Execution of compiled contraction programs.
//!
//! A step multiplies two tensors and sums the indices that end there. [`step::StepKernel`] is one step compiled:
//! every decision (which loop is vectorised, how the operands are packed, how blocks fit the caches) is taken once.

pub mod accumulate;
pub mod arena;
pub mod complex;
pub mod level;
pub mod modes;
pub mod pool;
pub mod program;
pub mod reference;
pub mod run;
pub mod step;
