//! Time of each step of a program by itself.
//!
//! `python -m benchmarks.steps TREE > FILE`, then `cargo bench --bench steps -- FILE [TOP] [NUMBER..]`. Prints the TOP
//! slowest steps (or the steps of these numbers): log2 sizes of the GEMM (m, n, k, batch); how it is computed; seconds and rate of all its runs in a slice, and the fraction of the roofline.
//! Times are of this thread alone, the best of a few, so that a busy machine disturbs less. `TAIZHANG_SIMD` chooses
//! the instructions.

use std::hint::black_box;
use std::time::Duration;
use taizhang_core::kernels::step::StepKernel;
use taizhang_core::kernels::tensors::Tensors;
use taizhang_core::number::Complex;
use taizhang_core::probes;
use taizhang_core::program::modes::Mode;
use taizhang_core::simd::level::SimdLevel;

struct Step {
    number: usize,
    runs: usize,
    lengths: [usize; 3],
    modes: Vec<Mode>,
}

fn step(line: &str) -> Step {
    let words: Vec<usize> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
    Step {
        number: words[0],
        runs: words[1],
        lengths: [words[2], words[3], words[4]],
        modes: words[5..]
            .chunks_exact(4)
            .map(|cells| Mode {
                size: cells[0],
                a: cells[1],
                b: cells[2],
                out: cells[3],
            })
            .collect(),
    }
}

/// Seconds that this thread has run.
fn thread_seconds() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid place for the answer.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    now.tv_sec as f64 + 1e-9 * now.tv_nsec as f64
}

type Number = Complex<f32>;

/// Memory for the tensors of any step, in huge pages where the system gives them.
struct Memory {
    tensors: [Vec<Number>; 3],
}

impl Memory {
    fn new(steps: &[Step]) -> Self {
        let number = |index: usize| Number::new((index % 7) as f32 - 3.0, (index % 5) as f32 - 2.0);
        let tensor = |which: usize| {
            let len = steps.iter().map(|step| step.lengths[which]).max().unwrap_or(0) + 8;
            let mut numbers: Vec<Number> = Vec::with_capacity(len);
            // SAFETY: the range is that of the vector's own memory; advice changes nothing in it.
            #[cfg(target_os = "linux")]
            unsafe {
                let start = numbers.as_mut_ptr().cast::<u8>();
                let skip = start.align_offset(4096);
                if 8 * len > skip {
                    libc::madvise(start.add(skip).cast(), 8 * len - skip, libc::MADV_HUGEPAGE);
                }
            }
            numbers.extend((0..len).map(number));
            numbers
        };
        Self {
            tensors: std::array::from_fn(tensor),
        }
    }

    /// Best seconds of one run.
    fn seconds(&mut self, step: &Step, kernel: &StepKernel<f32>, workspace: &mut [Number]) -> f64 {
        let [a, b, out] = &mut self.tensors;
        let skip = |numbers: &[Number]| numbers.as_ptr().align_offset(64).min(7);
        let (a, b, skip_out) = (&a[skip(a)..], &b[skip(b)..], skip(out));
        let mut run = |repeats: usize| {
            let start = thread_seconds();
            for _ in 0..repeats {
                let tensors = Tensors {
                    a,
                    b,
                    out: &mut out[skip_out..][..step.lengths[2]],
                    scale: 1.0,
                    workspace: &mut *workspace,
                };
                black_box(kernel.run(tensors, 1.into()));
            }
            (thread_seconds() - start) / repeats as f64
        };
        let first = run(1);
        let repeats = (5e-4 / first).clamp(1.0, 1e4) as usize;
        let rounds = (0.6 / (first * repeats as f64)).clamp(3.0, 400.0) as usize;
        (0..rounds).map(|_| run(repeats)).fold(f64::INFINITY, f64::min)
    }
}

fn log2_shape(modes: &[Mode]) -> [f64; 4] {
    let mut shape = [0.0; 4];
    for mode in modes {
        let kind = match mode {
            Mode { out: 0, .. } => 2,
            Mode { b: 0, .. } => 0,
            Mode { a: 0, .. } => 1,
            _ => 3,
        };
        shape[kind] += (mode.size as f64).log2();
    }
    shape
}

fn main() {
    // Stage 1: the arguments and the steps of the file.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let Some(file) = words.first() else {
        println!("expected a file of steps, got none; make one with benchmarks/steps.py");
        return;
    };
    let top: usize = words.get(1).map_or(25, |word| word.parse().expect("a number"));
    let only: Vec<usize> = words
        .iter()
        .skip(2)
        .map(|word| word.parse().expect("a number"))
        .collect();
    let text = std::fs::read_to_string(file).expect("a file");
    let mut steps: Vec<Step> = text.lines().map(step).collect();
    steps.retain(|step| only.is_empty() || only.contains(&step.number));
    // Stage 2: the peaks of the machine.
    let level = SimdLevel::detect();
    let mut memory = Memory::new(&steps);
    let peak = probes::peak_multiply_adds::<f32>(level);
    let copy = 1.0 / (probes::copy_seconds(1 << 28, 1) / (2u64 << 28) as f64);
    println!(
        "{}: peak {:.1} GFLOP/s, copy {:.1} GB/s",
        level.name(),
        8e-9 * peak,
        1e-9 * copy
    );
    std::thread::sleep(Duration::from_millis(1));
    // Stage 3: time every step.
    let mut lines = Vec::new();
    for step in &steps {
        let kernel = StepKernel::<f32>::compile(&step.modes, level);
        let mut workspace = vec![Number::new(0.0, 0.0); kernel.workspace_len(1)];
        // The speed of a shared machine varies: measure its peak with every step.
        let before = probes::peak_multiply_adds::<f32>(level);
        let seconds = memory.seconds(step, &kernel, &mut workspace) * step.runs as f64;
        let peak = before.max(probes::peak_multiply_adds::<f32>(level));
        let volume: f64 = step.modes.iter().map(|mode| mode.size as f64).product();
        let multiply_adds = volume * step.runs as f64;
        let bytes = 8.0 * step.lengths.iter().map(|len| *len as f64).sum::<f64>();
        let roofline = (multiply_adds / peak).max(if step.runs == 1 { bytes / copy } else { 0.0 });
        lines.push((seconds, roofline, multiply_adds, bytes, step, kernel.to_string()));
    }
    // Stage 4: the table, slowest steps first.
    lines.sort_by(|x, y| y.0.total_cmp(&x.0));
    let total: f64 = lines.iter().map(|line| line.0).sum();
    let bound: f64 = lines.iter().map(|line| line.1).sum();
    println!("all steps {total:.3} s, roofline {bound:.3} s, {:.2}", bound / total);
    println!(
        "{:>5} {:>7} {:>22} {:>9} {:>6} {:>8} {:>8} {:>8}  how",
        "step", "runs", "m n k batch", "seconds", "share", "GFLOP/s", "GB/s", "roofline"
    );
    for (seconds, roofline, multiply_adds, bytes, step, how) in lines.iter().take(top) {
        let [m, n, k, batch] = log2_shape(&step.modes);
        println!(
            "{:>5} {:>7} {:>22} {:>9.4} {:>6.3} {:>8.1} {:>8.1} {:>8.2}  {how}",
            step.number,
            step.runs,
            format!("{m:.0} {n:.0} {k:.0} {batch:.0}"),
            seconds,
            seconds / total,
            8e-9 * multiply_adds / seconds,
            1e-9 * bytes / seconds,
            roofline / seconds,
        );
    }
}
