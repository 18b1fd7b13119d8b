//! The general kernel: pack blocks, multiply panels, write tiles; blocks are spread over threads.

use super::complex::{larger, Complex, Real};
use super::lanes::Lanes;
use super::layout::{Layout, PANEL_COLUMNS};
use super::level::SimdLevel;
use super::microkernel::{prefetch_places, write_slowly, Target, Tile};
use super::modes::{volume, Mode};
use super::pack::pack;
use super::reference::offsets;
use super::simd::{lanes, largest_lane, panel_vectors, Kernel, Simd};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

/// Outputs of more bytes than this go past the caches.
const STREAM_BYTES: usize = 1 << 23;
/// Bytes of a cache line: blocks of the workspace and streamed stores are aligned to it.
const LINE: usize = 64;
/// Multiply-adds (or elements touched) below which a step is not worth waking a thread.
const WORTH_A_THREAD: usize = 1 << 17;
/// Portions of work for each thread, so that they end together.
const PORTIONS: usize = 4;

/// A contraction cut into blocks.
#[derive(Clone, Debug)]
pub struct Blocked<T: Real> {
    level: SimdLevel,
    layout: Layout,
    /// Independent blocks of the output: (m, n, batch) blocks, m fastest.
    tiles: (usize, usize, usize),
    sums: usize,
    work: usize,
    stream: bool,
    number: std::marker::PhantomData<T>,
}

impl<T: Real> Blocked<T> {
    /// Chooses the blocks.
    pub fn compile(modes: &[Mode], level: SimdLevel) -> Self {
        let layout = Layout::choose(
            modes,
            lanes::<T>(level),
            panel_vectors::<T>(level),
            LINE / size_of::<Complex<T>>(),
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

    /// Complex elements of workspace for one thread.
    fn thread_workspace(&self) -> usize {
        let line = LINE / size_of::<Complex<T>>();
        (self.layout.reals_a() / 2).next_multiple_of(line) + (self.layout.reals_b() / 2).next_multiple_of(line) + line
    }

    /// Complex elements of workspace.
    pub fn workspace_len(&self, threads: usize) -> usize {
        self.thread_workspace() * threads.max(1)
    }

    /// See [`super::step::StepKernel::run`], which checks the lengths.
    ///
    /// # Safety
    ///
    /// The tensors are as long as the modes say, the workspace as [`Blocked::workspace_len`] says, and no two values
    /// of the modes of the output share an element.
    pub unsafe fn run(
        &self,
        a: &[Complex<T>],
        b: &[Complex<T>],
        out: &mut [Complex<T>],
        scale: T,
        workspace: &mut [Complex<T>],
        threads: usize,
    ) -> T {
        let (a, b) = if self.layout.swapped { (b, a) } else { (a, b) };
        let total = self.tiles.0 * self.tiles.1 * self.tiles.2;
        let stream = self.stream && out.as_ptr().addr().is_multiple_of(LINE);
        let out = Shared(out.as_mut_ptr().cast::<T>());
        let range = |tiles: Range<usize>, workspace: &mut [Complex<T>]| {
            T::run_tiles(
                self.level,
                RunTiles {
                    blocked: self,
                    a: a.as_ptr().cast(),
                    b: b.as_ptr().cast(),
                    out: out.pointer(),
                    scale,
                    workspace: aligned(workspace),
                    stream,
                    tiles,
                },
            )
        };
        let threads = threads.min(total).min(1 + self.work / WORTH_A_THREAD);
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
                    let mut mine = T::ZERO;
                    loop {
                        let first = next.fetch_add(portion, Ordering::Relaxed);
                        if first >= total {
                            break;
                        }
                        mine = larger(mine, range(first..total.min(first + portion), workspace));
                    }
                    if let Ok(mut largest) = largest.lock() {
                        *largest = larger(*largest, mine);
                    }
                });
            }
        });
        largest.into_inner().unwrap_or(T::ZERO)
    }
}

