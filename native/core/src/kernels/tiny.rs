//! The kernel of tiny steps: two nested loops over offset tables, nothing to set up.

use super::reference::offsets;
use crate::number::{larger, Complex, Real};
use crate::program::modes::{volume, Mode};

/// A contraction as two flat lists: where each output element starts, and what is summed for it.
#[derive(Clone, Debug)]
pub struct Tiny {
    kept: Vec<[u32; 3]>,
    summed: Vec<[u32; 2]>,
}

impl Tiny {
    /// Makes the lists. Offsets must fit 32 bits.
    pub fn compile(modes: &[Mode]) -> Self {
        let (summed, kept): (Vec<Mode>, Vec<Mode>) = modes.iter().copied().partition(|mode| mode.out == 0);
        let at = |modes: &[Mode], point| {
            let (a, b, out) = offsets(modes, point);
            [a as u32, b as u32, out as u32]
        };
        Self {
            kept: (0..volume(&kept)).map(|point| at(&kept, point)).collect(),
            summed: (0..volume(&summed))
                .map(|point| at(&summed, point))
                .map(|[a, b, _]| [a, b])
                .collect(),
        }
    }

    /// See [`super::step::StepKernel::run`].
    pub fn run<T: Real>(&self, a: &[Complex<T>], b: &[Complex<T>], out: &mut [Complex<T>], scale: T) -> T {
        let mut largest = T::ZERO;
        for [kept_a, kept_b, kept_out] in &self.kept {
            let (a, b) = (&a[*kept_a as usize..], &b[*kept_b as usize..]);
            let (mut re, mut im) = (T::ZERO, T::ZERO);
            for [summed_a, summed_b] in &self.summed {
                let (x, y) = (a[*summed_a as usize], b[*summed_b as usize]);
                re += x.re * y.re - x.im * y.im;
                im += x.re * y.im + x.im * y.re;
            }
            let (re, im) = (re * scale, im * scale);
            largest = larger(larger(largest, re.abs()), im.abs());
            out[*kept_out as usize] = Complex::new(re, im);
        }
        largest
    }
}
