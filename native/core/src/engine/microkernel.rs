//! The innermost product: a few vectors of rows times a few columns, summed over the terms of a block in registers.

use super::layout::Lanes;
use super::simd::Simd;

const STORE: u8 = 0;
const STREAM: u8 = 1;
const ADD: u8 = 2;
const SCATTER: u8 = 3;
const SCATTER_ADD: u8 = 4;

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
            let zero = S::splat(<S::Real as super::complex::Real>::ZERO);
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
            let zero = S::splat(<S::Real as super::complex::Real>::ZERO);
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

    /// Asks for the places of the tile in the output, while it is computed.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`.
    #[inline(always)]
    pub unsafe fn prefetch(target: &Target<S>, vectors: &[u32], columns: &[u32]) {
        for column in columns.iter().take(COLUMNS) {
            for vector in vectors.iter().take(VECTORS) {
                let at = target.out.wrapping_add(2 * (*vector as usize + *column as usize));
                for line in 0..S::LANES / S::LINE_ITEMS {
                    // SAFETY: the contract of this function.
                    unsafe { S::prefetch(at.wrapping_add(line * 2 * S::LINE_ITEMS)) }
                }
            }
        }
    }

    /// Writes the tile to the output; `largest` keeps the largest magnitude of each lane.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; the output is valid at every offset; aligned if it is to be streamed.
    #[inline(always)]
    pub unsafe fn write(&self, target: &Target<S>, vectors: &[u32], columns: &[u32], largest: &mut S::Vector) {
        // SAFETY: the contract of this function.
        unsafe {
            match (target.lanes, target.accumulate) {
                (Lanes::Contiguous, false) if target.stream => {
                    self.each::<STREAM>(target, std::ptr::null(), vectors, columns, largest)
                }
                (Lanes::Contiguous, false) => self.each::<STORE>(target, std::ptr::null(), vectors, columns, largest),
                (Lanes::Contiguous, true) => self.each::<ADD>(target, std::ptr::null(), vectors, columns, largest),
                (Lanes::Pattern(offsets), false) => {
                    self.each::<SCATTER>(target, offsets.as_ptr(), vectors, columns, largest)
                }
                (Lanes::Pattern(offsets), true) => {
                    self.each::<SCATTER_ADD>(target, offsets.as_ptr(), vectors, columns, largest)
                }
                (Lanes::Scattered, _) => {}
            }
        }
    }

    #[inline(always)]
    unsafe fn each<const HOW: u8>(
        &self,
        target: &Target<S>,
        lanes: *const i64,
        vectors: &[u32],
        columns: &[u32],
        largest: &mut S::Vector,
    ) {
        // SAFETY: the contract of `write`.
        unsafe {
            for c in 0..COLUMNS {
                let column = *columns.get_unchecked(c) as usize;
                for v in 0..VECTORS {
                    let to = target.out.add(2 * (*vectors.get_unchecked(v) as usize + column));
                    let (mut re, mut im) = (S::mul(self.re[c][v], target.scale), S::mul(self.im[c][v], target.scale));
                    if HOW == ADD || HOW == SCATTER_ADD {
                        let old = if HOW == ADD {
                            S::load_complex(to)
                        } else {
                            S::gather_complex(to, lanes)
                        };
                        (re, im) = (S::add(old.0, re), S::add(old.1, im));
                    }
                    *largest = S::max_abs(S::max_abs(*largest, re), im);
                    match HOW {
                        STREAM => S::stream_complex(to, re, im),
                        STORE | ADD => S::store_complex(to, re, im),
                        _ => S::scatter_complex(to, lanes, re, im),
                    }
                }
            }
        }
    }

    /// Writes the tile lane by lane; `lanes` has the offset of every lane of every vector, `u32::MAX` for none.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `S`; the output is valid at every offset.
    #[inline(always)]
    pub unsafe fn write_scattered(&self, target: &Target<S>, lanes: &[u32], columns: &[u32], largest: &mut S::Vector) {
        let mut parts = [<S::Real as super::complex::Real>::ZERO; 2 * super::simd::MAX_LANES];
        // SAFETY: the contract of this function; `parts` holds two vectors.
        unsafe {
            for (c, column) in columns.iter().enumerate().take(COLUMNS) {
                for v in 0..VECTORS {
                    let (re, im) = (S::mul(self.re[c][v], target.scale), S::mul(self.im[c][v], target.scale));
                    S::store_complex(parts.as_mut_ptr(), re, im);
                    for lane in 0..S::LANES {
                        let row = lanes[v * S::LANES + lane];
                        if row == u32::MAX {
                            continue;
                        }
                        let to = target.out.add(2 * (row as usize + *column as usize));
                        if target.accumulate {
                            parts[2 * lane] += *to;
                            parts[2 * lane + 1] += *to.add(1);
                        }
                        *to = parts[2 * lane];
                        *to.add(1) = parts[2 * lane + 1];
                    }
                    // Lanes without a row are 0: their panels are.
                    let (re, im) = S::load_complex(parts.as_ptr());
                    *largest = S::max_abs(S::max_abs(*largest, re), im);
                }
            }
        }
    }
}
