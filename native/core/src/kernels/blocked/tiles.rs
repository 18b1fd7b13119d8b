//! The kernel of a block: multiplies packed panels, and packs what comes next in between.
//!
//! Loops around the microkernel, from the inside: columns of a panel of the second operand, which all lies in the
//! second-level cache; parts of the terms, so short that a panel of the first operand stays in the first-level cache;
//! panels of the first operand. While one block of the first operand is multiplied, the next one is packed, a few
//! moves at a time between two tiles, and what the moves after those will read is prefetched: so memory and arithmetic
//! work at the same time.

use super::layout::Layout;
use super::microkernel::{prefetch_places, Target, Tile};
use super::pack::{Packing, PARTS_OF_B};
use super::scattered_store::write_slowly;
use super::sizes::{PANEL_COLUMNS, PART_TERMS};
use crate::kernels::blocked::{Blocked, Places};
use crate::kernels::lanes::Lanes;
use crate::kernels::reference::offsets;
use crate::kernels::workers::Workers;
use crate::number::Real;
use crate::simd::instructions::Kernel;
use crate::simd::vector::{largest_lane, Simd};
use std::ops::Range;

/// Bytes of a cache line: blocks of the workspace and streamed stores are aligned to it.
pub(crate) const LINE: usize = 64;

/// Factors between this and its inverse are multiplied to the second operand when it is packed; that can neither
/// overflow nor lose digits that matter. Others are multiplied to what is written.
const LARGEST_FOLDED: f64 = (1u64 << 60) as f64;

/// Bytes of panels that stay in the first-level cache while they are multiplied by several panels.
const NEAR_BYTES: usize = 1 << 14;

/// Least terms of a block for which the places of a tile are worth prefetching.
const PREFETCH_TERMS: usize = 32;

/// A range of tiles, run by one thread.
pub struct RunTiles<'a, T: Real> {
    pub(crate) blocked: &'a Blocked<T>,
    pub(crate) a: *const T,
    pub(crate) b: *const T,
    pub(crate) out: *mut T,
    pub(crate) scale: T,
    pub(crate) workspace: *mut T,
    pub(crate) stream: bool,
    pub(crate) tiles: Range<usize>,
    pub(crate) workers: Workers<'a>,
}

/// One block of the first operand times one of the second.
#[derive(Clone, Copy, Debug)]
struct Job {
    /// Where the blocks start in the tensors, in elements.
    from_a: usize,
    from_b: usize,
    out: usize,
    /// Which block of terms it is.
    sum: usize,
}

/// The jobs of a range of tiles in order: all m blocks of one block of columns and terms, which is packed once for them.
#[derive(Clone, Debug)]
struct Jobs<'a, T: Real> {
    blocked: &'a Blocked<T>,
    tiles: Range<usize>,
    sum: usize,
    m: usize,
}

impl<T: Real> Iterator for Jobs<'_, T> {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if self.tiles.is_empty() {
            return None;
        }
        let (layout, tiles) = (&self.blocked.layout, self.blocked.tiles);
        let rest = self.tiles.start / tiles.0;
        let first = self.tiles.start % tiles.0;
        let end = tiles.0.min(first + self.tiles.len());
        let (m_a, _, m_out) = offsets(&layout.outer_m, first + self.m);
        let (_, n_b, n_out) = offsets(&layout.outer_n, rest % tiles.1);
        let (batch_a, batch_b, batch_out) = offsets(&layout.outer_batch, rest / tiles.1);
        let (sum_a, sum_b, _) = offsets(&layout.outer_k, self.sum);
        let job = Job {
            from_a: m_a + batch_a + sum_a,
            from_b: n_b + batch_b + sum_b,
            out: m_out + n_out + batch_out,
            sum: self.sum,
        };
        self.m += 1;
        if first + self.m == end {
            (self.m, self.sum) = (0, self.sum + 1);
            if self.sum == self.blocked.sums {
                self.sum = 0;
                self.tiles.start += end - first;
            }
        }
        Some(job)
    }
}

/// The packing of the next block, done a few groups at a time.
struct Filler<'a, R> {
    packing: &'a Packing,
    from: *const R,
    to: *mut R,
    next: usize,
    end: usize,
    at_once: usize,
}

