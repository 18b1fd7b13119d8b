//! Speed of sparse-state steps, compared with the peaks of this machine measured in the same run.
//!
//! `cargo bench --bench rows`. A line has the log2 sizes of the contraction within a row, how many rows each operand has,
//! the time of a run, its rate, and the fraction of the roofline: the larger of multiply-adds at the measured peak and
//! bytes of the rows read and written at the measured copy bandwidth. Each case states the fraction it is expected to reach
//! on AVX-512. `TAIZHANG_SIMD` chooses the instructions.

use std::hint::black_box;
use std::time::Instant;
use taizhang_core::kernels::rows::{RowKernel, Rows};
use taizhang_core::kernels::tensors::Tensors;
use taizhang_core::number::Complex;
use taizhang_core::probes;
use taizhang_core::program::modes::Mode;
use taizhang_core::program::RowPick;
use taizhang_core::simd::level::SimdLevel;

/// Rows of the output.
const NUM_ROWS: usize = 1 << 12;

/// A matrix product within each row.
struct Case {
    m: usize,
    n: usize,
    k: usize,
    /// Rows of the first and of the second operand, at most 256.
    rows: [usize; 2],
    expected: f64,
}

/// Best seconds of a run.
fn seconds(case: &Case, level: SimdLevel) -> f64 {
    let Case { m, n, k, rows, .. } = *case;
    let mode = |size, a, b, out| Mode { size, a, b, out };
    let modes = [mode(m, 1, 0, 1), mode(n, 0, 1, m), mode(k, m, n, 0)];
    let pick = RowPick {
        a: vec![(Some(0), m * k)],
        b: vec![(Some(1), k * n)],
        a_elements: m * k,
        out_elements: m * n,
    };
    let digit = |row: usize, count: usize| ((row * 2_654_435_761) >> 7) % count;
    let digits: Vec<u8> = rows
        .iter()
        .flat_map(|&count| (0..NUM_ROWS).map(move |row| digit(row + count, count) as u8))
        .collect();
    let output_rows = Rows {
        digits: &digits,
        num_rows: NUM_ROWS,
        sizes: &rows,
    };
    let numbers = |len: usize| vec![Complex::new(0.5f32, -0.25); len];
    let (a, b) = (numbers(rows[0] * m * k), numbers(rows[1] * k * n));
    let mut out = numbers(NUM_ROWS * m * n);
    let kernel = RowKernel::<f32>::compile(&modes, &pick, level);
    let mut workspace = numbers(kernel.workspace_len(1));
    let mut run = || {
        let start = Instant::now();
        let tensors = Tensors {
            a: &a,
            b: &b,
            out: &mut out,
            scale: 1.0,
            workspace: &mut workspace,
        };
        black_box(kernel.run(tensors, 1.into(), output_rows));
        start.elapsed().as_secs_f64()
    };
    run();
    (0..15).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn main() {
    // Stage 1: the peaks of the machine.
    let level = SimdLevel::detect();
    let peak = probes::peak_multiply_adds::<f32>(level);
    let copy = 1.0 / (probes::copy_seconds(1 << 28, 1) / (2u64 << 28) as f64);
    println!(
        "{}: peak {:.1} GFLOP/s, copy {:.1} GB/s, {NUM_ROWS} rows",
        level.name(),
        8e-9 * peak,
        1e-9 * copy
    );
    println!(
        "{:>12} {:>9} {:>10} {:>9} {:>9} {:>9}",
        "m n k", "rows", "seconds", "GFLOP/s", "roofline", "expected"
    );
    // Stage 2: time every case.
    let case = |m, n, k, rows, expected| Case {
        m: 1usize << m,
        n: 1usize << n,
        k: 1usize << k,
        rows,
        expected,
    };
    let cases = [
        case(2, 2, 2, [256, 4], 0.1),
        case(4, 2, 2, [256, 4], 0.2),
        case(6, 3, 3, [256, 4], 0.4),
        case(6, 3, 3, [256, 256], 0.4),
        case(8, 2, 2, [256, 16], 0.4),
        case(5, 5, 5, [256, 16], 0.5),
    ];
    for case in &cases {
        let seconds = seconds(case, level);
        let multiply_adds = (NUM_ROWS * case.m * case.n * case.k) as f64;
        let bytes = (NUM_ROWS * case.m * (case.k + case.n) * size_of::<Complex<f32>>()) as f64;
        println!(
            "{:>12} {:>9} {:>10.3e} {:>9.1} {:>9.2} {:>9.2}",
            format!("{} {} {}", case.m.ilog2(), case.n.ilog2(), case.k.ilog2()),
            format!("{}, {}", case.rows[0], case.rows[1]),
            seconds,
            8e-9 * multiply_adds / seconds,
            (multiply_adds / peak).max(bytes / copy) / seconds,
            case.expected
        );
    }
}
