//! Speed of every kind of step, compared with the peaks of this machine measured in the same run.
//!
//! `cargo bench --bench contraction [-- FILTER]`. A line has the shape (log2 sizes), the time of a run (best of
//! several), its rate, and the fraction of the roofline: the larger of multiply-adds at the measured peak and bytes
//! at the measured copy bandwidth. Each case states the fraction it is expected to reach on AVX-512.

use std::hint::black_box;
use taizhang_core::kernels::step::{StepKernel, StepReal};
use taizhang_core::kernels::tensors::Tensors;
use taizhang_core::number::{Complex, Real};
use taizhang_core::probes;
use taizhang_core::program::modes::Mode;
use taizhang_core::simd::level::SimdLevel;

/// A step by the letters of its indices (all of size 2), slowest first: `a,b->out`.
fn modes(a: &str, b: &str, out: &str) -> Vec<Mode> {
    let stride = |tensor: &str, index: char| match tensor.chars().rev().position(|other| other == index) {
        Some(place) => 1usize << place,
        None => 0,
    };
    let mut indices: Vec<char> = a.chars().chain(b.chars()).chain(out.chars()).collect();
    indices.sort_unstable();
    indices.dedup();
    let mode = |index: &char| Mode {
        size: 2,
        a: stride(a, *index),
        b: stride(b, *index),
        out: stride(out, *index),
    };
    indices.iter().map(mode).collect()
}

/// Letters for `count` indices from `first` on.
fn letters(first: char, count: usize) -> String {
    (0..count as u32)
        .filter_map(|place| char::from_u32(first as u32 + place))
        .collect()
}

/// Numbers aligned as the pool of the engine aligns them, faulted in.
fn tensor<T: Real>(modes: &[Mode], stride: impl Fn(&Mode) -> usize) -> (Vec<Complex<T>>, usize) {
    let len = 1 + modes.iter().map(|mode| (mode.size - 1) * stride(mode)).sum::<usize>();
    let value = |index: usize| T::from_f64((index % 7) as f64 - 3.0);
    let numbers: Vec<Complex<T>> = (0..len + 8)
        .map(|index| Complex::new(value(index), value(index + 1)))
        .collect();
    let skip = numbers.as_ptr().align_offset(64).min(7);
    (numbers, skip)
}

/// Seconds: CPU time of this thread for one thread, so that a busy machine disturbs less; wall time for more.
fn clock(threads: usize) -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let which = if threads == 1 {
        libc::CLOCK_THREAD_CPUTIME_ID
    } else {
        libc::CLOCK_MONOTONIC
    };
    // SAFETY: `now` is a valid place for the answer.
    unsafe { libc::clock_gettime(which, &mut now) };
    now.tv_sec as f64 + 1e-9 * now.tv_nsec as f64
}

/// Best seconds of a run.
fn seconds<T: StepReal>(modes: &[Mode], level: SimdLevel, threads: usize) -> f64 {
    let kernel = StepKernel::<T>::compile(modes, level);
    let (a, skip_a) = tensor::<T>(modes, |mode| mode.a);
    let (b, skip_b) = tensor::<T>(modes, |mode| mode.b);
    let (mut out, skip_out) = tensor::<T>(modes, |mode| mode.out);
    let mut workspace = vec![Complex::new(T::ZERO, T::ZERO); kernel.workspace_len(threads)];
    let mut run = |repeats: usize| {
        let start = clock(threads);
        for _ in 0..repeats {
            let tensors = Tensors {
                a: &a[skip_a..],
                b: &b[skip_b..],
                out: &mut out[skip_out..],
                scale: T::ONE,
                workspace: &mut workspace,
            };
            black_box(kernel.run(tensors, threads.into()));
        }
        (clock(threads) - start) / repeats as f64
    };
    run(1);
    let repeats = (0.004 / run(1)).clamp(1.0, 1e5) as usize;
    (0..15).map(|_| run(repeats)).fold(f64::INFINITY, f64::min)
}

struct Case {
    name: &'static str,
    a: String,
    b: String,
    out: String,
    expected: f64,
}

fn case(name: &'static str, a: &str, b: &str, out: &str, expected: f64) -> Case {
    Case {
        name,
        a: a.into(),
        b: b.into(),
        out: out.into(),
        expected,
    }
}

