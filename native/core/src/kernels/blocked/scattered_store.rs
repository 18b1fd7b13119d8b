//! Writes sums whose lanes are not contiguous in the output, or that are still to be scaled.

use super::layout::Layout;
use super::microkernel::Target;
use crate::kernels::lanes::Lanes;
use crate::number::Real;
use crate::simd::vector::{Simd, MAX_LANES};
use std::ops::Range;

/// Writes all columns of a panel of `vectors`, whose sums lie `aside`, column by column.
///
/// # Safety
///
/// The machine has the instructions of `S`; the output is valid at every offset.
#[inline(always)]
pub unsafe fn write_slowly<S: Simd>(
    layout: &Layout,
    mut aside: *const S::Real,
    vectors: Range<usize>,
    target: &Target<S>,
    largest: &mut S::Vector,
) {
    // SAFETY: the contract of this function.
    unsafe {
        for column in &layout.out_column {
            for vector in vectors.clone() {
                // Stage 1: load the sums and scale them.
                let (mut re, mut im) = (
                    S::mul(S::load(aside), target.scale),
                    S::mul(S::load(aside.add(S::LANES)), target.scale),
                );
                aside = aside.add(2 * S::LANES);
                // Stage 2: write their lanes, added to what is there if the sums have earlier parts.
                let to = target
                    .out
                    .add(2 * (layout.out_vector[vector] as usize + *column as usize));
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
                        let lanes = &layout.scattered_out[vector * S::LANES..(vector + 1) * S::LANES];
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
