//! The innermost product: a few vectors of rows times a few columns, summed over the terms of a block in registers.
//!
//! A complex product takes three real ones, not four (Gauss; as a way to multiply matrices: Higham, "Stability of a
//! method for multiplying complex matrices with three real matrix multiplications", SIAM J. Matrix Anal. Appl. 13,
//! 1992): with `s = (re a + im a) re b`, the real part is `s - im a (re b + im b)` and the imaginary one
//! `s + re a (im b - re b)`. What depends on `b` alone is computed when it is packed, see [`super::pack`].

use super::pack::PARTS_OF_B;
use crate::kernels::lanes::Lanes;
use crate::number::Real;
use crate::simd::vector::Simd;

/// Accumulators of `VECTORS` vectors of rows by `COLUMNS` columns: the sums are `shared + re` and `shared + im`.
pub struct Tile<S: Simd, const VECTORS: usize, const COLUMNS: usize> {
    shared: [[S::Vector; VECTORS]; COLUMNS],
    re: [[S::Vector; VECTORS]; COLUMNS],
    im: [[S::Vector; VECTORS]; COLUMNS],
}

/// Where and how a tile is stored.
pub struct Target<'a, S: Simd> {
    /// First element of the block in the output.
    pub out: *mut S::Real,
    /// How the lanes lie there.
    pub lanes: &'a Lanes,
    /// Add to what is there.
    pub accumulate: bool,
    /// Use non-temporal stores, which bypass the caches.
    pub stream: bool,
    /// Factor on what [`super::scattered_store::write_slowly`] writes.
    pub scale: S::Vector,
}

impl<S: Simd, const VECTORS: usize, const COLUMNS: usize> Tile<S, VECTORS, COLUMNS> {
    /// All sums 0.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`.
    #[inline(always)]
    pub unsafe fn zero() -> Self {
        // SAFETY: the contract of this function.
        let zero = unsafe { S::splat(<S::Real as Real>::ZERO) };
        Self {
            shared: [[zero; VECTORS]; COLUMNS],
            re: [[zero; VECTORS]; COLUMNS],
            im: [[zero; VECTORS]; COLUMNS],
        }
    }

    /// The sums that [`Tile::store_sums`] has stored.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; `from` is valid for the vectors of the tile.
    #[inline(always)]
    pub unsafe fn load_sums(from: *const S::Real) -> Self {
        // SAFETY: the contract of this function.
        unsafe {
            let mut tile = Self::zero();
            for c in 0..COLUMNS {
                for v in 0..VECTORS {
                    let at = from.add((c * VECTORS + v) * 2 * S::LANES);
                    (tile.re[c][v], tile.im[c][v]) = (S::load(at), S::load(at.add(S::LANES)));
                }
            }
            tile
        }
    }

    /// Stores the sums, to go on with them later.
    ///
    /// # Safety
    ///
    /// As for [`Tile::load_sums`].
    #[inline(always)]
    pub unsafe fn store_sums(&self, to: *mut S::Real) {
        // SAFETY: the contract of this function.
        unsafe {
            for c in 0..COLUMNS {
                for v in 0..VECTORS {
                    let at = to.add((c * VECTORS + v) * 2 * S::LANES);
                    let (re, im) = self.sum(c, v);
                    S::store(at, re);
                    S::store(at.add(S::LANES), im);
                }
            }
        }
    }

    /// Real and imaginary parts of a vector of sums.
    #[inline(always)]
    unsafe fn sum(&self, c: usize, v: usize) -> (S::Vector, S::Vector) {
        let shared = self.shared[c][v];
        // SAFETY: the contract of the functions that call it.
        unsafe { (S::add(shared, self.re[c][v]), S::add(shared, self.im[c][v])) }
    }

    /// Adds one term; returns where the next one of `b` is.
    #[inline(always)]
    unsafe fn add_term<const SPLIT: bool>(
        &mut self,
        a_re: &[S::Vector; VECTORS],
        a_im: &[S::Vector; VECTORS],
        b: *const S::Real,
    ) -> *const S::Real {
        let lanes = if SPLIT { S::LANES } else { 1 };
        // SAFETY: the contract of the functions below.
        unsafe {
            let part_of_b = |c: usize, part: usize| {
                let at = b.add((PARTS_OF_B * c + part) * lanes);
                if SPLIT {
                    S::load(at)
                } else {
                    S::splat(*at)
                }
            };
            // Stage 1: what goes to the real parts, then to the imaginary ones. Two sums into the same register lie a round
            // of all columns apart, so no multiplier waits for the other.
            for c in 0..COLUMNS {
                let sum = part_of_b(c, 2);
                for (re, a_im) in self.re[c].iter_mut().zip(a_im) {
                    *re = S::mul_sub_from(*a_im, sum, *re);
                }
            }
            for c in 0..COLUMNS {
                let difference = part_of_b(c, 1);
                for (im, a_re) in self.im[c].iter_mut().zip(a_re) {
                    *im = S::mul_add(*a_re, difference, *im);
                }
            }
            // Stage 2: what both parts share.
            let mut a_sum = *a_re;
            for (sum, a_im) in a_sum.iter_mut().zip(a_im) {
                *sum = S::add(*sum, *a_im);
            }
            for c in 0..COLUMNS {
                let re = part_of_b(c, 0);
                for (shared, a_sum) in self.shared[c].iter_mut().zip(a_sum) {
                    *shared = S::mul_add(a_sum, re, *shared);
                }
            }
            b.add(COLUMNS * PARTS_OF_B * lanes)
        }
    }

