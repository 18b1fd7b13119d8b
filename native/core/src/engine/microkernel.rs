//! The innermost product: a few vectors of rows times a few columns, summed over the terms of a block in registers.

use super::complex::Real;
use super::lanes::Lanes;
use super::layout::PANEL_COLUMNS;
use super::simd::{Simd, MAX_LANES};

/// Accumulators of `VECTORS` vectors of rows by `COLUMNS` columns.
pub struct Tile<S: Simd, const VECTORS: usize, const COLUMNS: usize> {
    re: [[S::Vector; VECTORS]; COLUMNS],
    im: [[S::Vector; VECTORS]; COLUMNS],
}

/// Where a tile goes and how.
pub struct Target<'a, S: Simd> {
    /// First element of the block in the output.
    pub out: *mut S::Real,
    /// How the lanes lie there.
    pub lanes: &'a Lanes,
    /// Add to what is there.
    pub accumulate: bool,
    /// Store past the caches.
    pub stream: bool,
    /// Factor on what is written.
    pub scale: S::Vector,
}

impl<S: Simd, const VECTORS: usize, const COLUMNS: usize> Tile<S, VECTORS, COLUMNS> {
    /// Multiplies a panel of `a` by a panel of `b`; `SPLIT` says that `b` is packed into vectors.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; the panels are as long as `terms` says.
    #[inline(always)]
    pub unsafe fn product<const SPLIT: bool>(terms: usize, mut a: *const S::Real, mut b: *const S::Real) -> Self {
        let unit = if SPLIT { 2 * S::LANES } else { 2 };
        // SAFETY: the contract of this function.
        unsafe {
            let zero = S::splat(<S::Real as Real>::ZERO);
            let mut re = [[zero; VECTORS]; COLUMNS];
            let mut im = [[zero; VECTORS]; COLUMNS];
            for _ in 0..terms {
                let mut a_re = [zero; VECTORS];
                let mut a_im = [zero; VECTORS];
                for v in 0..VECTORS {
                    a_re[v] = S::load(a.add(2 * v * S::LANES));
                    a_im[v] = S::load(a.add((2 * v + 1) * S::LANES));
                }
                for c in 0..COLUMNS {
                    let (b_re, b_im) = if SPLIT {
                        (S::load(b.add(c * unit)), S::load(b.add(c * unit + S::LANES)))
                    } else {
                        (S::splat(*b.add(2 * c)), S::splat(*b.add(2 * c + 1)))
                    };
                    for v in 0..VECTORS {
                        re[c][v] = S::mul_add(a_re[v], b_re, re[c][v]);
                        im[c][v] = S::mul_add(a_im[v], b_re, im[c][v]);
                    }
                    for v in 0..VECTORS {
                        re[c][v] = S::mul_sub_from(a_im[v], b_im, re[c][v]);
                        im[c][v] = S::mul_add(a_re[v], b_im, im[c][v]);
                    }
                }
                a = a.add(2 * VECTORS * S::LANES);
                b = b.add(COLUMNS * unit);
            }
            Self { re, im }
        }
    }

    /// As `product`, with `a` where it is: vector `v` of term `t` lies at `a[v] + terms[t]`, interleaved.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; `a` is valid at all offsets, `b` is as long as `terms` says.
    #[inline(always)]
    pub unsafe fn product_in_place<const SPLIT: bool>(
        terms: &[u32],
        a: [*const S::Real; VECTORS],
        mut b: *const S::Real,
    ) -> Self {
        let unit = if SPLIT { 2 * S::LANES } else { 2 };
        // SAFETY: the contract of this function.
        unsafe {
            let zero = S::splat(<S::Real as Real>::ZERO);
            let mut re = [[zero; VECTORS]; COLUMNS];
            let mut im = [[zero; VECTORS]; COLUMNS];
            for term in terms {
                let mut a_re = [zero; VECTORS];
                let mut a_im = [zero; VECTORS];
                for v in 0..VECTORS {
                    (a_re[v], a_im[v]) = S::load_complex(a[v].add(2 * *term as usize));
                }
                for c in 0..COLUMNS {
                    let (b_re, b_im) = if SPLIT {
                        (S::load(b.add(c * unit)), S::load(b.add(c * unit + S::LANES)))
                    } else {
                        (S::splat(*b.add(2 * c)), S::splat(*b.add(2 * c + 1)))
                    };
                    for v in 0..VECTORS {
                        re[c][v] = S::mul_add(a_re[v], b_re, re[c][v]);
                        im[c][v] = S::mul_add(a_im[v], b_re, im[c][v]);
                    }
                    for v in 0..VECTORS {
                        re[c][v] = S::mul_sub_from(a_im[v], b_im, re[c][v]);
                        im[c][v] = S::mul_add(a_re[v], b_im, im[c][v]);
                    }
                }
                b = b.add(COLUMNS * unit);
            }
            Self { re, im }
        }
    }

