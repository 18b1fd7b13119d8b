//! Runs a block of steps piece by piece, so that intermediates inside the block never leave the cache.
//!
//! The loops of the block fix some indices of its first tensor that all steps keep. For each of their values all steps
//! run on the rest, a piece; the pieces between steps lie in two places of the thread's workspace, used in turn. Threads
//! take pieces that make whole stretches of the output.

use super::compiled_step::CompiledStep;
use super::memory::View;
use crate::kernels::step::StepReal;
use crate::kernels::tensors::Tensors;
use crate::kernels::workers::Workers;
use crate::number::{larger, Complex, Real};
use crate::program::modes::Mode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// One execution of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockRun<'a, T: Real> {
    pub(super) steps: &'a [CompiledStep<T>],
    /// Factor of each step.
    pub(super) scales: &'a [T],
    pub(super) view: &'a View<'a, T>,
    /// Length of each of the two places for pieces.
    pub(super) piece_len: usize,
    pub(super) profiled: bool,
    pub(super) stop: &'a AtomicBool,
}

/// The result of running a block, or some of its pieces.
#[derive(Clone, Debug)]
pub(super) struct BlockDone<T> {
    /// Largest magnitude of a part written to the output.
    pub(super) largest: T,
    /// Nanoseconds of each step, over all threads; empty unless profiled.
    pub(super) nanoseconds: Vec<u64>,
}

/// Least number of stretches for each thread: enough that all threads end at about the same time.
const STRETCHES_PER_THREAD: usize = 4;

impl<T: StepReal> BlockRun<'_, T> {
    /// Runs all pieces. Each thread uses `per_thread` elements of the workspace.
    pub(super) fn run(&self, out: &mut [Complex<T>], workspace: &mut [Complex<T>], per_thread: usize) -> BlockDone<T> {
        let threads = self.view.threads;
        let done = Mutex::new(BlockDone {
            largest: T::ZERO,
            nanoseconds: vec![0; if self.profiled { self.steps.len() } else { 0 }],
        });
        let (outer, stretch_len) =
            self.stretches(out.len(), if threads > 1 { threads * STRETCHES_PER_THREAD } else { 1 });
        let stretches = Mutex::new(out.chunks_exact_mut(stretch_len).enumerate());
        let take_all = |scratch: &mut [Complex<T>]| loop {
            let next = stretches.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((number, stretch)) = next else { break };
            let part = self.run_stretch(outer, number, stretch, scratch);
            let mut sums = done.lock().unwrap_or_else(PoisonError::into_inner);
            sums.largest = larger(part.largest, sums.largest);
            for (total, more) in sums.nanoseconds.iter_mut().zip(part.nanoseconds) {
                *total += more;
            }
        };
        if threads > 1 {
            rayon::scope(|scope| {
                for scratch in workspace.chunks_exact_mut(per_thread).take(threads) {
                    scope.spawn(|_| take_all(scratch));
                }
            });
        } else {
            take_all(&mut workspace[..per_thread]);
        }
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The outermost loops that cut the output of length `len` into at least `least` stretches, if it has as many;
    /// and the length of a stretch.
    fn stretches(&self, len: usize, least: usize) -> (usize, usize) {
        let (mut outer, mut stretch_len) = (0, len);
        for mode in &self.steps[self.steps.len() - 1].loops {
            if len / stretch_len >= least || mode.out * mode.size != stretch_len {
                break;
            }
            stretch_len = mode.out;
            outer += 1;
        }
        (outer, stretch_len)
    }

    /// Runs the pieces of stretch `number` of the output, which is what the `outer` first loops select.
    fn run_stretch(
        &self,
        outer: usize,
        number: usize,
        stretch: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
    ) -> BlockDone<T> {
        let mut done = BlockDone {
            largest: T::ZERO,
            nanoseconds: vec![0; if self.profiled { self.steps.len() } else { 0 }],
        };
        // Stage 1: where the first piece starts in every tensor.
        let mut places: Vec<[usize; 2]> = self
            .steps
            .iter()
            .map(|step| start_of(&step.loops[..outer], number))
            .collect();
        let inner: Vec<&[Mode]> = self.steps.iter().map(|step| &step.loops[outer..]).collect();
        let sizes: Vec<usize> = inner[0].iter().map(|mode| mode.size).collect();
        let mut point = vec![0; sizes.len()];
        let mut place_out = 0;
        // Stage 2: run one piece after another.
        for _ in 0..sizes.iter().product() {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            self.run_piece(&places, &mut stretch[place_out..], scratch, &mut done);
            // Advance the loops inside the stretch by one, the last fastest.
            for axis in (0..sizes.len()).rev() {
                point[axis] += 1;
                let carry = point[axis] == sizes[axis];
                for (place, modes) in places.iter_mut().zip(&inner) {
                    for (start, stride) in place.iter_mut().zip([modes[axis].a, modes[axis].b]) {
                        *start = if carry {
                            *start - (sizes[axis] - 1) * stride
                        } else {
                            *start + stride
                        };
                    }
                }
                let stride = inner[inner.len() - 1][axis].out;
                if !carry {
                    place_out += stride;
                    break;
                }
                place_out -= (sizes[axis] - 1) * stride;
                point[axis] = 0;
            }
        }
        done
    }

    /// Runs all steps on one piece.
    fn run_piece(
        &self,
        places: &[[usize; 2]],
        out: &mut [Complex<T>],
        scratch: &mut [Complex<T>],
        done: &mut BlockDone<T>,
    ) {
        let (pieces, workspace) = scratch.split_at_mut(2 * self.piece_len);
        let (mut read, mut write) = pieces.split_at_mut(self.piece_len);
        let last = self.steps.len() - 1;
        let alone = Workers::from(1);
        for (turn, (step, [place_a, place_b])) in self.steps.iter().zip(places).enumerate() {
            let started = self.profiled.then(Instant::now);
            let a = if turn == 0 {
                &self.view.operand(step.a)[*place_a..]
            } else {
                &*read
            };
            let b = &self.view.operand(step.b)[*place_b..];
            let tensors = Tensors {
                a,
                b,
                out: if turn == last { &mut *out } else { &mut *write },
                scale: self.scales[turn],
                workspace: &mut *workspace,
            };
            let largest = step.kernel.run(tensors, alone);
            if turn == last {
                done.largest = larger(largest, done.largest);
            } else {
                (read, write) = (write, read);
            }
            if let Some(started) = started {
                done.nanoseconds[turn] += started.elapsed().as_nanos() as u64;
            }
        }
    }
}

/// Where both operands start at point `number` of `loops`, the last of which counts fastest.
fn start_of(loops: &[Mode], mut number: usize) -> [usize; 2] {
    let mut start = [0, 0];
    for mode in loops.iter().rev() {
        let digit = number % mode.size;
        number /= mode.size;
        start[0] += digit * mode.a;
        start[1] += digit * mode.b;
    }
    start
}
