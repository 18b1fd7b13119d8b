//! The general kernel: pack blocks, multiply panels, write tiles; blocks are spread over threads.

mod estimate;
mod groups;
mod layout;
mod line_packing;
mod microkernel;
mod pack;
mod scattered_store;
mod sizes;
mod tiles;

use crate::kernels::lanes::Lanes;
use crate::kernels::tensors::Tensors;
use crate::kernels::workers::Workers;
use crate::number::{larger, Complex, Real};
use crate::program::modes::{volume, Mode};
use crate::simd::instructions::VectorReal;
use crate::simd::level::SimdLevel;
use crate::simd::level::{dispatch, lanes, panel_vectors};
use layout::Layout;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use tiles::{RunTiles, LINE};

/// Outputs of more bytes than this are written with non-temporal stores.
const STREAM_BYTES: usize = 1 << 23;
/// Multiply-adds (or elements touched) that are worth another thread.
const WORTH_A_THREAD: usize = 1 << 17;
/// Portions of work for each thread, so that they end together.
const PORTIONS: usize = 4;

/// A contraction cut into blocks.
#[derive(Clone, Debug)]
pub struct Blocked<T: Real> {
    level: SimdLevel,
    pub(crate) layout: Layout,
    /// Independent blocks of the output: (m, n, batch) blocks, m fastest.
    pub(crate) tiles: (usize, usize, usize),
    /// Blocks of terms for each of them.
    pub(crate) sums: usize,
    work: usize,
    stream: bool,
    number: std::marker::PhantomData<T>,
}

/// The parts of a thread's workspace: first real of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    /// Two packed blocks of the first operand.
    pub(crate) a: [usize; 2],
    /// A packed block of the second operand.
    pub(crate) b: usize,
    /// Sums of a panel.
    pub(crate) aside: usize,
    /// One past the last real.
    pub(crate) end: usize,
}

impl<T: Real> Blocked<T> {
    /// Where the parts of a thread's workspace start, in reals.
    pub(crate) fn places(&self) -> Places {
        let line = LINE / size_of::<T>();
        let a = self.layout.reals_a().next_multiple_of(line);
        let b = self.layout.reals_b().next_multiple_of(line);
        Places {
            a: [0, a],
            b: 2 * a,
            aside: 2 * a + b,
            end: (2 * a + b + self.layout.reals_aside()).next_multiple_of(line),
        }
    }

    /// Complex elements of workspace for one thread.
    fn thread_workspace(&self) -> usize {
        let line = LINE / size_of::<Complex<T>>();
        self.places().end / 2 + line
    }

    /// Complex elements of workspace.
    pub fn workspace_len(&self, threads: usize) -> usize {
        self.thread_workspace() * threads.max(1)
    }
}

impl<T: VectorReal> Blocked<T> {
    /// Chooses the blocks.
    pub fn compile(modes: &[Mode], level: SimdLevel) -> Self {
        let layout = Layout::choose(
            modes,
            lanes::<T>(level),
            panel_vectors::<T>(level),
            size_of::<Complex<T>>(),
        );
        let written: usize = modes
            .iter()
            .filter(|mode| mode.out != 0)
            .map(|mode| mode.size)
            .product();
        let element = size_of::<Complex<T>>();
        let sums = volume(&layout.outer_k);
        Self {
            level,
            tiles: (
                volume(&layout.outer_m),
                volume(&layout.outer_n),
                volume(&layout.outer_batch),
            ),
            sums,
            work: volume(modes),
            stream: sums == 1 && written * element >= STREAM_BYTES && layout.out_is_aligned(LINE / element),
            layout,
            number: std::marker::PhantomData,
        }
    }