impl<R: Real> Filler<'_, R> {
    /// Packs a few groups and prefetches those that come after them.
    #[inline(always)]
    unsafe fn go_on<S: Simd<Real = R>>(&mut self) {
        if self.next == self.end {
            return;
        }
        let stop = self.end.min(self.next + self.at_once);
        // SAFETY: the contract of `RunTiles::run`.
        unsafe {
            self.packing
                .prefetch::<S>(stop..self.end.min(stop + self.at_once), self.from);
            self.packing
                .run::<S, false>(self.next..stop, R::ONE, self.from, self.to);
        }
        self.next = stop;
    }
}

impl<T: Real> Kernel<T> for RunTiles<'_, T> {
    type Output = T;

    #[inline(always)]
    unsafe fn run<S: Simd<Real = T>>(self) -> T {
        let blocked = self.blocked;
        let layout = &blocked.layout;
        let Places { a, b, aside, .. } = blocked.places();
        let groups = if layout.in_place { 0 } else { layout.pack_a.groups() };
        // Stage 1: whether the factor is folded into `b` when it is packed, or applied to what is written.
        let size = self.scale.to_f64().abs();
        let folded = (1.0 / LARGEST_FOLDED..=LARGEST_FOLDED).contains(&size);
        let (scale_b, scale) = if folded {
            (self.scale, T::ONE)
        } else {
            (T::ONE, self.scale)
        };
        // SAFETY: the workspace is as long as `thread_workspace` says; offsets come from the modes, which the tensors
        // hold; the rest is the contract of the functions called.
        unsafe {
            let mut packed_a = [self.workspace.add(a[0]), self.workspace.add(a[1])];
            let packed_b = self.workspace.add(b);
            if layout.lanes_a == Lanes::Scattered {
                // Lanes without a row are never packed: they must be 0.
                packed_a[0].write_bytes(0, 2 * a[1]);
            }
            // Stage 2: pack the first block of `a`; nothing can be multiplied before.
            let mut jobs = Jobs {
                blocked,
                tiles: self.tiles,
                sum: 0,
                m: 0,
            };
            let mut held_b = usize::MAX;
            let mut largest = S::splat(T::ZERO);
            let mut coming = jobs.next();
            if let Some(first) = coming {
                layout
                    .pack_a
                    .run::<S, false>(0..groups, T::ONE, self.a.add(2 * first.from_a), packed_a[0]);
            }
            while let Some(job) = coming {
                coming = jobs.next().filter(|_| !self.workers.stopped());
                // Stage 3: pack a block of `b` unless it is there, and prepare the packing of the next block of `a`.
                if held_b != job.from_b {
                    held_b = job.from_b;
                    let packing = &layout.pack_b;
                    packing.run::<S, true>(0..packing.groups(), scale_b, self.b.add(2 * held_b), packed_b);
                }
                let next_a = coming.map(|next| next.from_a).filter(|next| *next != job.from_a);
                let mut filler = Filler {
                    packing: &layout.pack_a,
                    from: self.a.wrapping_add(2 * next_a.unwrap_or(0)),
                    to: packed_a[1],
                    next: 0,
                    end: if next_a.is_some() { groups } else { 0 },
                    at_once: groups.div_ceil(layout.tiles_of_panels()),
                };
                // Stage 4: multiply, packing a part of the next block of `a` after each tile.
                let last = job.sum + 1 == blocked.sums;
                let target = Target {
                    out: self.out.add(2 * job.out),
                    lanes: &layout.lanes_out,
                    accumulate: job.sum > 0,
                    stream: self.stream,
                    scale: S::splat(scale),
                };
                let mut ignored = S::splat(T::ZERO);
                let block = Block {
                    layout,
                    a: if layout.in_place {
                        self.a.add(2 * job.from_a)
                    } else {
                        packed_a[0]
                    },
                    b: packed_b,
                    aside: self.workspace.add(aside),
                    fast: folded && layout.lanes_out == Lanes::Contiguous && !(layout.in_place && job.sum > 0),
                };
                let largest = if last { &mut largest } else { &mut ignored };
                multiply_block::<S>(&block, target, &mut filler, largest);
                // Stage 5: pack what is left of that block, and swap the two.
                filler.at_once = groups;
                filler.go_on::<S>();
                if next_a.is_some() {
                    packed_a.swap(0, 1);
                }
            }
            if self.stream {
                S::fence();
            }
            largest_lane::<S>(largest)
        }
    }
}

