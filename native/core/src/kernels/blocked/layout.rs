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

use super::estimate::estimated_cycles;
use super::groups::{cut_lanes, near_batch, Choice, Groups};
use super::pack::{Packing, PARTS_OF_B};
use super::sizes::{BLOCK_A, BLOCK_B, BLOCK_M_VECTORS, BLOCK_N, MOST_TERMS, PANEL_COLUMNS, PART_TERMS};
use crate::kernels::copy_list::{moves, Move};
use crate::kernels::lanes::{lanes_at, Lanes};
use crate::program::loops::{cut_block, table};
use crate::program::modes::{extent, volume, Mode};

/// Bytes of a tensor that is not expected in the second-level cache.
const FAR: usize = 1 << 20;

/// Most columns for which `a` is not worth packing.
const IN_PLACE_COLUMNS: usize = 16;

/// Most terms for which `a` is not worth packing.
const IN_PLACE_TERMS: usize = 32;

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
    /// Packing of `a`, unless it is used in place.
    pub pack_a: Packing,
    /// Packing of `b`.
    pub pack_b: Packing,
    /// Output offset of each batch value of a block.
    pub out_batch: Vec<u32>,
    /// Output offset of each vector of a block.
    pub out_vector: Vec<u32>,
    /// Output offset of each column of a block.
    pub out_column: Vec<u32>,
    /// Whether `a` is multiplied where it is, without packing: each element is used for a few columns only.
    pub in_place: bool,
    /// Whether `a` is so long that it will not be in a near cache.
    pub far: bool,
    /// Offset in `a` of each batch value of a block, if it is used in place.
    pub a_batch: Vec<u32>,
    /// Offset in `a` of each vector of a block, if it is used in place.
    pub a_vector: Vec<u32>,
    /// Offset in `a` of each term of a block, if it is used in place.
    pub a_term: Vec<u32>,
    /// Batch loops over blocks.
    pub outer_batch: Vec<Mode>,
    /// m loops over blocks.
    pub outer_m: Vec<Mode>,
    /// n loops over blocks.
    pub outer_n: Vec<Mode>,
    /// k loops over blocks.
    pub outer_k: Vec<Mode>,
}

fn narrow(offsets: Vec<usize>) -> Vec<u32> {
    offsets
        .into_iter()
        .map(|offset| u32::try_from(offset).expect("blocks of longer tensors are not made"))
        .collect()
}

impl Layout {
    /// Chooses and builds the cheapest layout by a rough count of cycles.
    pub fn choose(modes: &[Mode], lanes: usize, panel_vectors: usize, item_bytes: usize) -> Self {
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
        Self::build(modes, choice, lanes, panel_vectors, item_bytes)
    }

    fn build(modes: &[Mode], choice: Choice, lanes: usize, panel_vectors: usize, item_bytes: usize) -> Self {
        // Stage 1: the lanes of a vector; if no loops fill them, elements are packed and stored one by one.
        let mut groups = Groups::new(modes, choice.swapped);
        let lane_modes = cut_lanes(&mut groups, choice, lanes);
        if lane_modes.is_none() {
            groups = Groups::new(modes, choice.swapped);
        }
        let full = lane_modes.is_some();
        let lane_modes = lane_modes.unwrap_or_default();
        let lane_b = table(&lane_modes, |mode| mode.b);
        let vector_b = lane_b.iter().any(|offset| *offset != 0);

        // Stage 2: what a block holds: terms, columns, batch values, vectors, each as many as its cache has room for.
        let replicas = if vector_b { lanes } else { 1 };
        let (items_a, items_b) = (BLOCK_A / item_bytes, BLOCK_B / item_bytes / replicas);
        let inner_k = cut_block(&mut groups.k, MOST_TERMS, &[|mode| mode.a, |mode| mode.b]);
        let terms = volume(&inner_k);
        let inner_n = cut_block(
            &mut groups.n,
            (items_b / terms).clamp(PANEL_COLUMNS, BLOCK_N),
            &[|mode| mode.b, |mode| mode.out],
        );
        let columns = volume(&inner_n);
        let far_b = volume(modes) / volume(&groups.m).max(1) < items_a; // a small b is always near
        let budget = (items_a / terms / lanes / 4).min(items_b / terms / columns);
        let inner_batch = near_batch(&mut groups.batch, budget, far_b);
        let batches = volume(&inner_batch);
        let budget = (items_a / terms / lanes / batches).clamp(panel_vectors, BLOCK_M_VECTORS);
        let inner_m = if full {
            cut_block(&mut groups.m, budget, &[|mode| mode.a, |mode| mode.out])
        } else {
            cut_block(&mut groups.m, budget * lanes, &[|mode| mode.out, |mode| mode.a])
        };

        let rows = volume(&inner_m);
        let vectors = if full { rows } else { rows.div_ceil(lanes) };
        // Stage 3: tables of their offsets.
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
            pack_a: Packing::new(vec![], None, lanes),
            pack_b: Packing::new(vec![], None, lanes),
            in_place: false,
            far: extent(modes, |mode| if choice.swapped { mode.b } else { mode.a }) * item_bytes > FAR,
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
        // Stage 4: how the operands are packed; a small `a` in a row is used in place.
        layout.in_place = layout.lanes_a == Lanes::Contiguous
            && layout.outer_n.is_empty()
            && columns <= IN_PLACE_COLUMNS
            && terms <= IN_PLACE_TERMS;
        if !layout.in_place {
            let moves = layout.moves_a(&inner_batch, &inner_m, &inner_k);
            layout.pack_a = Packing::new(moves, Some(&layout.lanes_a), lanes);
        }
        let moves = layout.moves_b(&inner_batch, &inner_n, &inner_k);
        layout.pack_b = Packing::new(moves, layout.lanes_b.as_ref(), lanes);
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

    /// First column and number of columns of the panel that `column` is in: full ones, then one of 2 and one of 1.
    fn panel_b(&self, column: usize) -> (usize, usize) {
        let mut first = 0;
        for width in [PANEL_COLUMNS, 2, 1] {
            let end = first + (self.columns - first) / width * width;
            if column < end {
                return (first + (column - first) / width * width, width);
            }
            first = end;
        }
        (first, 1)
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
            let (first, width) = self.panel_b(column);
            let in_block = first * self.terms + term * width + column - first;
            batch * self.batch_reals_b() + in_block * self.unit_b()
        };
        moves([batch, n, k], |mode| mode.b, place)
    }

    /// Reals of one element of a packed `b`.
    pub fn unit_b(&self) -> usize {
        PARTS_OF_B * if self.lanes_b.is_some() { self.lanes } else { 1 }
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

    /// How many tiles a block makes, counting each part of its terms.
    pub fn tiles_of_panels(&self) -> usize {
        let panels = self.vectors.div_ceil(self.panel_vectors) * self.terms.div_ceil(PART_TERMS);
        self.out_batch.len() * panels * (self.columns / PANEL_COLUMNS).max(1)
    }

    /// Reals of the sums of a panel, which are stored between parts of a block's terms and before slow writing.
    pub fn reals_aside(&self) -> usize {
        self.columns * self.panel_vectors * 2 * self.lanes
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
