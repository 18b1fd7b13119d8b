//! How a step is cut for vectors and caches: which loop fills the lanes, what a block holds, where everything lies.
//!
//! The loops of a step fall into four groups: *batch* (in both operands and the output), *m* (first operand and
//! output), *n* (second operand and output) and *k* (summed). As in BLIS (Van Zee & van de Geijn, 2015) blocks of the
//! operands are packed into panels and multiplied by a microkernel; as in TBLIS (Matthews, arXiv:1607.00291) packing
//! reads the tensors where they are, through tables of offsets, so nothing is ever transposed. Since nearly all sizes
//! are 2, every group is cut into an inner part, which makes the block, and an outer part, which counts blocks, and
//! one set of tables serves all blocks.
//!
//! The lanes of a vector are m loops, or m and batch loops: then the second operand is packed into vectors, too.

use super::modes::{volume, Mode};

/// One move of packing: from an offset in the tensor (in elements) to one in the panels (in reals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// Element offset from the first element of the block.
    pub from: u32,
    /// Real offset into the packed block; the imaginary part is one lane group further.
    pub to: u32,
}

/// How the elements of one vector lie in a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// One after the other.
    Contiguous,
    /// At these offsets from the first.
    Pattern(Vec<i64>),
    /// Each element on its own: vectors may be filled in part.
    Scattered,
}

/// Columns of a full panel of the microkernel.
pub const PANEL_COLUMNS: usize = 4;

/// Complex elements of a packed block of the first operand (it stays in the second-level cache).
const BLOCK_A: usize = 1 << 15;
/// Complex elements of a packed block of the second operand.
const BLOCK_B: usize = 1 << 16;
/// Most terms summed in registers before they go to memory.
const BLOCK_K: usize = 256;
/// Most vectors of m in a block: longer does not help memory any more.
const BLOCK_M_VECTORS: usize = 64;
/// Most columns in a block.
const BLOCK_N: usize = 512;
/// Most columns and terms for which `a` is not worth packing.
const IN_PLACE_COLUMNS: usize = 16;
/// As above.
const IN_PLACE_TERMS: usize = 32;
/// Batch loops with strides below this go into the block, so that cache lines and pages are read once.
const NEAR: usize = 64;

/// A step cut into blocks. In all names `a` is the operand that has the m loops.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Whether `a` is the second operand of the step.
    pub swapped: bool,
    /// Lanes of a vector.
    pub lanes: usize,
    /// Vectors of a full panel.
    pub panel_vectors: usize,
    /// Lanes in `a`.
    pub lanes_a: Lanes,
    /// Lanes in `b`; `None` if all lanes share one element.
    pub lanes_b: Option<Lanes>,
    /// Lanes in the output.
    pub lanes_out: Lanes,
    /// If the output is scattered: offset of every lane of every vector of a block, `u32::MAX` for none.
    pub scattered_out: Vec<u32>,
    /// Vectors along m in a block.
    pub vectors: usize,
    /// Columns in a block.
    pub columns: usize,
    /// Terms in a block.
    pub terms: usize,
    /// Packing of `a`, sorted by address.
    pub pack_a: Vec<Move>,
    /// Packing of `b`, sorted by address.
    pub pack_b: Vec<Move>,
    /// Output offset of each batch value, vector and column of a block.
    pub out_batch: Vec<u32>,
    /// As above.
    pub out_vector: Vec<u32>,
    /// As above.
    pub out_column: Vec<u32>,
    /// How many moves of `pack_a` (and `pack_b`) read elements in a row, see [`super::pack::pack`].
    pub group_a: usize,
    /// As above.
    pub group_b: usize,
    /// Whether `a` is multiplied where it is, without packing: each element is used for a few columns only.
    pub in_place: bool,
    /// Offsets in `a` of each batch value, vector and term of a block, if it is used in place.
    pub a_batch: Vec<u32>,
    /// As above.
    pub a_vector: Vec<u32>,
    /// As above.
    pub a_term: Vec<u32>,
    /// Loops over blocks.
    pub outer_batch: Vec<Mode>,
    /// Loops over blocks.
    pub outer_m: Vec<Mode>,
    /// Loops over blocks.
    pub outer_n: Vec<Mode>,
    /// Loops over blocks.
    pub outer_k: Vec<Mode>,
}

