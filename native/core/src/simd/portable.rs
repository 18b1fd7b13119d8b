//! Vectors in plain Rust: arrays of four, which compilers turn into the baseline vectors of the machine.

use super::instructions::{Instructions, Kernel, VectorReal, WordKernel};
use super::vector::Simd;
use super::words::Words;
use crate::number::Real;
use std::marker::PhantomData;

/// No special instruction: what every machine has.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

/// Sets of bits, word by word.
#[derive(Clone, Copy, Debug)]
pub struct PortableWords;

impl Words for PortableWords {}

impl Instructions for Portable {
    type F32 = Array<f32>;
    type F64 = Array<f64>;

    fn available() -> bool {
        true
    }

    unsafe fn enter<T: VectorReal, K: Kernel<T>>(kernel: K) -> K::Output {
        // SAFETY: arrays need no special instruction.
        unsafe { kernel.run::<T::Vectors<Self>>() }
    }

    fn has_words() -> bool {
        true
    }

    unsafe fn enter_words<K: WordKernel>(kernel: K) -> K::Output {
        kernel.run(PortableWords)
    }
}

/// Four lanes of `T` without any special instruction.
#[derive(Clone, Copy, Debug)]
pub struct Array<T>(PhantomData<T>);

const LANES: usize = 4;

#[inline(always)]
fn zip<T: Real>(a: [T; LANES], b: [T; LANES], f: impl Fn(T, T) -> T) -> [T; LANES] {
    std::array::from_fn(|lane| f(a[lane], b[lane]))
}

impl<T: Real> Simd for Array<T> {
    type Real = T;
    type Vector = [T; LANES];
    const LANES: usize = LANES;
    const PANEL_VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn splat(value: T) -> [T; LANES] {
        [value; LANES]
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> [T; LANES] {
        // SAFETY: the contract of the trait.
        unsafe { from.cast::<[T; LANES]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(to: *mut T, value: [T; LANES]) {
        // SAFETY: the contract of the trait.
        unsafe { to.cast::<[T; LANES]>().write_unaligned(value) }
    }
    #[inline(always)]
    unsafe fn add(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        zip(a, b, |x, y| x + y)
    }
    #[inline(always)]
    unsafe fn sub(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        zip(a, b, |x, y| x - y)
    }
    #[inline(always)]
    unsafe fn mul(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        zip(a, b, |x, y| x * y)
    }
    #[inline(always)]
    unsafe fn mul_add(a: [T; LANES], b: [T; LANES], c: [T; LANES]) -> [T; LANES] {
        zip(c, zip(a, b, |x, y| x * y), |x, y| x + y)
    }
    #[inline(always)]
    unsafe fn mul_sub_from(a: [T; LANES], b: [T; LANES], c: [T; LANES]) -> [T; LANES] {
        zip(c, zip(a, b, |x, y| x * y), |x, y| x - y)
    }
    #[inline(always)]
    unsafe fn max_abs(a: [T; LANES], b: [T; LANES]) -> [T; LANES] {
        zip(a, b, |x, y| if x.abs() > y.abs() { x.abs() } else { y.abs() })
    }
    #[inline(always)]
    unsafe fn unzip(low: [T; LANES], high: [T; LANES]) -> ([T; LANES], [T; LANES]) {
        ([low[0], low[2], high[0], high[2]], [low[1], low[3], high[1], high[3]])
    }
    #[inline(always)]
    unsafe fn store_complex(to: *mut T, re: [T; LANES], im: [T; LANES]) {
        let pairs: [T; 8] = std::array::from_fn(|part| if part % 2 == 0 { re[part / 2] } else { im[part / 2] });
        // SAFETY: the contract of the trait.
        unsafe { to.cast::<[T; 8]>().write_unaligned(pairs) }
    }
}
