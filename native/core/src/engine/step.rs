//! One step of a contraction, compiled: two tensors in, one out.

use super::blocked::Blocked;
use super::complex::{Complex, Real};
use super::direct::Direct;
use super::dot::Dot;
use super::level::SimdLevel;
use super::modes::{extent, is_injective, simplified, volume, Mode};
use super::reference;
use super::workers::Workers;
use std::fmt;

/// Steps of at most this many multiply-adds are not worth packing.
const TINY: usize = 256;

/// A pairwise contraction compiled for the strides of its tensors and the instructions of the machine.
///
/// Any combination of modes is allowed: kept by one operand, by both (a hyperindex that stays), summed over both or
/// over one, absent from both. A contraction of one tensor (a sum, a diagonal, a permutation) has the scalar 1 as its
/// second operand.
#[derive(Clone, Debug)]
pub struct StepKernel<T: Real> {
    algorithm: Algorithm<T>,
    extent_a: usize,
    extent_b: usize,
    extent_out: usize,
}

/// How a step is computed.
#[derive(Clone, Debug)]
enum Algorithm<T: Real> {
    /// The obvious loops: for strides that the others do not take.
    Obvious(Vec<Mode>),
    /// Tiny steps.
    Direct(Direct),
    /// Long sums into a few numbers.
    Dot(Dot<T>),
    /// Everything else.
    Blocked(Box<Blocked<T>>),
}

impl<T: Real> StepKernel<T> {
    /// Takes every decision about how to run the step.
    pub fn compile(modes: &[Mode], level: SimdLevel) -> Self {
        let (extent_a, extent_b) = (extent(modes, |mode| mode.a), extent(modes, |mode| mode.b));
        let extent_out = extent(modes, |mode| mode.out);
        let modes = simplified(modes);
        let addressable = extent_a.max(extent_b).max(extent_out) < u32::MAX as usize;
        let algorithm = if volume(&modes) == 0 || !addressable || !is_injective(&modes) {
            Algorithm::Obvious(modes)
        } else if volume(&modes) <= TINY {
            Algorithm::Direct(Direct::compile(&modes))
        } else if let Some(dot) = Dot::compile(&modes, level) {
            Algorithm::Dot(dot)
        } else {
            Algorithm::Blocked(Box::new(Blocked::compile(&modes, level)))
        };
        Self {
            algorithm,
            extent_a,
            extent_b,
            extent_out,
        }
    }

    /// Length of the workspace that [`StepKernel::run`] needs, in complex elements.
    pub fn workspace_len(&self, threads: usize) -> usize {
        match &self.algorithm {
            Algorithm::Obvious(_) | Algorithm::Direct(_) => 0,
            Algorithm::Dot(dot) => dot.workspace_len(),
            Algorithm::Blocked(blocked) => blocked.workspace_len(threads),
        }
    }

    /// Computes `out = scale * sum(a * b)` over the modes that `out` does not have.
    ///
    /// Returns the largest magnitude of a real or imaginary part written (anything if a NaN was written). With several
    /// threads the work is split over the current rayon pool; the result has the same bits for any number of them.
    /// Elements of `out` that no mode reaches are left alone.
    ///
    /// # Panics
    ///
    /// If a tensor or the workspace is shorter than the modes need.
    pub fn run(
        &self,
        a: &[Complex<T>],
        b: &[Complex<T>],
        out: &mut [Complex<T>],
        scale: T,
        workspace: &mut [Complex<T>],
        workers: Workers<'_>,
    ) -> T {
        assert!(
            a.len() >= self.extent_a,
            "the first operand is shorter than its modes need"
        );
        assert!(
            b.len() >= self.extent_b,
            "the second operand is shorter than its modes need"
        );
        assert!(
            out.len() >= self.extent_out,
            "the output is shorter than its modes need"
        );
        assert!(
            workspace.len() >= self.workspace_len(workers.threads),
            "the workspace is shorter than this step needs"
        );
        match &self.algorithm {
            Algorithm::Obvious(modes) => reference::contract(modes, a, b, out, scale),
            Algorithm::Direct(direct) => direct.run(a, b, out, scale),
            // SAFETY: lengths were checked above.
            Algorithm::Dot(dot) => unsafe { dot.run(a, b, out, scale, workspace, workers.threads) },
            // SAFETY: lengths were checked above, and `compile` has checked that output elements are distinct.
            Algorithm::Blocked(blocked) => unsafe { blocked.run(a, b, out, scale, workspace, workers) },
        }
    }
}

impl<T: Real> fmt::Display for StepKernel<T> {
    /// Tells how the step is computed, in a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.algorithm {
            Algorithm::Obvious(_) => write!(f, "obvious"),
            Algorithm::Direct(_) => write!(f, "direct"),
            Algorithm::Dot(_) => write!(f, "dot"),
            Algorithm::Blocked(blocked) => blocked.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(size: usize, a: usize, b: usize, out: usize) -> Mode {
        Mode { size, a, b, out }
    }

    fn run(modes: &[Mode], a: &[f64], b: &[f64], out_len: usize) -> Vec<f64> {
        let complex = |values: &[f64]| values.iter().map(|x| Complex::new(*x, 0.0)).collect::<Vec<_>>();
        let mut out = vec![Complex::new(-7.0, 0.0); out_len];
        let kernel = StepKernel::compile(modes, SimdLevel::detect());
        let mut workspace = vec![Complex::new(0.0, 0.0); kernel.workspace_len(1)];
        kernel.run(&complex(a), &complex(b), &mut out, 1.0, &mut workspace, 1.into());
        out.iter().map(|x| x.re).collect()
    }

    #[test]
    fn two_scalars_are_multiplied() {
        assert_eq!(run(&[], &[3.0], &[5.0], 1), [15.0]);
    }

    #[test]
    fn a_hyperindex_that_stays_pairs_elements() {
        assert_eq!(run(&[mode(2, 1, 1, 1)], &[1.0, 2.0], &[3.0, 4.0], 2), [3.0, 8.0]);
    }

    #[test]
    fn an_index_of_one_operand_alone_is_summed() {
        assert_eq!(run(&[mode(3, 1, 0, 0)], &[1.0, 2.0, 3.0], &[10.0], 1), [60.0]);
        assert_eq!(run(&[mode(3, 0, 1, 0)], &[10.0], &[1.0, 2.0, 3.0], 1), [60.0]);
    }

    #[test]
    fn an_index_of_no_operand_repeats() {
        assert_eq!(run(&[mode(3, 0, 0, 1)], &[2.0], &[5.0], 3), [10.0; 3]);
        assert_eq!(run(&[mode(3, 0, 0, 0)], &[2.0], &[5.0], 1), [30.0]);
    }

    #[test]
    fn gaps_of_the_output_are_left_alone() {
        assert_eq!(run(&[mode(2, 1, 0, 2)], &[1.0, 2.0], &[3.0], 3), [3.0, -7.0, 6.0]);
    }

    #[test]
    fn a_permutation_is_a_contraction_with_one() {
        let modes = [mode(2, 1, 0, 3), mode(3, 2, 0, 1)];
        assert_eq!(
            run(&modes, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[1.0], 6),
            [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]
        );
    }
}