    /// Writes the tile to the output where its lanes lie in a row and nothing is added; `largest` keeps the largest
    /// magnitude of each lane.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; the output is valid at every offset; aligned if it is to be streamed.
    #[inline(always)]
    pub unsafe fn write(&self, target: &Target<S>, vectors: &[u32], columns: &[u32], largest: &mut S::Vector) {
        // SAFETY: the contract of this function.
        unsafe {
            for c in 0..COLUMNS {
                let column = *columns.get_unchecked(c) as usize;
                for v in 0..VECTORS {
                    let to = target.out.add(2 * (*vectors.get_unchecked(v) as usize + column));
                    let (re, im) = (S::mul(self.re[c][v], target.scale), S::mul(self.im[c][v], target.scale));
                    *largest = S::max_abs(S::max_abs(*largest, re), im);
                    if target.stream {
                        S::stream_complex(to, re, im);
                    } else {
                        S::store_complex(to, re, im);
                    }
                }
            }
        }
    }

    /// Puts the tile aside, column by column, for [`write_slowly`].
    #[inline(always)]
    pub fn put_aside(&self, tile: &mut Aside<S>) {
        for c in 0..COLUMNS {
            for v in 0..VECTORS {
                tile[c * VECTORS + v] = (self.re[c][v], self.im[c][v]);
            }
        }
    }
}

/// The vectors of a tile in memory.
pub type Aside<S> = [(<S as Simd>::Vector, <S as Simd>::Vector); 2 * PANEL_COLUMNS];

/// Writes a tile where lanes do not lie in a row, or adds it to what is there.
///
/// `scattered` has the offset of every lane of every vector, `u32::MAX` for none, if the lanes are scattered.
///
/// # Safety
///
/// As for [`Tile::write`].
#[inline(always)]
pub unsafe fn write_slowly<S: Simd>(
    tile: &Aside<S>,
    target: &Target<S>,
    vectors: &[u32],
    columns: &[u32],
    scattered: &[u32],
    largest: &mut S::Vector,
) {
    // SAFETY: the contract of this function.
    unsafe {
        for (c, column) in columns.iter().enumerate() {
            for (v, vector) in vectors.iter().enumerate() {
                let (re, im) = tile[c * vectors.len() + v];
                let (mut re, mut im) = (S::mul(re, target.scale), S::mul(im, target.scale));
                let to = target.out.add(2 * (*vector as usize + *column as usize));
                match target.lanes {
                    Lanes::Contiguous => {
                        if target.accumulate {
                            let old = S::load_complex(to);
                            (re, im) = (S::add(old.0, re), S::add(old.1, im));
                        }
                        S::store_complex(to, re, im);
                    }
                    Lanes::Pattern(lanes) => {
                        if target.accumulate {
                            let old = S::gather_complex(to, lanes.as_ptr());
                            (re, im) = (S::add(old.0, re), S::add(old.1, im));
                        }
                        S::scatter_complex(to, lanes.as_ptr(), re, im);
                    }
                    Lanes::Scattered => {
                        let lanes = &scattered[v * S::LANES..(v + 1) * S::LANES];
                        (re, im) = write_lanes::<S>(to, lanes, target.accumulate, re, im);
                    }
                }
                *largest = S::max_abs(S::max_abs(*largest, re), im);
            }
        }
    }
}

/// Writes lane by lane; returns what was written. Lanes without a place hold 0, since their panels do.
#[inline(always)]
unsafe fn write_lanes<S: Simd>(
    to: *mut S::Real,
    lanes: &[u32],
    accumulate: bool,
    re: S::Vector,
    im: S::Vector,
) -> (S::Vector, S::Vector) {
    let mut parts = [<S::Real as Real>::ZERO; 2 * MAX_LANES];
    // SAFETY: the contract of `write_slowly`; `parts` holds two vectors.
    unsafe {
        S::store_complex(parts.as_mut_ptr(), re, im);
        for (lane, place) in lanes.iter().enumerate().filter(|(_, place)| **place != u32::MAX) {
            let to = to.add(2 * *place as usize);
            if accumulate {
                parts[2 * lane] += *to;
                parts[2 * lane + 1] += *to.add(1);
            }
            *to = parts[2 * lane];
            *to.add(1) = parts[2 * lane + 1];
        }
        S::load_complex(parts.as_ptr())
    }
}

/// Asks for the places of a tile in the output, while it is computed.
///
/// # Safety
///
/// The machine has the instructions of `S`.
#[inline(always)]
pub unsafe fn prefetch_places<S: Simd>(target: &Target<S>, vectors: &[u32], columns: &[u32]) {
    for column in columns {
        for vector in vectors {
            let at = target.out.wrapping_add(2 * (*vector as usize + *column as usize));
            for line in 0..S::LANES / S::LINE_ITEMS {
                // SAFETY: the contract of this function.
                unsafe { S::prefetch(at.wrapping_add(line * 2 * S::LINE_ITEMS)) }
            }
        }
    }
}