/// The first real of the workspace at a multiple of a cache line.
fn aligned<T: Real>(workspace: &mut [Complex<T>]) -> *mut T {
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
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<T> {}

/// A range of tiles, run by one thread.
pub struct RunTiles<'a, T: Real> {
    blocked: &'a Blocked<T>,
    a: *const T,
    b: *const T,
    out: *mut T,
    scale: T,
    workspace: *mut T,
    stream: bool,
    tiles: Range<usize>,
}

impl<T: Real> Kernel<T> for RunTiles<'_, T> {
    type Output = T;

    #[inline(always)]
    unsafe fn run<S: Simd<Real = T>>(self) -> T {
        let blocked = self.blocked;
        let layout = &blocked.layout;
        let (packed_a, packed_b) = (self.workspace, layout.reals_a().next_multiple_of(LINE / size_of::<T>()));
        // SAFETY: the workspace is as long as `thread_workspace` says; offsets come from the modes, which the tensors
        // hold; the rest is the contract of the functions called.
        unsafe {
            let packed_b = self.workspace.add(packed_b);
            if layout.lanes_a == Lanes::Scattered {
                // Lanes without a row are never packed: they must be 0.
                packed_a.write_bytes(0, layout.reals_a());
            }
            let mut held_b = usize::MAX;
            let mut largest = S::splat(T::ZERO);
            let mut tile = self.tiles.start;
            while tile < self.tiles.end {
                let (m, rest) = (tile % blocked.tiles.0, tile / blocked.tiles.0);
                let m_end = blocked.tiles.0.min(m + self.tiles.end - tile);
                let (_, n_b, n_out) = offsets(&layout.outer_n, rest % blocked.tiles.1);
                let (batch_a, batch_b, batch_out) = offsets(&layout.outer_batch, rest / blocked.tiles.1);
                for sum in 0..blocked.sums {
                    let (sum_a, sum_b, _) = offsets(&layout.outer_k, sum);
                    let from_b = n_b + batch_b + sum_b;
                    if held_b != from_b {
                        held_b = from_b;
                        pack::<S>(
                            &layout.pack_b,
                            layout.lanes_b.as_ref(),
                            1,
                            layout.group_b,
                            self.b.add(2 * from_b),
                            packed_b,
                        );
                    }
                    for m in m..m_end {
                        let (m_a, _, m_out) = offsets(&layout.outer_m, m);
                        let from_a = self.a.add(2 * (m_a + batch_a + sum_a));
                        let a = if layout.in_place {
                            from_a
                        } else {
                            let lanes = Some(&layout.lanes_a);
                            pack::<S>(&layout.pack_a, lanes, S::LANES, layout.group_a, from_a, packed_a);
                            packed_a.cast_const()
                        };
                        let target = Target {
                            out: self.out.add(2 * (m_out + n_out + batch_out)),
                            lanes: &layout.lanes_out,
                            accumulate: sum > 0,
                            stream: self.stream,
                            scale: S::splat(self.scale),
                        };
                        let mut ignored = S::splat(T::ZERO);
                        let last = sum + 1 == blocked.sums;
                        let largest = if last { &mut largest } else { &mut ignored };
                        multiply_block::<S>(layout, a, packed_b, target, largest);
                    }
                }
                tile += m_end - m;
            }
            if self.stream {
                S::fence();
            }
            largest_lane::<S>(largest)
        }
    }
}

/// Least terms of a block for which the places of a tile are worth asking for in advance.
const PREFETCH_TERMS: usize = 32;

/// Multiplies one block by the other; `a` is packed unless it is used in place.
#[inline(always)]
unsafe fn multiply_block<S: Simd>(
    layout: &Layout,
    a: *const S::Real,
    packed_b: *const S::Real,
    mut target: Target<S>,
    largest: &mut S::Vector,
) {
    let first = target.out;
    // SAFETY: panels lie where `Layout` has put them; the rest is the contract of the caller.
    unsafe {
        for (batch, offset) in layout.out_batch.iter().enumerate() {
            target.out = first.add(2 * *offset as usize);
            let b = packed_b.add(batch * layout.batch_reals_b());
            if layout.in_place {
                let a = a.add(2 * layout.a_batch[batch] as usize);
                let mut vector = 0;
                while vector < layout.vectors {
                    let end = layout.vectors.min(vector + S::PANEL_VECTORS);
                    all_columns::<S, true>(layout, a, b, vector..end, &target, largest);
                    vector = end;
                }
            } else {
                let a = a.add(batch * layout.batch_reals_a());
                let mut column = 0;
                while column < layout.columns {
                    let end = layout.columns.min(column + PANEL_COLUMNS);
                    let b = b.add(column * layout.terms * layout.unit_b());
                    panels::<S, false>(layout, a, b, 0..layout.vectors, column..end, &target, largest);
                    column = end;
                }
            }
        }
    }
}

