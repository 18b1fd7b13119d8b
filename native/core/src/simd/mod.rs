//! Vector instructions: one binary holds code for every level and chooses when it runs.
//!
//! Kernels of the engine and of the search are written once, over the traits [`vector::Simd`] and [`words::Words`];
//! [`level::dispatch`] and [`level::dispatch_words`] run them at a level. A further level is one file that implements
//! [`instructions::Instructions`] and one line in the table of `level.rs`.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub mod instructions;
pub mod level;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
pub mod vector;
pub mod words;
#[cfg(target_arch = "x86_64")]
mod x86;