/// The loops of a step by the tensors that have them.
#[derive(Clone, Debug)]
struct Groups {
    batch: Vec<Mode>,
    m: Vec<Mode>,
    n: Vec<Mode>,
    k: Vec<Mode>,
}

/// What to decide before the tables are made.
#[derive(Clone, Copy, Debug)]
struct Choice {
    swapped: bool,
    lanes_follow_a: bool,
    batch_in_lanes: bool,
}

fn swapped(mode: &Mode) -> Mode {
    Mode {
        a: mode.b,
        b: mode.a,
        ..*mode
    }
}

impl Groups {
    fn new(modes: &[Mode], swap: bool) -> Self {
        let mut groups = Self {
            batch: vec![],
            m: vec![],
            n: vec![],
            k: vec![],
        };
        for mode in modes {
            let mode = if swap { swapped(mode) } else { *mode };
            let group = match mode {
                Mode { out: 0, .. } => &mut groups.k,
                Mode { b: 0, .. } => &mut groups.m,
                Mode { a: 0, .. } => &mut groups.n,
                _ => &mut groups.batch,
            };
            group.push(mode);
        }
        groups
    }
}

/// The largest divisor of `size` that is at most `limit`.
fn largest_divisor(size: usize, limit: usize) -> usize {
    if size <= limit {
        return size;
    }
    if size.is_power_of_two() {
        return 1 << limit.ilog2();
    }
    (1..=limit)
        .rev()
        .find(|divisor| size.is_multiple_of(*divisor))
        .unwrap_or(1)
}

/// Cuts the innermost `factor` values off `modes[index]` and returns them as a loop of their own.
fn cut(modes: &mut Vec<Mode>, index: usize, factor: usize) -> Mode {
    let whole = modes[index];
    let inner = Mode { size: factor, ..whole };
    if whole.size == factor {
        modes.remove(index);
    } else {
        modes[index] = Mode {
            size: whole.size / factor,
            a: whole.a * factor,
            b: whole.b * factor,
            out: whole.out * factor,
        };
    }
    inner
}

/// Index of the mode with the smallest stride that is not 0, among those that `allowed` accepts.
fn nearest(modes: &[Mode], stride: impl Fn(&Mode) -> usize, allowed: impl Fn(&Mode) -> bool) -> Option<usize> {
    (0..modes.len())
        .filter(|index| allowed(&modes[*index]))
        .min_by_key(|index| stride(&modes[*index]).wrapping_sub(1))
}

/// Cuts loops off `modes` until they fill `budget`, by the strides in turn, smallest first.
pub(super) fn cut_block(modes: &mut Vec<Mode>, mut budget: usize, strides: &[fn(&Mode) -> usize]) -> Vec<Mode> {
    let mut inner = Vec::new();
    let mut closed = vec![false; strides.len()];
    for turn in 0.. {
        let which = turn % strides.len();
        if closed.iter().all(|done| *done) {
            break;
        }
        let Some(index) = nearest(modes, strides[which], |_| true) else {
            break;
        };
        // Take a few values at a time, so that the strides really take turns.
        let step = if strides.len() > 1 { budget.min(8) } else { budget };
        let factor = largest_divisor(modes[index].size, step.max(1));
        if factor == 1 {
            closed[which] = true;
            continue;
        }
        closed.iter_mut().for_each(|done| *done = false);
        inner.push(cut(modes, index, factor));
        budget /= factor;
    }
    merged(inner)
}

/// Pieces of one loop cut off one after the other, put together again.
fn merged(pieces: Vec<Mode>) -> Vec<Mode> {
    let mut whole: Vec<Mode> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let continued = whole.iter_mut().find(|inner| {
            piece.a == inner.size * inner.a && piece.b == inner.size * inner.b && piece.out == inner.size * inner.out
        });
        match continued {
            Some(inner) => inner.size *= piece.size,
            None => whole.push(piece),
        }
    }
    whole
}

