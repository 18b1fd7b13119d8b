//! Packing: a block of a tensor, wherever its elements lie, into panels of split real and imaginary parts.
//!
//! Of the second operand, what the microkernel multiplies with: `re`, `im - re` and `re + im`.

use super::line_packing::Lines;
use crate::kernels::copy_list::Move;
use crate::kernels::lanes::Lanes;
use crate::number::Real;
use crate::simd::vector::{Simd, MAX_LANES};
use std::ops::Range;

/// Reals of an element of the second operand when it is packed.
pub const PARTS_OF_B: usize = 3;

/// How to pack a block, by groups of moves that are done together.
#[derive(Clone, Debug)]
pub struct Packing {
    moves: Vec<Move>,
    source: Source,
}

/// What a group of moves reads.
#[derive(Clone, Debug)]
enum Source {
    /// One element; its imaginary part is stored this many reals behind the real one.
    Items(usize),
    /// A vector of elements in a row.
    Rows,
    /// A vector of elements at these offsets.
    Gather(Vec<i64>),
    /// Vectors that share registers.
    Lines(Lines),
}

impl Packing {
    /// Moves of vectors with these lanes, or of single elements if `lanes` is `None`.
    pub(crate) fn new(moves: Vec<Move>, lanes: Option<&Lanes>, vector: usize) -> Self {
        let source = match lanes {
            None => Source::Items(1),
            Some(Lanes::Scattered) => Source::Items(vector),
            Some(Lanes::Contiguous) => Source::Rows,
            Some(Lanes::Pattern(offsets)) => match Lines::find(&moves, offsets) {
                Some(lines) => Source::Lines(lines),
                None => Source::Gather(offsets.clone()),
            },
        };
        Self { moves, source }
    }

    /// Its name in profiles.
    pub(crate) fn name(&self) -> String {
        match &self.source {
            Source::Items(_) => "items".into(),
            Source::Rows => "rows".into(),
            Source::Gather(offsets) => format!("gather {offsets:?}"),
            Source::Lines(lines) => format!("lines {:?}", lines.foreign),
        }
    }

    /// Moves in a group.
    fn group(&self) -> usize {
        match &self.source {
            Source::Lines(lines) => 1 << lines.foreign.len(),
            _ => 1,
        }
    }

    /// Number of groups.
    pub fn groups(&self) -> usize {
        self.moves.len() / self.group()
    }

    /// Packs the groups in a range: of the first operand or, if `IS_B`, of the second one, times `scale`.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; `from` is valid for reading at every move (and every lane of it), `to`
    /// for writing.
    #[inline(always)]
    pub unsafe fn run<S: Simd, const IS_B: bool>(
        &self,
        groups: Range<usize>,
        scale: S::Real,
        from: *const S::Real,
        to: *mut S::Real,
    ) {
        let group = self.group();
        let moves = &self.moves[groups.start * group..groups.end * group];
        // SAFETY: the contract of this function.
        unsafe {
            let scales = S::splat(scale);
            match &self.source {
                // Lanes are scattered: element by element.
                Source::Items(gap) => {
                    for item in moves {
                        let pair = from.add(2 * item.from as usize);
                        let (mut re, mut im) = (*pair, *pair.add(1));
                        let to = to.add(item.to as usize);
                        if IS_B {
                            (re, im) = (re * scale, im * scale);
                            *to.add(2 * gap) = re + im;
                            im = im - re;
                        }
                        *to = re;
                        *to.add(*gap) = im;
                    }
                }
                // Lanes are contiguous or at fixed offsets: vector by vector.
                Source::Rows => {
                    for item in moves {
                        let row = S::load_complex(from.add(2 * item.from as usize));
                        put::<S, IS_B>(to, item, row, scales);
                    }
                }
                Source::Gather(offsets) => {
                    for item in moves {
                        let row = S::gather_complex(from.add(2 * item.from as usize), offsets.as_ptr());
                        put::<S, IS_B>(to, item, row, scales);
                    }
                }
                // Lanes share cache lines with other vectors: several vectors out of as many registers.
                Source::Lines(lines) => {
                    for moves in moves.chunks_exact(group) {
                        let from = from.add(2 * moves[0].from as usize);
                        match lines.foreign.len() {
                            0 => exchange::<S, IS_B, 0>(lines, moves, from, to, scales),
                            1 => exchange::<S, IS_B, 1>(lines, moves, from, to, scales),
                            2 => exchange::<S, IS_B, 2>(lines, moves, from, to, scales),
                            _ => exchange::<S, IS_B, 3>(lines, moves, from, to, scales),
                        }
                    }
                }
            }
        }
    }

