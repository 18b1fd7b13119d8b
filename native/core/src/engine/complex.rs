//! The numbers of the engine: complex, interleaved in memory, over `f32` or `f64`.

use super::dot::SumChunks;
use super::level::SimdLevel;
use super::simd::{dispatch, Simd};
use super::simd_portable::Portable;
use super::tiles::RunTiles;
#[cfg(target_arch = "x86_64")]
use super::{simd_avx2, simd_avx512};
pub use num_complex::Complex;
use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// A real number type the kernels are written for: `f32` or `f64`.
pub trait Real:
    Copy
    + Debug
    + PartialOrd
    + Send
    + Sync
    + Default
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// Its vectors at each level.
    type Portable: Simd<Real = Self>;
    /// Its vectors at each level.
    #[cfg(target_arch = "x86_64")]
    type Avx2: Simd<Real = Self>;
    /// Its vectors at each level.
    #[cfg(target_arch = "x86_64")]
    type Avx512: Simd<Real = Self>;
    /// Runs blocks of a contraction. Here, so that the kernels are compiled once, in this crate.
    fn run_tiles(level: SimdLevel, work: RunTiles<'_, Self>) -> Self;
    /// Sums chunks of a contraction to a few numbers; as above.
    fn sum_chunks(level: SimdLevel, work: SumChunks<'_, Self>);
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Rounds to this type.
    fn from_f64(value: f64) -> Self;
    /// Widens exactly.
    fn to_f64(self) -> f64;
    /// Absolute value.
    fn abs(self) -> Self;
}

impl Real for f32 {
    type Portable = Portable<f32>;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = simd_avx2::Avx2F32;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = simd_avx512::Avx512F32;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn run_tiles(level: SimdLevel, work: RunTiles<'_, Self>) -> Self {
        dispatch(level, work)
    }
    fn sum_chunks(level: SimdLevel, work: SumChunks<'_, Self>) {
        dispatch(level, work);
    }
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn abs(self) -> Self {
        f32::abs(self)
    }
}

impl Real for f64 {
    type Portable = Portable<f64>;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = simd_avx2::Avx2F64;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = simd_avx512::Avx512F64;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    fn run_tiles(level: SimdLevel, work: RunTiles<'_, Self>) -> Self {
        dispatch(level, work)
    }
    fn sum_chunks(level: SimdLevel, work: SumChunks<'_, Self>) {
        dispatch(level, work);
    }
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn abs(self) -> Self {
        f64::abs(self)
    }
}

/// The larger of two magnitudes; a NaN on the left is dropped, one on the right is kept or dropped.
#[inline(always)]
pub fn larger<T: Real>(left: T, right: T) -> T {
    if left > right {
        left
    } else {
        right
    }
}