/// Offsets of all values of `modes` (the first fastest) by one stride.
pub(super) fn table(modes: &[Mode], stride: impl Fn(&Mode) -> usize) -> Vec<usize> {
    let mut offsets = vec![0];
    for mode in modes {
        let before = offsets.len();
        offsets.reserve(before * (mode.size - 1));
        for digit in 1..mode.size {
            for index in 0..before {
                offsets.push(offsets[index] + digit * stride(mode));
            }
        }
    }
    offsets
}

fn narrow(offsets: Vec<usize>) -> Vec<u32> {
    offsets
        .into_iter()
        .map(|offset| u32::try_from(offset).expect("blocks of longer tensors are not made"))
        .collect()
}

pub(super) fn lanes_at(offsets: Vec<usize>) -> Lanes {
    if offsets.iter().enumerate().all(|(lane, offset)| lane == *offset) {
        Lanes::Contiguous
    } else {
        Lanes::Pattern(offsets.into_iter().map(|offset| offset as i64).collect())
    }
}

/// Takes loops for exactly `lanes` lanes, nearest in the first operand first.
pub(super) fn cut_lanes_of(modes: &mut Vec<Mode>, lanes: usize) -> Option<Vec<Mode>> {
    let mut inner = Vec::new();
    let mut left = lanes;
    while left > 1 {
        let index = nearest(modes, |mode| mode.a, |mode| mode.size.is_multiple_of(2))?;
        let factor = left.min(1 << modes[index].size.trailing_zeros());
        inner.push(cut(modes, index, factor));
        left /= factor;
    }
    Some(inner)
}

/// Takes loops for exactly `lanes` lanes from m (and batch).
fn cut_lanes(groups: &mut Groups, choice: Choice, lanes: usize) -> Option<Vec<Mode>> {
    let key = |mode: &Mode| match choice.lanes_follow_a {
        true => mode.a,
        false => mode.out,
    };
    let mut inner = Vec::new();
    let mut left = lanes;
    while left > 1 {
        let usable = |mode: &Mode| mode.size.is_multiple_of(2);
        let from_m = nearest(&groups.m, key, usable);
        let from_batch = if choice.batch_in_lanes {
            nearest(&groups.batch, key, usable)
        } else {
            None
        };
        let batch_is_nearer = match (from_m, from_batch) {
            (Some(m), Some(batch)) => key(&groups.batch[batch]) < key(&groups.m[m]) || key(&groups.m[m]) == 0,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return None,
        };
        let (group, index) = if batch_is_nearer {
            (&mut groups.batch, from_batch?)
        } else {
            (&mut groups.m, from_m?)
        };
        let factor = left.min(1 << group[index].size.trailing_zeros());
        inner.push(cut(group, index, factor));
        left /= factor;
    }
    Some(inner)
}

impl Layout {
    /// Chooses and builds the cheapest layout by a rough count of cycles.
    pub fn choose(modes: &[Mode], lanes: usize, panel_vectors: usize, line_items: usize) -> Self {
        let mut best: Option<(f64, Choice)> = None;
        for swapped in [false, true] {
            for batch_in_lanes in [false, true] {
                for lanes_follow_a in [false, true] {
                    let choice = Choice {
                        swapped,
                        lanes_follow_a,
                        batch_in_lanes,
                    };
                    let cycles = estimated_cycles(modes, choice, lanes, panel_vectors);
                    if best.is_none_or(|(least, _)| cycles < least) {
                        best = Some((cycles, choice));
                    }
                }
            }
        }
        let choice = best.map_or(
            Choice {
                swapped: false,
                lanes_follow_a: false,
                batch_in_lanes: false,
            },
            |b| b.1,
        );
        let mut layout = Self::build(modes, choice, lanes, panel_vectors);
        layout.group_a = read_in_a_row(&layout.pack_a, Some(&layout.lanes_a), line_items);
        layout.group_b = read_in_a_row(&layout.pack_b, layout.lanes_b.as_ref(), line_items);
        layout
    }

