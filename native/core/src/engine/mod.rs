//! Execution of compiled contraction programs.
//!
//! A step multiplies two tensors and sums the indices that end there. [`step::StepKernel`] is one step compiled:
//! every decision (which loop is vectorised, how the operands are packed, how blocks fit the caches) is taken once.

pub mod accumulate;
pub mod arena;
pub mod blocked;
pub mod complex;
pub mod direct;
pub mod dot;
mod estimate;
mod groups;
pub mod lanes;
pub mod layout;
pub mod level;
pub mod lines;
mod loops;
mod magnitude;
pub mod memory;
pub mod microkernel;
pub mod modes;
pub mod moves;
pub mod pack;
mod piecewise;
pub mod pool;
pub mod probes;
pub mod profile;
pub mod program;
pub mod reference;
mod result;
pub mod rows;
pub mod run;
pub mod simd;
#[cfg(target_arch = "x86_64")]
pub mod simd_avx2;
#[cfg(target_arch = "x86_64")]
pub mod simd_avx512;
pub mod simd_portable;
pub mod slow;
pub mod step;
pub mod tiles;
pub mod workers;
