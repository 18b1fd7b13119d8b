//! Packing: a block of a tensor, wherever its elements lie, into panels of split real and imaginary parts.

use super::layout::{Lanes, Move};
use super::simd::Simd;

/// Packs by `moves`: each moves one vector, or one element whose imaginary part goes `gap` reals behind the real one.
///
/// # Safety
///
/// The machine has the instructions of `S`; `from` is valid for reading at every move (and every lane of it), `to`
/// for writing.
#[inline(always)]
pub unsafe fn pack<S: Simd>(moves: &[Move], lanes: Option<&Lanes>, gap: usize, from: *const S::Real, to: *mut S::Real) {
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