    fn build(modes: &[Mode], choice: Choice, lanes: usize, panel_vectors: usize) -> Self {
        let mut groups = Groups::new(modes, choice.swapped);
        let lane_modes = cut_lanes(&mut groups, choice, lanes);
        if lane_modes.is_none() {
            groups = Groups::new(modes, choice.swapped);
        }
        let full = lane_modes.is_some();
        let lane_modes = lane_modes.unwrap_or_default();
        let lane_b = table(&lane_modes, |mode| mode.b);
        let vector_b = lane_b.iter().any(|offset| *offset != 0);

        let inner_k = cut_block(&mut groups.k, BLOCK_K, &[|mode| mode.a, |mode| mode.b]);
        let terms = volume(&inner_k);
        let replicas = if vector_b { lanes } else { 1 };
        let inner_n = cut_block(
            &mut groups.n,
            (BLOCK_B / terms / replicas).clamp(PANEL_COLUMNS, BLOCK_N),
            &[|mode| mode.b, |mode| mode.out],
        );
        let columns = volume(&inner_n);
        let far_b = volume(modes) / volume(&groups.m).max(1) < BLOCK_A; // a small b is always near
        let budget = (BLOCK_A / terms / lanes / 4).min(BLOCK_B / terms / replicas / columns);
        let inner_batch = near_batch(&mut groups.batch, budget, far_b);
        let batches = volume(&inner_batch);
        let budget = (BLOCK_A / terms / lanes / batches).clamp(panel_vectors, BLOCK_M_VECTORS);
        let inner_m = if full {
            cut_block(&mut groups.m, budget, &[|mode| mode.a, |mode| mode.out])
        } else {
            cut_block(&mut groups.m, budget * lanes, &[|mode| mode.out, |mode| mode.a])
        };

        let rows = volume(&inner_m);
        let vectors = if full { rows } else { rows.div_ceil(lanes) };
        let mut layout = Self {
            swapped: choice.swapped,
            lanes,
            panel_vectors,
            lanes_a: if full {
                lanes_at(table(&lane_modes, |mode| mode.a))
            } else {
                Lanes::Scattered
            },
            lanes_b: vector_b.then(|| lanes_at(lane_b)),
            lanes_out: if full {
                lanes_at(table(&lane_modes, |mode| mode.out))
            } else {
                Lanes::Scattered
            },
            scattered_out: vec![],
            vectors,
            columns,
            terms,
            pack_a: vec![],
            pack_b: vec![],
            group_a: 1,
            group_b: 1,
            in_place: false,
            a_batch: narrow(table(&inner_batch, |mode| mode.a)),
            a_vector: narrow(table(&inner_m, |mode| mode.a)),
            a_term: narrow(table(&inner_k, |mode| mode.a)),
            out_batch: narrow(table(&inner_batch, |mode| mode.out)),
            out_vector: vec![0; vectors],
            out_column: narrow(table(&inner_n, |mode| mode.out)),
            outer_batch: groups.batch,
            outer_m: groups.m,
            outer_n: groups.n,
            outer_k: groups.k,
        };
        if full {
            layout.out_vector = narrow(table(&inner_m, |mode| mode.out));
        } else {
            layout.scattered_out = narrow(table(&inner_m, |mode| mode.out));
            layout.scattered_out.resize(vectors * lanes, u32::MAX);
        }
        layout.in_place = layout.lanes_a == Lanes::Contiguous
            && layout.outer_n.is_empty()
            && columns <= IN_PLACE_COLUMNS
            && terms <= IN_PLACE_TERMS;
        if !layout.in_place {
            layout.pack_a = layout.moves_a(&inner_batch, &inner_m, &inner_k);
        }
        layout.pack_b = layout.moves_b(&inner_batch, &inner_n, &inner_k);
        layout
    }

    /// First real of panel `vector / panel_vectors` and the number of vectors in it.
    fn panel_a(&self, vector: usize) -> (usize, usize) {
        let first = vector / self.panel_vectors * self.panel_vectors;
        (
            first * self.terms * 2 * self.lanes,
            self.panel_vectors.min(self.vectors - first),
        )
    }