/// Packed operands of a job.
#[derive(Clone, Copy)]
struct Block<'a, R> {
    layout: &'a Layout,
    /// The first operand: packed, unless it is used in place.
    a: *const R,
    b: *const R,
    /// Buffer for the sums of a panel.
    aside: *mut R,
    /// Whether lanes of the output lie in a row and nothing is left to scale.
    fast: bool,
}

/// Multiplies one block by the other.
#[inline(always)]
unsafe fn multiply_block<S: Simd>(
    block: &Block<'_, S::Real>,
    mut target: Target<S>,
    filler: &mut Filler<'_, S::Real>,
    largest: &mut S::Vector,
) {
    let layout = block.layout;
    let first = target.out;
    // SAFETY: panels lie where `Layout` has put them; the rest is the contract of the caller.
    unsafe {
        for (batch, offset) in layout.out_batch.iter().enumerate() {
            target.out = first.add(2 * *offset as usize);
            let mut block = Block {
                b: block.b.add(batch * layout.batch_reals_b()),
                ..*block
            };
            if layout.in_place {
                block.a = block.a.add(2 * layout.a_batch[batch] as usize);
            } else {
                block.a = block.a.add(batch * layout.batch_reals_a());
            }
            let pairs = if S::PAIRS { layout.vectors / 2 * 2 } else { 0 };
            if pairs > 0 {
                panels_of::<S, 2>(&block, 0..pairs, &target, filler, largest);
            }
            panels_of::<S, 1>(&block, pairs..layout.vectors, &target, filler, largest);
        }
    }
}

/// Multiplies panels of `VECTORS` vectors by all columns.
#[inline(always)]
unsafe fn panels_of<S: Simd, const VECTORS: usize>(
    block: &Block<'_, S::Real>,
    vectors: Range<usize>,
    target: &Target<S>,
    filler: &mut Filler<'_, S::Real>,
    largest: &mut S::Vector,
) {
    // Stage 1: how the columns and panels are cut.
    let layout = block.layout;
    let full = layout.columns / PANEL_COLUMNS * PANEL_COLUMNS;
    let even = layout.columns / 2 * 2;
    // Panels that are multiplied by a panel of `b` in turn; several if the sums need not be stored in between.
    let together = if block.fast && layout.terms <= PART_TERMS {
        let reals = NEAR_BYTES / size_of::<S::Real>() / (2 * S::LANES * layout.terms);
        (reals / VECTORS * VECTORS).max(VECTORS)
    } else {
        VECTORS
    };
    // Stage 2: multiply part by part of the terms, by the microkernel for this packing and number of columns.
    let end = vectors.end;
    for first in vectors.step_by(together) {
        let vectors = first..end.min(first + together);
        for part in (0..layout.terms).step_by(PART_TERMS) {
            let terms = part..layout.terms.min(part + PART_TERMS);
            macro_rules! columns {
                ($way:expr, $split:literal, $columns:literal, $from:expr) => {
                    // SAFETY: as for `multiply_block`.
                    unsafe {
                        let part = Part {
                            vectors: vectors.clone(),
                            terms: terms.clone(),
                            columns: $from,
                        };
                        columns_of::<S, $way, $split, VECTORS, $columns>(block, part, target, filler, largest)
                    }
                };
            }
            macro_rules! all_columns {
                ($way:expr, $split:literal) => {{
                    columns!($way, $split, 4, 0..full);
                    columns!($way, $split, 2, full..even);
                    columns!($way, $split, 1, even..layout.columns);
                }};
            }
            match (layout.in_place, layout.lanes_b.is_some()) {
                (false, false) => all_columns!(PACKED, false),
                (false, true) => all_columns!(PACKED, true),
                (true, false) => {
                    if VECTORS > 1 && layout.far && full > 0 {
                        columns!(IN_PLACE_FAR, false, 4, 0..PANEL_COLUMNS);
                        columns!(IN_PLACE, false, 4, PANEL_COLUMNS..full);
                        columns!(IN_PLACE, false, 2, full..even);
                        columns!(IN_PLACE, false, 1, even..layout.columns);
                    } else {
                        all_columns!(IN_PLACE, false);
                    }
                }
                (true, true) => all_columns!(IN_PLACE, true),
            }
        }
        // Stage 3: write the sums, unless the tiles were written at once.
        if !block.fast {
            // SAFETY: as for `multiply_block`; all sums of the panel have been stored there.
            unsafe { write_slowly::<S>(layout, block.aside, vectors, target, largest) }
        }
    }
}

