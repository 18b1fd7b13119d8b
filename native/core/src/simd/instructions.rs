//! What a level of instructions consists of, and how code that is compiled for it is entered.
//!
//! A kernel is a value that implements [`Kernel`] (vectors of real numbers) or [`WordKernel`] (sets of bits): it is
//! written once, and its `run`, always inlined, is compiled once for each level inside [`Instructions::enter`], which
//! carries the `target_feature`s. So one binary holds every level.

use super::vector::Simd;
use super::words::Words;
use crate::number::Real;

/// A set of instructions: its vectors, its sets of bits, and whether the machine has them.
pub trait Instructions: Copy + 'static {
    /// Vectors of `f32`.
    type F32: Simd<Real = f32>;
    /// Vectors of `f64`.
    type F64: Simd<Real = f64>;

    /// Whether the machine has the instructions that vectors need.
    fn available() -> bool;

    /// Runs a kernel with these instructions.
    ///
    /// # Safety
    ///
    /// They are [`available`](Self::available).
    unsafe fn enter<T: VectorReal, K: Kernel<T>>(kernel: K) -> K::Output;

    /// Whether the machine has the instructions that sets of bits need.
    fn has_words() -> bool;

    /// Runs a kernel over sets of bits with these instructions.
    ///
    /// # Safety
    ///
    /// The machine [has them](Self::has_words).
    unsafe fn enter_words<K: WordKernel>(kernel: K) -> K::Output;
}

/// A real number type that every level has vectors of.
pub trait VectorReal: Real {
    /// Its vectors in a set of instructions.
    type Vectors<I: Instructions>: Simd<Real = Self>;
}

impl VectorReal for f32 {
    type Vectors<I: Instructions> = I::F32;
}

impl VectorReal for f64 {
    type Vectors<I: Instructions> = I::F64;
}

/// Work on vectors of real numbers, written once for all levels. `run` must be `#[inline(always)]`.
pub trait Kernel<T: Real> {
    /// What the work returns.
    type Output;
    /// Does the work with the instructions of `S`.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`.
    unsafe fn run<S: Simd<Real = T>>(self) -> Self::Output;
}

/// Work on sets of bits, written once for all levels. `run` must be `#[inline(always)]`.
pub trait WordKernel {
    /// What the work returns.
    type Output;
    /// Does the work; `words` is proof that the machine has its instructions.
    fn run<W: Words>(self, words: W) -> Self::Output;
}