    fn moves_a(&self, batch: &[Mode], m: &[Mode], k: &[Mode]) -> Vec<Move> {
        let scattered = self.lanes_a == Lanes::Scattered;
        let place = |[batch, row, term]: [usize; 3]| {
            let (vector, lane) = if scattered {
                (row / self.lanes, row % self.lanes)
            } else {
                (row, 0)
            };
            let (panel, width) = self.panel_a(vector);
            let in_panel = (term * width + vector % self.panel_vectors) * 2 * self.lanes + lane;
            batch * self.batch_reals_a() + panel + in_panel
        };
        moves([batch, m, k], |mode| mode.a, place)
    }

    fn moves_b(&self, batch: &[Mode], n: &[Mode], k: &[Mode]) -> Vec<Move> {
        let place = |[batch, column, term]: [usize; 3]| {
            let first = column / PANEL_COLUMNS * PANEL_COLUMNS;
            let width = PANEL_COLUMNS.min(self.columns - first);
            let in_block = first * self.terms + term * width + column % PANEL_COLUMNS;
            batch * self.batch_reals_b() + in_block * self.unit_b()
        };
        moves([batch, n, k], |mode| mode.b, place)
    }

    /// Reals of one element of a packed `b`.
    pub fn unit_b(&self) -> usize {
        if self.lanes_b.is_some() {
            2 * self.lanes
        } else {
            2
        }
    }

    /// Reals of a packed block of `a` for one batch value.
    pub fn batch_reals_a(&self) -> usize {
        self.vectors * self.terms * 2 * self.lanes
    }

    /// Reals of a packed block of `b` for one batch value.
    pub fn batch_reals_b(&self) -> usize {
        self.columns * self.terms * self.unit_b()
    }

    /// Reals of a packed block of `a`.
    pub fn reals_a(&self) -> usize {
        if self.in_place {
            return 0;
        }
        self.out_batch.len() * self.batch_reals_a()
    }

    /// Reals of a packed block of `b`.
    pub fn reals_b(&self) -> usize {
        self.out_batch.len() * self.batch_reals_b()
    }

    /// Whether every vector of the output starts at a multiple of `elements`.
    pub fn out_is_aligned(&self, elements: usize) -> bool {
        let outer = self
            .outer_batch
            .iter()
            .chain(&self.outer_m)
            .chain(&self.outer_n)
            .map(|mode| mode.out);
        let inner = self
            .out_batch
            .iter()
            .chain(&self.out_vector)
            .chain(&self.out_column)
            .map(|out| *out as usize);
        self.lanes_out == Lanes::Contiguous && outer.chain(inner).all(|offset| offset % elements == 0)
    }
}

/// Moves of every point of three groups of loops, in the order of the strides; `place` tells where a point (given by
/// its number in each group) goes.
pub(super) fn moves(
    groups: [&[Mode]; 3],
    stride: fn(&Mode) -> usize,
    place: impl Fn([usize; 3]) -> usize,
) -> Vec<Move> {
    let mut loops: Vec<(usize, usize, [usize; 3])> = Vec::new(); // stride, size, step in each group
    for (group, modes) in groups.iter().enumerate() {
        let mut step = 1;
        for mode in *modes {
            let mut steps = [0; 3];
            steps[group] = step;
            loops.push((stride(mode), mode.size, steps));
            step *= mode.size;
        }
    }
    loops.sort_unstable();
    let mut points = vec![(0, [0; 3])];
    for (stride, size, steps) in loops {
        let before = points.len();
        for digit in 1..size {
            for index in 0..before {
                let (from, at) = points[index];
                points.push((
                    from + digit * stride,
                    std::array::from_fn(|group| at[group] + digit * steps[group]),
                ));
            }
        }
    }
    let narrow = |offset: usize| u32::try_from(offset).expect("blocks of longer tensors are not made");
    points
        .into_iter()
        .map(|(from, at)| Move {
            from: narrow(from),
            to: narrow(place(at)),
        })
        .collect()
}

