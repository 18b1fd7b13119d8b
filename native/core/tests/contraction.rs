//! The fast contraction compared with the reference, on random modes, at every SIMD level.

mod random;

use random::{random_modes, Random, BATCH, K, M, N};
use std::sync::atomic::AtomicBool;
use taizhang_core::kernels::reference;
use taizhang_core::kernels::step::{StepKernel, StepReal};
use taizhang_core::kernels::tensors::Tensors;
use taizhang_core::kernels::workers::Workers;
use taizhang_core::number::Complex;
use taizhang_core::program::modes::{extent, volume, Mode};
use taizhang_core::simd::level::SimdLevel;

const ANY: [u8; 4] = [0b000, 0b001, 0b010, 0b100];

fn check<T: StepReal>(random: &mut Random, modes: &[Mode], level: SimdLevel, tolerance: f64) {
    // Stage 1: random operands, and the result expected.
    let spare = random.below(3);
    let a = random.tensor::<T>(extent(modes, |mode| mode.a) + spare);
    let b = random.tensor::<T>(extent(modes, |mode| mode.b) + spare);
    let untouched = Complex::new(T::from_f64(77.0), T::from_f64(-77.0));
    let mut expected = vec![untouched; extent(modes, |mode| mode.out) + random.below(20)];
    let mut actual = expected.clone();
    let scale = T::from_f64([1.0, 0.25, 8.0][random.below(3)]);
    let largest = reference::contract(modes, &a, &b, &mut expected, scale).to_f64();
    // Stage 2: the kernel with one thread and with two, element by element.
    let kernel = StepKernel::<T>::compile(modes, level);
    for threads in [1, 2] {
        actual.fill(untouched);
        let mut workspace = vec![untouched; kernel.workspace_len(threads)];
        let tensors = Tensors {
            a: &a,
            b: &b,
            out: &mut actual,
            scale,
            workspace: &mut workspace,
        };
        let actual_largest = kernel.run(tensors, threads.into()).to_f64();
        let terms: usize = modes
            .iter()
            .filter(|mode| mode.out == 0)
            .map(|mode| mode.size)
            .product();
        let bound = tolerance * scale.to_f64() * (terms as f64).sqrt().max(1.0);
        for (index, (x, y)) in expected.iter().zip(&actual).enumerate() {
            let error = (x.re.to_f64() - y.re.to_f64())
                .abs()
                .max((x.im.to_f64() - y.im.to_f64()).abs());
            assert!(
                error <= bound,
                "element {index}: expected {x:?}, got {y:?} at {level:?} of {modes:?}"
            );
        }
        assert!(
            (largest - actual_largest).abs() <= bound,
            "expected largest {largest}, got {actual_largest}: {modes:?}"
        );
    }
}

fn check_all(groups: impl Fn(&mut Random) -> Vec<(u8, usize)>, cases: usize, seed: u64) {
    let cases = if std::env::var_os("TAIZHANG_FEW_CASES").is_some() {
        cases / 20 + 1
    } else {
        cases
    };
    for level in SimdLevel::available() {
        let mut random = Random(seed);
        for _ in 0..cases {
            let groups = groups(&mut random);
            let modes = random_modes(&mut random, &groups);
            if volume(&modes) > 1 << 18 {
                continue;
            }
            check::<f32>(&mut random, &modes, level, 2e-5);
            check::<f64>(&mut random, &modes, level, 5e-14);
        }
    }
}

#[test]
fn matrix_products_are_right() {
    check_all(|r| vec![(M, 2 + r.below(6)), (N, r.below(6)), (K, r.below(6))], 150, 1);
}

#[test]
fn products_with_hyperindices_that_stay_are_right() {
    check_all(
        |r| {
            vec![
                (BATCH, 1 + r.below(6)),
                (M, r.below(6)),
                (N, r.below(4)),
                (K, r.below(4)),
            ]
        },
        150,
        2,
    );
}

#[test]
fn long_sums_are_right() {
    check_all(
        |r| {
            vec![
                (BATCH, r.below(2)),
                (M, r.below(6)),
                (N, r.below(3)),
                (K, 8 + r.below(4)),
            ]
        },
        60,
        3,
    );
}

