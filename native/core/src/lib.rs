//! The hot loops of taizhang, in pure Rust: contraction-tree search, contraction kernels, light cones,
//! OpenQASM reading.
//!
//! Nothing here depends on Python. Each folder is one noun of the domain.

pub mod cones;
pub mod excerpt;
pub mod kernels;
pub mod lower;
pub mod number;
pub mod openqasm;
pub mod plan;
pub mod probes;
pub mod program;
pub mod run;
pub mod simd;
pub mod underflow;