    /// Adds the product of a panel of `a` and a panel of `b`; `SPLIT` says that `b` is packed into vectors.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; the panels are as long as `terms` says.
    #[inline(always)]
    pub unsafe fn plus_product<const SPLIT: bool>(
        mut self,
        terms: usize,
        mut a: *const S::Real,
        mut b: *const S::Real,
    ) -> Self {
        // SAFETY: the contract of this function.
        unsafe {
            let zero = S::splat(<S::Real as Real>::ZERO);
            for _ in 0..terms {
                let (mut a_re, mut a_im) = ([zero; VECTORS], [zero; VECTORS]);
                for v in 0..VECTORS {
                    a_re[v] = S::load(a.add(2 * v * S::LANES));
                    a_im[v] = S::load(a.add((2 * v + 1) * S::LANES));
                }
                b = self.add_term::<SPLIT>(&a_re, &a_im, b);
                a = a.add(2 * VECTORS * S::LANES);
            }
            self
        }
    }

    /// The product, with `a` where it is: vector `v` of term `t` lies at `a[v] + terms[t]`, interleaved. With `AHEAD`
    /// it prefetches what lies `ahead` reals further on.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; `a` is valid at all offsets, `b` is as long as `terms` says.
    #[inline(always)]
    pub unsafe fn product_in_place<const SPLIT: bool, const AHEAD: bool>(
        terms: &[u32],
        a: [*const S::Real; VECTORS],
        ahead: isize,
        mut b: *const S::Real,
    ) -> Self {
        // SAFETY: the contract of this function.
        unsafe {
            let mut tile = Self::zero();
            let zero = S::splat(<S::Real as Real>::ZERO);
            for term in terms {
                let (mut a_re, mut a_im) = ([zero; VECTORS], [zero; VECTORS]);
                for v in 0..VECTORS {
                    let from = a[v].add(2 * *term as usize);
                    (a_re[v], a_im[v]) = S::load_complex(from);
                    if AHEAD {
                        for line in 0..S::LANES / S::LINE_ITEMS {
                            S::prefetch_read(from.wrapping_offset(ahead).wrapping_add(line * 2 * S::LINE_ITEMS));
                        }
                    }
                }
                b = tile.add_term::<SPLIT>(&a_re, &a_im, b);
            }
            tile
        }
    }

    /// Adds what is in the output, where the lanes of the tile lie in a row there.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; the output is valid at every offset.
    #[inline(always)]
    pub unsafe fn add_written(&mut self, target: &Target<S>, vectors: &[u32], columns: &[u32]) {
        // SAFETY: the contract of this function.
        unsafe {
            for c in 0..COLUMNS {
                let column = *columns.get_unchecked(c) as usize;
                for v in 0..VECTORS {
                    let from = target.out.add(2 * (*vectors.get_unchecked(v) as usize + column));
                    let (re, im) = S::load_complex(from);
                    (self.re[c][v], self.im[c][v]) = (S::add(self.re[c][v], re), S::add(self.im[c][v], im));
                }
            }
        }
    }

    /// Writes the tile to the output, where its lanes lie in a row. Returns the largest magnitude of each lane.
    ///
    /// # Safety
    ///
    /// As for [`Tile::add_written`]; the output is aligned if it is to be streamed.
    #[inline(always)]
    pub unsafe fn write(&self, target: &Target<S>, vectors: &[u32], columns: &[u32]) -> S::Vector {
        // SAFETY: the contract of this function.
        unsafe {
            let mut largest = S::splat(<S::Real as Real>::ZERO);
            for c in 0..COLUMNS {
                let column = *columns.get_unchecked(c) as usize;
                for v in 0..VECTORS {
                    let to = target.out.add(2 * (*vectors.get_unchecked(v) as usize + column));
                    let (re, im) = self.sum(c, v);
                    largest = S::max_abs(largest, S::max_abs(re, im));
                    if target.stream {
                        S::stream_complex(to, re, im);
                    } else {
                        S::store_complex(to, re, im);
                    }
                }
            }
            largest
        }
    }
}

/// Prefetches the places of a tile in the output, while it is computed.
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