/// Multiplies one panel of `a` by all of `b`.
#[inline(always)]
unsafe fn all_columns<S: Simd, const IN_PLACE: bool>(
    layout: &Layout,
    a: *const S::Real,
    b: *const S::Real,
    vectors: Range<usize>,
    target: &Target<S>,
    largest: &mut S::Vector,
) {
    let mut column = 0;
    while column < layout.columns {
        let end = layout.columns.min(column + PANEL_COLUMNS);
        // SAFETY: as for `multiply_block`.
        unsafe {
            let b = b.add(column * layout.terms * layout.unit_b());
            panels::<S, IN_PLACE>(layout, a, b, vectors.clone(), column..end, target, largest);
        }
        column = end;
    }
}

/// Multiplies panels of `a` by one panel of `b`.
#[inline(always)]
unsafe fn panels<S: Simd, const IN_PLACE: bool>(
    layout: &Layout,
    a: *const S::Real,
    b: *const S::Real,
    vectors: Range<usize>,
    columns: Range<usize>,
    target: &Target<S>,
    largest: &mut S::Vector,
) {
    let fast = !target.accumulate && layout.lanes_out == Lanes::Contiguous;
    let prefetch = !IN_PLACE && layout.terms >= PREFETCH_TERMS && layout.lanes_out == Lanes::Contiguous;
    let columns = &layout.out_column[columns];
    let mut vector = vectors.start;
    // SAFETY: as for `multiply_block`.
    unsafe {
        let mut aside = [(S::splat(S::Real::ZERO), S::splat(S::Real::ZERO)); 2 * PANEL_COLUMNS];
        while vector < vectors.end {
            let end = vectors.end.min(vector + S::PANEL_VECTORS);
            let places = &layout.out_vector[vector..end];
            macro_rules! tile {
                ($vectors:literal, $columns:literal) => {{
                    if prefetch {
                        prefetch_places::<S>(target, places, columns);
                    }
                    let tile = match (IN_PLACE, layout.lanes_b.is_some()) {
                        (true, split) => {
                            let starts = &layout.a_vector[vector..end];
                            let starts = std::array::from_fn(|v| a.wrapping_add(2 * starts[v] as usize));
                            if split {
                                Tile::<S, $vectors, $columns>::product_in_place::<true>(&layout.a_term, starts, b)
                            } else {
                                Tile::<S, $vectors, $columns>::product_in_place::<false>(&layout.a_term, starts, b)
                            }
                        }
                        (false, split) => {
                            let a = a.add(vector * layout.terms * 2 * S::LANES);
                            if split {
                                Tile::<S, $vectors, $columns>::product::<true>(layout.terms, a, b)
                            } else {
                                Tile::<S, $vectors, $columns>::product::<false>(layout.terms, a, b)
                            }
                        }
                    };
                    if fast {
                        tile.write(target, places, columns, largest);
                    } else {
                        tile.put_aside(&mut aside);
                    }
                }};
            }
            if S::PAIRS && places.len() == 2 {
                match columns.len() {
                    1 => tile!(2, 1),
                    2 => tile!(2, 2),
                    3 => tile!(2, 3),
                    _ => tile!(2, 4),
                }
            } else {
                match columns.len() {
                    1 => tile!(1, 1),
                    2 => tile!(1, 2),
                    3 => tile!(1, 3),
                    _ => tile!(1, 4),
                }
            }
            if !fast {
                let scattered = match layout.lanes_out {
                    Lanes::Scattered => &layout.scattered_out[vector * S::LANES..end * S::LANES],
                    _ => &[],
                };
                write_slowly::<S>(&aside, target, places, columns, scattered, largest);
            }
            vector = end;
        }
    }
}