/// The kinds of steps that networks of circuits have. Capital letters: indices of `a` kept; `0..`: summed.
fn cases() -> Vec<Case> {
    // Stage 1: matrix products.
    let kept = |count| letters('A', count);
    let new = |count| letters('a', count);
    let summed = |count| letters('\u{3b1}', count);
    let (m11, n11, k11) = (kept(10), new(10), summed(10));
    let mut cases = vec![
        case(
            "matrix product, m n k = 10",
            &format!("{m11}{k11}"),
            &format!("{k11}{n11}"),
            &format!("{n11}{m11}"),
            0.75,
        ),
        case(
            "matrix product, k high",
            &format!("{k11}{m11}"),
            &format!("{k11}{n11}"),
            &format!("{n11}{m11}"),
            0.75,
        ),
        case(
            "product, m 16 n 8 k 9, bits mixed",
            &format!(
                "{}{}{}{}{}",
                kept(4),
                summed(4),
                &kept(10)[4..],
                "ζηθικ".chars().take(5).collect::<String>(),
                &kept(16)[10..]
            ),
            &format!("{}{}{}", new(4), "αβγδζηθικ", &new(8)[4..]),
            &format!("{}{}", new(8), kept(16)),
            0.75,
        ),
    ];
    // Stage 2: a gate of two qubits on a large tensor, by where its bits are: the output bits go high.
    for (name, a) in [
        ("gate 2+2, bits high", format!("αβ{}", kept(22))),
        (
            "gate 2+2, bits in the middle",
            format!("{}αβ{}", kept(12), &kept(22)[12..]),
        ),
        (
            "gate 2+2, bits 3 and 9",
            format!("{}α{}β{}", kept(13), &kept(18)[13..], &kept(22)[18..]),
        ),
        ("gate 2+2, bits low", format!("{}αβ", kept(22))),
        ("gate 2+2, one bit low", format!("{}α{}β", kept(12), &kept(22)[12..])),
    ] {
        cases.push(case(name, &a, "αβab", &format!("ab{}", kept(22)), 0.8));
    }
    // Stage 3: other gates, batches, products of vectors, permutations, sums and small steps.
    cases.extend([
        case(
            "gate 2+2 in place",
            &format!("{}αβ{}", kept(12), &kept(22)[12..]),
            "αβab",
            &format!("{}ab{}", kept(12), &kept(22)[12..]),
            0.8,
        ),
        case(
            "gate 4 summed, 4 new",
            &format!("{}αβγδ{}", kept(10), &kept(20)[10..]),
            "αβγδabcd",
            &format!("abcd{}", kept(20)),
            0.8,
        ),
        case(
            "gate 5 summed, 2 new",
            &format!("{}αβγδε{}", kept(10), &kept(20)[10..]),
            "αβγδεab",
            &format!("ab{}", kept(20)),
            0.8,
        ),
        case(
            "gate 3+3, low",
            &format!("{}αβγ", kept(21)),
            "αβγabc",
            &format!("abc{}", kept(21)),
            0.8,
        ),
        case(
            "diagonal gate, bits high",
            &format!("xy{}", kept(22)),
            "xy",
            &format!("xy{}", kept(22)),
            0.8,
        ),
        case(
            "diagonal gate, bits low",
            &format!("{}xy", kept(22)),
            "xy",
            &format!("{}xy", kept(22)),
            0.8,
        ),
        case(
            "diagonal gate, bits 1 and 14",
            &format!("{}x{}y{}", kept(8), &kept(21)[8..], &kept(22)[21..]),
            "xy",
            &format!("{}x{}y{}", kept(8), &kept(21)[8..], &kept(22)[21..]),
            0.8,
        ),
        case(
            "batch 2, m 19 n 3 k 3, batch high",
            &format!("xy{}αβγ{}", kept(9), &kept(19)[9..]),
            "xyαβγabc",
            &format!("xyabc{}", kept(19)),
            0.8,
        ),
        case(
            "batch 2, m 19 n 3 k 3, batch low",
            &format!("{}αβγxy", kept(19)),
            "abcαβγxy",
            &format!("abc{}xy", kept(19)),
            0.8,
        ),
        case(
            "batch 4, m 12 n 10 k 6",
            &format!("wxyz{}αβγδεζ{}", kept(6), &kept(12)[6..]),
            &format!("wxyzαβγδεζ{}", new(10)),
            &format!("wxyz{}{}", new(10), kept(12)),
            0.75,
        ),
        case(
            "outer product 12 + 12",
            &kept(12),
            &new(12),
            &format!("{}{}", new(12), kept(12)),
            0.8,
        ),
        case("dot product 22", &kept(22), &kept(22), "", 0.8),
        case(
            "dot product 22, permuted",
            &kept(22),
            &format!("{}{}", &kept(22)[11..], kept(11)),
            "",
            0.4,
        ),
        case(
            "matrix times vector, 12 x 12",
            &format!("{}{}", kept(12), letters('\u{3b1}', 12)),
            &letters('\u{3b1}', 12),
            &kept(12),
            0.8,
        ),
        case(
            "vector times matrix, 12 x 12",
            &format!("{}{}", letters('\u{3b1}', 12), kept(12)),
            &letters('\u{3b1}', 12),
            &kept(12),
            0.8,
        ),
        case(
            "permutation, rank 24 reversed",
            &kept(24),
            "",
            &kept(24).chars().rev().collect::<String>(),
            0.5,
        ),
        case("sum over 4 low bits", &format!("{}αβγδ", kept(20)), "", &kept(20), 0.8),
        case(
            "small: m 5 n 2 k 2",
            &format!("αβ{}", kept(5)),
            "αβab",
            &format!("ab{}", kept(5)),
            0.1,
        ),
        case(
            "small: m 8 n 4 k 3",
            &format!("αβγ{}", kept(8)),
            "αβγabcd",
            &format!("abcd{}", kept(8)),
            0.3,
        ),
        case("tiny: m 2 n 1 k 1", "ABα", "αa", "aAB", 0.0),
        case("tiny: m 2 n 2 k 2", "αβAB", "αβab", "abAB", 0.0),
    ]);
    cases
}