    /// Prefetches what the groups in a range read.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`.
    #[inline(always)]
    pub unsafe fn prefetch<S: Simd>(&self, groups: Range<usize>, from: *const S::Real) {
        let group = self.group();
        let moves = &self.moves[groups.start * group..groups.end * group];
        match &self.source {
            Source::Rows => {
                for item in moves {
                    let row = from.wrapping_add(2 * item.from as usize);
                    for line in 0..S::LANES / S::LINE_ITEMS {
                        // SAFETY: the contract of this function.
                        unsafe { S::prefetch_read(row.wrapping_add(line * 2 * S::LINE_ITEMS)) }
                    }
                }
            }
            Source::Lines(lines) => {
                for moves in moves.chunks_exact(group) {
                    let row = from.wrapping_add(2 * moves[0].from as usize);
                    for offset in &lines.offsets {
                        // SAFETY: the contract of this function.
                        unsafe { S::prefetch_read(row.wrapping_offset(2 * *offset as isize)) }
                    }
                }
            }
            Source::Items(_) | Source::Gather(_) => {}
        }
    }
}

/// Real and imaginary parts.
type Complexes<S> = (<S as Simd>::Vector, <S as Simd>::Vector);

#[inline(always)]
unsafe fn put<S: Simd, const IS_B: bool>(
    to: *mut S::Real,
    item: &Move,
    (mut re, mut im): Complexes<S>,
    scale: S::Vector,
) {
    // SAFETY: the contract of `Packing::run`.
    unsafe {
        let to = to.add(item.to as usize);
        if IS_B {
            (re, im) = (S::mul(re, scale), S::mul(im, scale));
            S::store(to.add(2 * S::LANES), S::add(re, im));
            im = S::sub(im, re);
        }
        S::store(to, re);
        S::store(to.add(S::LANES), im);
    }
}

/// Packs `2^FOREIGN` vectors out of twice as many registers, see [`Lines`].
#[inline(always)]
unsafe fn exchange<S: Simd, const IS_B: bool, const FOREIGN: usize>(
    lines: &Lines,
    moves: &[Move],
    from: *const S::Real,
    to: *mut S::Real,
    scale: S::Vector,
) {
    // SAFETY: the contract of `Packing::run`.
    unsafe {
        let mut registers = [S::splat(<S::Real as Real>::ZERO); MAX_LANES];
        for (register, offset) in registers.iter_mut().zip(&lines.offsets).take(2 << FOREIGN) {
            *register = S::load(from.offset(2 * *offset as isize));
        }
        for stage in 0..FOREIGN {
            macro_rules! exchange_at {
                ($bit:literal) => {
                    for low in (0..2 << FOREIGN).filter(|number| number >> stage & 1 == 0) {
                        let high = low | 1 << stage;
                        (registers[low], registers[high]) = S::exchange::<$bit>(registers[low], registers[high]);
                    }
                };
            }
            match lines.foreign[stage] {
                0 => exchange_at!(0),
                1 => exchange_at!(1),
                _ => exchange_at!(2),
            }
        }
        for number in 0..1 << FOREIGN {
            let parts = S::ordered_parts(registers[number], registers[number | 1 << FOREIGN], &lines.order);
            put::<S, IS_B>(to, &moves[number], parts, scale);
        }
    }
}