    /// See [`crate::kernels::step::StepKernel::run`], which checks the lengths.
    ///
    /// # Safety
    ///
    /// The tensors are as long as the modes say, the workspace as [`Blocked::workspace_len`] says, and no two values
    /// of the modes of the output share an element.
    pub unsafe fn run(&self, tensors: Tensors<'_, T>, workers: Workers<'_>) -> T {
        let Tensors {
            a,
            b,
            out,
            scale,
            workspace,
        } = tensors;
        // Stage 1: how one thread runs a range of tiles.
        let (a, b) = if self.layout.swapped { (b, a) } else { (a, b) };
        let total = self.tiles.0 * self.tiles.1 * self.tiles.2;
        let stream = self.stream && out.as_ptr().addr().is_multiple_of(LINE);
        let out = Shared(out.as_mut_ptr().cast::<T>());
        let range = |tiles: Range<usize>, workspace: &mut [Complex<T>]| {
            dispatch(
                self.level,
                RunTiles {
                    blocked: self,
                    a: a.as_ptr().cast(),
                    b: b.as_ptr().cast(),
                    out: out.pointer(),
                    scale,
                    workspace: align(workspace),
                    stream,
                    tiles,
                    workers,
                },
            )
        };
        // Stage 2: one thread takes them all, several take portions of them in turn.
        let threads = workers.threads.min(total).min(1 + self.work / WORTH_A_THREAD);
        if threads <= 1 {
            return range(0..total, workspace);
        }
        let portion = total.div_ceil(threads * PORTIONS);
        let next = AtomicUsize::new(0);
        let largest = Mutex::new(T::ZERO);
        rayon::scope(|scope| {
            for workspace in workspace.chunks_exact_mut(self.thread_workspace()).take(threads) {
                let (next, largest, range) = (&next, &largest, &range);
                scope.spawn(move |_| {
                    let mut thread_largest = T::ZERO;
                    loop {
                        let first = next.fetch_add(portion, Ordering::Relaxed);
                        if first >= total || workers.stopped() {
                            break;
                        }
                        thread_largest = larger(thread_largest, range(first..total.min(first + portion), workspace));
                    }
                    if let Ok(mut largest) = largest.lock() {
                        *largest = larger(*largest, thread_largest);
                    }
                });
            }
        });
        largest.into_inner().unwrap_or(T::ZERO)
    }
}

impl<T: Real> fmt::Display for Blocked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = &self.layout;
        let lanes = |lanes: &Lanes| match lanes {
            Lanes::Contiguous => "rows".to_string(),
            Lanes::Pattern(offsets) => format!("{offsets:?}"),
            Lanes::Scattered => "scattered".to_string(),
        };
        write!(
            f,
            "{}batch {} x {} vectors {} x {} columns {} x {} terms {} x {}; a {}, b {}{}, out {}{}",
            if layout.swapped { "swapped, " } else { "" },
            layout.out_batch.len(),
            self.tiles.2,
            layout.vectors,
            self.tiles.0,
            layout.columns,
            self.tiles.1,
            layout.terms,
            self.sums,
            if layout.in_place {
                "in place".to_string()
            } else {
                layout.pack_a.name()
            },
            layout.pack_b.name(),
            if layout.lanes_b.is_some() { " in lanes" } else { "" },
            lanes(&layout.lanes_out),
            if self.stream { ", streamed" } else { "" },
        )
    }
}

/// The first real of the workspace at a multiple of a cache line.
fn align<T: Real>(workspace: &mut [Complex<T>]) -> *mut T {
    let start = workspace.as_mut_ptr();
    let skip = start.align_offset(LINE).min(LINE / size_of::<Complex<T>>());
    start.wrapping_add(skip).cast()
}

/// An output that threads write disjoint parts of.
#[derive(Clone, Copy)]
struct Shared<T>(*mut T);

impl<T> Shared<T> {
    fn pointer(&self) -> *mut T {
        self.0
    }
}

// SAFETY: threads write disjoint blocks of tiles, since no two values of the output's modes share an element.
unsafe impl<T: Send> Send for Shared<T> {}
// SAFETY: as for `Send`: threads write disjoint blocks of tiles.
unsafe impl<T: Send> Sync for Shared<T> {}