fn bench<T: StepReal>(name: &str, level: SimdLevel, threads: usize, filter: &str) {
    let peak = probes::peak_multiply_adds::<T>(level);
    let copy = 1.0 / (probes::copy_seconds(1 << 28, threads) / (2u64 << 28) as f64);
    println!(
        "\n{name}, {}, {threads} thread(s): peak {:.1} GFLOP/s a core, copy {:.1} GB/s",
        level.name(),
        8e-9 * peak,
        1e-9 * copy
    );
    println!(
        "{:36} {:>10} {:>9} {:>8} {:>9} {:>9}",
        "step", "seconds", "GFLOP/s", "GB/s", "roofline", "expected"
    );
    for case in cases().iter().filter(|case| case.name.contains(filter)) {
        let modes = modes(&case.a, &case.b, &case.out);
        let seconds = seconds::<T>(&modes, level, threads);
        let multiply_adds: f64 = modes.iter().map(|mode| mode.size as f64).product();
        let elements: f64 = [&case.a, &case.b, &case.out]
            .iter()
            .map(|t| (t.chars().count() as f64).exp2())
            .sum();
        let bytes = elements * size_of::<Complex<T>>() as f64;
        let roofline = (multiply_adds / (peak * threads as f64)).max(bytes / copy);
        println!(
            "{:36} {:>10.3e} {:>9.1} {:>8.1} {:>9.2} {:>9.2}",
            case.name,
            seconds,
            8e-9 * multiply_adds / seconds,
            1e-9 * bytes / seconds,
            roofline / seconds,
            case.expected
        );
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let filter = arguments.first().map_or("", String::as_str);
    let every = std::env::var_os("TAIZHANG_BENCH_ALL").is_some();
    let level = SimdLevel::detect();
    bench::<f32>("complex64", level, 1, filter);
    if every {
        bench::<f64>("complex128", level, 1, filter);
        for lower in SimdLevel::available().filter(|lower| *lower < level) {
            bench::<f32>("complex64", lower, 1, filter);
        }
        bench::<f32>("complex64", level, 2, filter);
    }
}
