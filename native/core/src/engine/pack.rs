//! Packing: a block of a tensor, wherever its elements lie, into panels of split real and imaginary parts.

use super::lanes::Lanes;
use super::moves::Move;
use super::simd::Simd;

/// Packs by `moves`: each moves one vector, or one element whose imaginary part goes `gap` reals behind the real one.
///
/// `group` moves at a time read elements that lie in a row: 2 or 4 when the lanes lie just above them (the lowest
/// bits of the tensor are not lanes), a whole cache line when the lanes are far apart, otherwise 1.
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
    group: usize,
    from: *const S::Real,
    to: *mut S::Real,
) {
    // SAFETY: the contract of this function.
    unsafe {
        match lanes {
            Some(Lanes::Contiguous) => {
                for item in moves {
                    put::<S>(to, item, S::load_complex(from.add(2 * item.from as usize)));
                }
            }
            Some(Lanes::Pattern(offsets)) if group == 1 => {
                for item in moves {
                    put::<S>(
                        to,
                        item,
                        S::gather_complex(from.add(2 * item.from as usize), offsets.as_ptr()),
                    );
                }
            }
            Some(Lanes::Pattern(_)) if group == 2 => {
                for pair in moves.chunks_exact(2) {
                    let (first, second) = unzipped_pair::<S>(from.add(2 * pair[0].from as usize));
                    put::<S>(to, &pair[0], first);
                    put::<S>(to, &pair[1], second);
                }
            }
            Some(Lanes::Pattern(_)) if group == 4 => {
                for quad in moves.chunks_exact(4) {
                    let from = from.add(2 * quad[0].from as usize);
                    let (even, odd) = unzipped_pair::<S>(from);
                    let (later_even, later_odd) = unzipped_pair::<S>(from.add(4 * S::LANES));
                    let (first, third) = unzipped::<S>(even, later_even);
                    let (second, fourth) = unzipped::<S>(odd, later_odd);
                    put::<S>(to, &quad[0], first);
                    put::<S>(to, &quad[1], second);
                    put::<S>(to, &quad[2], third);
                    put::<S>(to, &quad[3], fourth);
                }
            }
            Some(Lanes::Pattern(offsets)) => {
                for line in moves.chunks_exact(S::LINE_ITEMS) {
                    S::transpose_complex(from.add(2 * line[0].from as usize), offsets.as_ptr(), line, to);
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

/// Real and imaginary parts.
type Complexes<S> = (<S as Simd>::Vector, <S as Simd>::Vector);

#[inline(always)]
unsafe fn put<S: Simd>(to: *mut S::Real, item: &Move, (re, im): Complexes<S>) {
    // SAFETY: the contract of `pack`.
    unsafe {
        S::store(to.add(item.to as usize), re);
        S::store(to.add(item.to as usize + S::LANES), im);
    }
}

/// The complex numbers at even and at odd places of two vectors of them.
#[inline(always)]
unsafe fn unzipped<S: Simd>(low: Complexes<S>, high: Complexes<S>) -> (Complexes<S>, Complexes<S>) {
    // SAFETY: the contract of `pack`.
    unsafe {
        let (even_re, odd_re) = S::unzip(low.0, high.0);
        let (even_im, odd_im) = S::unzip(low.1, high.1);
        ((even_re, even_im), (odd_re, odd_im))
    }
}

/// As above, of `2 * LANES` complex numbers in a row.
#[inline(always)]
unsafe fn unzipped_pair<S: Simd>(from: *const S::Real) -> (Complexes<S>, Complexes<S>) {
    // SAFETY: the contract of `pack`.
    unsafe { unzipped::<S>(S::load_complex(from), S::load_complex(from.add(2 * S::LANES))) }
}