/// How many moves at a time read elements in a row, in one of the ways that [`super::pack::pack`] has.
fn read_in_a_row(moves: &[Move], lanes: Option<&Lanes>, line_items: usize) -> usize {
    let Some(Lanes::Pattern(offsets)) = lanes else { return 1 };
    let in_groups_of = |items: usize| {
        let in_a_row = |line: &[Move]| line.windows(2).all(|pair| pair[1].from == pair[0].from + 1);
        moves.len().is_multiple_of(items) && moves.chunks_exact(items).all(in_a_row)
    };
    let lanes_above = |items: i64| {
        (0..)
            .step_by(items as usize)
            .zip(offsets)
            .all(|(above, offset)| above == *offset)
    };
    match () {
        () if lanes_above(4) && in_groups_of(4) => 4,
        () if lanes_above(2) && in_groups_of(2) => 2,
        () if line_items > 4 && in_groups_of(line_items) => line_items,
        () => 1,
    }
}

/// Cuts the batch loops that are near in an operand or the output, within the budget.
fn near_batch(batch: &mut Vec<Mode>, mut budget: usize, ignore_b: bool) -> Vec<Mode> {
    let mut inner = Vec::new();
    let nearness = |mode: &Mode| mode.a.min(mode.out).min(if ignore_b { usize::MAX } else { mode.b });
    while let Some(index) = nearest(batch, nearness, |mode| nearness(mode) < NEAR) {
        let wanted = NEAR.div_ceil(nearness(&batch[index])).next_power_of_two();
        let factor = largest_divisor(batch[index].size, budget.min(wanted).max(1));
        if factor == 1 {
            break;
        }
        inner.push(cut(batch, index, factor));
        budget /= factor;
    }
    inner
}

/// A rough count of the cycles a layout takes when all is in cache: only the order of candidates matters.
fn estimated_cycles(modes: &[Mode], choice: Choice, lanes: usize, panel_vectors: usize) -> f64 {
    let mut groups = Groups::new(modes, choice.swapped);
    let whole = Groups::new(modes, choice.swapped);
    let (m, n) = (volume(&whole.m) as f64, volume(&whole.n) as f64);
    let (k, batch) = (volume(&whole.k) as f64, volume(&whole.batch) as f64);
    let width = lanes as f64;
    let (pack_a, write, fill, vector_b, vectors);
    match cut_lanes(&mut groups, choice, lanes) {
        Some(inner) => {
            let contiguous = |stride: fn(&Mode) -> usize| lanes_at(table(&inner, stride)) == Lanes::Contiguous;
            pack_a = if contiguous(|mode| mode.a) { 4.0 / width } else { 1.2 };
            write = if contiguous(|mode| mode.out) { 6.0 / width } else { 2.0 };
            vector_b = inner.iter().any(|mode| mode.b != 0);
            fill = 1.0;
            vectors = volume(&groups.m);
        }
        None => {
            (pack_a, write, vector_b) = (2.0, 3.0, false);
            fill = (m / width).ceil() * width / m;
            vectors = m as usize / lanes;
        }
    }
    // A lone vector leaves the multipliers waiting for loads of b, and so do vectors of b.
    let hunger = if vectors >= panel_vectors { 1.0 } else { 1.3 } * if vector_b { 1.2 } else { 1.0 };
    let columns_at_once = BLOCK_N.min(BLOCK_B) as f64;
    let multiply = batch * m * n * k * 2.0 / width * fill * hunger;
    let packing_a = batch * m * k * pack_a * (n / columns_at_once).ceil();
    let rows_b = if vector_b {
        width / inner_batch_lanes(&whole, &groups)
    } else {
        1.0
    };
    let packing_b = batch * n * k * 2.0 * rows_b;
    let writing = batch * m * n * write * (k / BLOCK_K as f64).ceil();
    multiply + packing_a + packing_b + writing
}

/// How many lanes come from batch loops.
fn inner_batch_lanes(whole: &Groups, rest: &Groups) -> f64 {
    volume(&whole.batch) as f64 / volume(&rest.batch) as f64
}