#[test]
fn dot_products_are_right() {
    check_all(|r| vec![(K, 8 + r.below(8)), (N, r.below(2))], 40, 4);
}

#[test]
fn outer_products_are_right() {
    check_all(|r| vec![(M, r.below(8)), (N, r.below(8))], 60, 5);
}

#[test]
fn elementwise_products_are_right() {
    check_all(|r| vec![(BATCH, 1 + r.below(10)), (M, r.below(4))], 60, 6);
}

#[test]
fn small_gates_on_large_tensors_are_right() {
    check_all(|r| vec![(M, 9 + r.below(4)), (N, r.below(4)), (K, r.below(4))], 60, 7);
}

#[test]
fn every_combination_of_modes_is_right() {
    let any = |r: &mut Random| ANY[r.below(4)];
    check_all(
        |r| {
            vec![
                (BATCH, r.below(4)),
                (M, r.below(4)),
                (N, r.below(4)),
                (K, r.below(4)),
                (any(r), r.below(4)),
                (any(r), 1),
            ]
        },
        200,
        8,
    );
}

#[test]
fn tiny_steps_are_right() {
    check_all(
        |r| {
            vec![
                (BATCH, r.below(2)),
                (M, r.below(3)),
                (N, r.below(3)),
                (K, r.below(3)),
                (ANY[r.below(4)], r.below(2)),
            ]
        },
        200,
        9,
    );
}

#[test]
fn large_outputs_are_right_past_the_caches() {
    let mut random = Random(10);
    for level in SimdLevel::available() {
        // 2^21 elements of the output, two summed loops at the bottom of the large operand.
        let modes = [
            Mode {
                size: 1 << 19,
                a: 4,
                b: 0,
                out: 1,
            },
            Mode {
                size: 2,
                a: 1,
                b: 4,
                out: 0,
            },
            Mode {
                size: 2,
                a: 2,
                b: 8,
                out: 0,
            },
            Mode {
                size: 4,
                a: 0,
                b: 1,
                out: 1 << 19,
            },
        ];
        check::<f32>(&mut random, &modes, level, 2e-5);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let mut random = Random(11);
    for _ in 0..10 {
        let groups = [(M, 8), (N, 3), (K, 9), (BATCH, random.below(3))];
        let modes = random_modes(&mut random, &groups);
        let a = random.tensor::<f32>(extent(&modes, |mode| mode.a));
        let b = random.tensor::<f32>(extent(&modes, |mode| mode.b));
        let kernel = StepKernel::<f32>::compile(&modes, SimdLevel::detect());
        let run = |threads| {
            let mut out = vec![Complex::new(0.0, 0.0); extent(&modes, |mode| mode.out)];
            let mut workspace = vec![Complex::new(0.0, 0.0); kernel.workspace_len(threads)];
            let largest = kernel.run(
                Tensors {
                    a: &a,
                    b: &b,
                    out: &mut out,
                    scale: 1.0,
                    workspace: &mut workspace,
                },
                threads.into(),
            );
            (out, largest)
        };
        let one = run(1);
        assert!((2..5).all(|threads| run(threads) == one));
    }
}

#[test]
fn a_stopped_step_is_left_unfinished() {
    let mut random = Random(5);
    let modes = random_modes(&mut random, &[(M, 14), (N, 6), (K, 5)]);
    let a = random.tensor::<f32>(extent(&modes, |mode| mode.a));
    let b = random.tensor::<f32>(extent(&modes, |mode| mode.b));
    let kernel = StepKernel::<f32>::compile(&modes, SimdLevel::detect());
    for threads in 1..3 {
        let touched = |stop: bool| {
            let stop = AtomicBool::new(stop);
            let mut out = vec![Complex::new(f32::MAX, 0.0); extent(&modes, |mode| mode.out)];
            let mut workspace = vec![Complex::new(0.0, 0.0); kernel.workspace_len(threads)];
            kernel.run(
                Tensors {
                    a: &a,
                    b: &b,
                    out: &mut out,
                    scale: 1.0,
                    workspace: &mut workspace,
                },
                Workers::until(threads, &stop),
            );
            out.iter().filter(|value| value.re != f32::MAX).count()
        };
        assert!(8 * touched(true) < touched(false));
    }
}