/// Way of reading `a`: it is packed.
const PACKED: u8 = 0;
/// Way of reading `a`: it is used in place.
const IN_PLACE: u8 = 1;
/// Way of reading `a`: it is used in place, and what comes next is worth prefetching.
const IN_PLACE_FAR: u8 = 2;

/// A part of a block: some terms of some panels of `a` times some columns of `b`.
struct Part {
    vectors: Range<usize>,
    terms: Range<usize>,
    columns: Range<usize>,
}

/// Multiplies a part, by panels of `b` of `COLUMNS` columns.
#[inline(always)]
unsafe fn columns_of<S: Simd, const WAY: u8, const SPLIT: bool, const VECTORS: usize, const COLUMNS: usize>(
    block: &Block<'_, S::Real>,
    part: Part,
    target: &Target<S>,
    filler: &mut Filler<'_, S::Real>,
    largest: &mut S::Vector,
) {
    let layout = block.layout;
    let Part {
        vectors,
        terms,
        columns,
    } = part;
    let (is_first, is_last) = (terms.start == 0, terms.end == layout.terms);
    let prefetch = WAY == PACKED && is_last && block.fast && !target.stream && terms.len() >= PREFETCH_TERMS;
    let end = columns.end;
    let unit = PARTS_OF_B * if SPLIT { S::LANES } else { 1 };
    // SAFETY: as for `multiply_block`; the tables are as long as the numbers of vectors and columns say.
    unsafe {
        let mut most = *largest;
        let out_vector = layout.out_vector.get_unchecked(..layout.vectors);
        for column in columns.step_by(COLUMNS) {
            let columns = layout.out_column.get_unchecked(column..column + COLUMNS);
            let aside = block.aside.wrapping_add(column * VECTORS * 2 * S::LANES);
            let b = block.b.add((column * layout.terms + terms.start * COLUMNS) * unit);
            let mut vector = vectors.start;
            while vector < vectors.end {
                // Prefetch the places of the next tile.
                let places = out_vector.get_unchecked(vector..vector + VECTORS);
                if prefetch && column + COLUMNS < end {
                    let next = layout.out_column.get_unchecked(column + COLUMNS..column + 2 * COLUMNS);
                    prefetch_places::<S>(target, places, next);
                }
                // Multiply, adding to the sums of earlier parts; `a` is read from its panel or in place.
                let tile: Tile<S, VECTORS, COLUMNS> = if WAY == PACKED {
                    let a = block
                        .a
                        .add((vector * layout.terms + terms.start * VECTORS) * 2 * S::LANES);
                    let mut tile = if is_first { Tile::zero() } else { Tile::load_sums(aside) };
                    if is_last && target.accumulate && block.fast {
                        tile.add_written(target, places, columns);
                    }
                    tile.plus_product::<SPLIT>(terms.len(), a, b)
                } else {
                    let start_of = |v: usize| 2 * *layout.a_vector.get_unchecked(v) as usize;
                    let mut starts = [block.a; VECTORS];
                    for (v, start) in starts.iter_mut().enumerate() {
                        *start = block.a.add(start_of(vector + v));
                    }
                    if WAY == IN_PLACE_FAR {
                        let next = (vector + VECTORS).min(layout.vectors - 1);
                        let ahead = start_of(next) as isize - start_of(vector) as isize;
                        Tile::product_in_place::<SPLIT, true>(&layout.a_term, starts, ahead, b)
                    } else {
                        Tile::product_in_place::<SPLIT, false>(&layout.a_term, starts, 0, b)
                    }
                };
                // Write the tile to the output if it is complete, else store its sums; then go on packing.
                if is_last && block.fast {
                    most = S::max_abs(most, tile.write(target, places, columns));
                } else {
                    tile.store_sums(aside);
                }
                if WAY == PACKED {
                    filler.go_on::<S>();
                }
                vector += VECTORS;
            }
        }
        *largest = most;
    }
}
