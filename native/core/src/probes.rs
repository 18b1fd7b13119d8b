//! Measured peaks of the machine, which steps are compared with and costs predicted from.

use crate::kernels::step::{StepKernel, StepReal};
use crate::kernels::tensors::Tensors;
use crate::number::{Complex, Real};
use crate::program::modes::Mode;
use crate::simd::instructions::Kernel;
use crate::simd::instructions::VectorReal;
use crate::simd::level::dispatch;
use crate::simd::level::SimdLevel;
use crate::simd::vector::{sum_of_lanes, Simd};
use std::hint::black_box;
use std::time::Instant;

/// Complex multiply-adds a second of one core, with all operands in registers.
pub fn peak_multiply_adds<T: VectorReal>(level: SimdLevel) -> f64 {
    const ROUNDS: usize = 100_000;
    struct Peak;
    impl<T: Real> Kernel<T> for Peak {
        type Output = (usize, T);
        #[inline(always)]
        unsafe fn run<S: Simd<Real = T>>(self) -> (usize, T) {
            // SAFETY: arithmetic alone.
            unsafe {
                let (x, y) = (
                    S::splat(black_box(T::from_f64(1e-3))),
                    S::splat(black_box(T::from_f64(0.5))),
                );
                let mut sums = [S::splat(T::ONE); 10];
                for _ in 0..ROUNDS {
                    for sum in &mut sums {
                        *sum = S::mul_add(*sum, y, x);
                    }
                }
                let total = sums
                    .into_iter()
                    .fold(S::splat(T::ZERO), |total, sum| S::add(total, sum));
                // Four real multiply-adds make a complex one.
                (ROUNDS * sums.len() * S::LANES / 4, sum_of_lanes::<S>(total))
            }
        }
    }
    let run = || {
        let start = Instant::now();
        let (count, total): (usize, T) = dispatch(level, Peak);
        black_box(total);
        count as f64 / start.elapsed().as_secs_f64()
    };
    (0..50).map(|_| run()).fold(0.0, f64::max)
}

/// Seconds to copy `bytes` bytes, best of a few, by `threads` threads of the current rayon pool.
pub fn copy_seconds(bytes: usize, threads: usize) -> f64 {
    let len = (bytes / 8).max(1);
    let from = vec![1u64; len];
    let mut to = vec![2u64; len];
    let part = len.div_ceil(threads.max(1));
    let mut run = || {
        let start = Instant::now();
        if threads <= 1 {
            to.copy_from_slice(&from);
        } else {
            rayon::scope(|scope| {
                for (to, from) in to.chunks_mut(part).zip(from.chunks(part)) {
                    scope.spawn(move |_| to.copy_from_slice(from));
                }
            });
        }
        black_box(&mut to);
        start.elapsed().as_secs_f64()
    };
    run();
    (0..5).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// Best seconds of `repeats` runs of `out[m, n] = a[m, k] b[k, n]`, all row-major, by up to `threads` threads.
pub fn contraction_seconds<T: StepReal>(m: usize, n: usize, k: usize, threads: usize, repeats: usize) -> f64 {
    let modes = [
        Mode {
            size: m,
            a: k,
            b: 0,
            out: n,
        },
        Mode {
            size: n,
            a: 0,
            b: 1,
            out: 1,
        },
        Mode {
            size: k,
            a: 1,
            b: n,
            out: 0,
        },
    ];
    let kernel = StepKernel::<T>::compile(&modes, SimdLevel::detect());
    let number = |value: f64| Complex::new(T::from_f64(value), T::from_f64(-value));
    let (a, b) = (vec![number(0.5); m * k], vec![number(0.25); k * n]);
    let mut out = vec![number(0.0); m * n];
    let mut workspace = vec![number(0.0); kernel.workspace_len(threads)];
    let mut run = || {
        let start = Instant::now();
        let tensors = Tensors {
            a: &a,
            b: &b,
            out: &mut out,
            scale: T::ONE,
            workspace: &mut workspace,
        };
        black_box(kernel.run(tensors, threads.into()));
        start.elapsed().as_secs_f64()
    };
    run();
    (0..repeats.max(1)).map(|_| run()).fold(f64::INFINITY, f64::min)
}
