//! Running compiled programs: memory, workers, slices and their sum.

pub mod accumulate;
pub mod arena;
mod blocks;
mod compiled_step;
pub mod engine;
mod magnitude;
pub mod memory;
mod place_slice;
pub mod pool;
pub mod profile;
