//! Running compiled programs: memory, workers, slices and their sum, many networks at once.

pub mod accumulate;
pub mod arena;
pub mod batch;
mod blocks;
mod compiled_step;
pub mod engine;
mod magnitude;
pub mod memory;
mod place_slice;
pub mod pool;
pub mod profile;
