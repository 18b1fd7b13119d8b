//! Packing: a block of a tensor, wherever its elements lie, into panels of split real and imaginary parts.

use super::layout::{Lanes, Move};
use super::simd::Simd;

/// Packs by `moves`: each moves one vector, or one element whose imaginary part goes `gap` reals behind the real one.
///
/// `lines` says that the moves come in groups that read a cache line of elements in a row.
///
/// # Safety
///
/// The machine has the instructions of `S`; `from` is valid for reading at every move (and every lane of it), `to`
/// for writing.
#[inline(always)]
pub unsafe fn pack<S: Simd>(
    moves: &[Move],
    lanes: Option<&Lanes>,
    gap: usize,
    lines: bool,
    from: *const S::Real,
    to: *mut S::Real,
) {
    // SAFETY: the contract of this function.
    unsafe {
        match lanes {
            Some(Lanes::Contiguous) => {
                for item in moves {
                    let (re, im) = S::load_complex(from.add(2 * item.from as usize));
                    S::store(to.add(item.to as usize), re);
                    S::store(to.add(item.to as usize + S::LANES), im);
                }
            }
            Some(Lanes::Pattern(offsets)) if lines => {
                for line in moves.chunks_exact(S::LINE_ITEMS) {
                    S::transpose_complex(from.add(2 * line[0].from as usize), offsets.as_ptr(), line, to);
                }
            }
            Some(Lanes::Pattern(offsets)) => {
                let offsets = offsets.as_ptr();
                for item in moves {
                    let (re, im) = S::gather_complex(from.add(2 * item.from as usize), offsets);
                    S::store(to.add(item.to as usize), re);
                    S::store(to.add(item.to as usize + S::LANES), im);
                }
            }
            Some(Lanes::Scattered) | None => {
                for item in moves {
                    let pair = from.add(2 * item.from as usize);
                    *to.add(item.to as usize) = *pair;
                    *to.add(item.to as usize + gap) = *pair.add(1);
                }
            }
        }
    }
}
