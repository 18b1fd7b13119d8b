//! One step of a contraction, compiled: two tensors in, one out.

use super::blocked::Blocked;
use super::dot::Dot;
use super::reference;
use super::tensors::Tensors;
use super::tiny::Tiny;
use super::workers::Workers;
use crate::number::Real;
use crate::program::modes::{extent, is_injective, simplify, volume, Mode};
use crate::simd::instructions::VectorReal;
use crate::simd::level::SimdLevel;
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
    /// The reference loops: for strides that the others do not support.
    Obvious(Vec<Mode>),
    /// Steps of a few hundred multiply-adds.
    Tiny(Tiny),
    /// Long sums into a few numbers.
    Dot(Dot<T>),
    /// Everything else.
    Blocked(Box<Blocked<T>>),
}

/// A real number type that steps are computed in. Its kernels are compiled once, in this crate, not again in each that
/// uses them.
pub trait StepReal: VectorReal {
    /// See [`StepKernel::compile`].
    fn compile_step(modes: &[Mode], level: SimdLevel) -> StepKernel<Self>;
    /// See [`StepKernel::run`].
    fn run_step(step: &StepKernel<Self>, tensors: Tensors<'_, Self>, workers: Workers<'_>) -> Self;
}

macro_rules! step_real {
    ($($real:ty)*) => {
        $(impl StepReal for $real {
            fn compile_step(modes: &[Mode], level: SimdLevel) -> StepKernel<Self> {
                StepKernel::choose(modes, level)
            }
            fn run_step(step: &StepKernel<Self>, tensors: Tensors<'_, Self>, workers: Workers<'_>) -> Self {
                step.execute(tensors, workers)
            }
        })*
    };
}

step_real!(f32 f64);

impl<T: StepReal> StepKernel<T> {
    /// Decides everything about how to run the step.
    pub fn compile(modes: &[Mode], level: SimdLevel) -> Self {
        T::compile_step(modes, level)
    }

    /// Computes `out = scale * sum(a * b)` over the modes that `out` does not have.
    ///
    /// Returns the largest magnitude of a real or imaginary part written (anything if a NaN was written). With several
    /// threads the work is split over the current rayon pool; the result has the same bits for any number of them.
    /// Elements of `out` that no mode reaches are not changed.
    ///
    /// # Panics
    ///
    /// If a tensor or the workspace is shorter than the modes need.
    pub fn run(&self, tensors: Tensors<'_, T>, workers: Workers<'_>) -> T {
        T::run_step(self, tensors, workers)
    }
}

impl<T: Real> StepKernel<T> {
    /// Length of the workspace that [`StepKernel::run`] needs, in complex elements.
    pub fn workspace_len(&self, threads: usize) -> usize {
        match &self.algorithm {
            Algorithm::Obvious(_) | Algorithm::Tiny(_) => 0,
            Algorithm::Dot(dot) => dot.workspace_len(),
            Algorithm::Blocked(blocked) => blocked.workspace_len(threads),
        }
    }
}

impl<T: VectorReal> StepKernel<T> {
    fn choose(modes: &[Mode], level: SimdLevel) -> Self {
        let (extent_a, extent_b) = (extent(modes, |mode| mode.a), extent(modes, |mode| mode.b));
        let extent_out = extent(modes, |mode| mode.out);
        let modes = simplify(modes);
        let addressable = extent_a.max(extent_b).max(extent_out) < u32::MAX as usize;
        let algorithm = if volume(&modes) == 0 || !addressable || !is_injective(&modes) {
            Algorithm::Obvious(modes)
        } else if volume(&modes) <= TINY {
            Algorithm::Tiny(Tiny::compile(&modes))
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

    fn execute(&self, tensors: Tensors<'_, T>, workers: Workers<'_>) -> T {
        assert!(
            tensors.a.len() >= self.extent_a,
            "the first operand is shorter than its modes need"
        );
        assert!(
            tensors.b.len() >= self.extent_b,
            "the second operand is shorter than its modes need"
        );
        assert!(
            tensors.out.len() >= self.extent_out,
            "the output is shorter than its modes need"
        );
        assert!(
            tensors.workspace.len() >= self.workspace_len(workers.threads),
            "the workspace is shorter than this step needs"
        );
        let Tensors { a, b, scale, .. } = tensors;
        match &self.algorithm {
            Algorithm::Obvious(modes) => reference::contract(modes, a, b, tensors.out, scale),
            Algorithm::Tiny(tiny) => tiny.run(a, b, tensors.out, scale),
            // SAFETY: lengths were checked above.
            Algorithm::Dot(dot) => unsafe { dot.run(tensors, workers.threads) },
            // SAFETY: lengths were checked above, and `compile` has checked that output elements are distinct.
            Algorithm::Blocked(blocked) => unsafe { blocked.run(tensors, workers) },
        }
    }
}

impl<T: Real> fmt::Display for StepKernel<T> {
    /// How the step is computed, in a few words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.algorithm {
            Algorithm::Obvious(_) => write!(f, "obvious"),
            Algorithm::Tiny(_) => write!(f, "tiny"),
            Algorithm::Dot(_) => write!(f, "dot"),
            Algorithm::Blocked(blocked) => blocked.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Complex;

    fn mode(size: usize, a: usize, b: usize, out: usize) -> Mode {
        Mode { size, a, b, out }
    }

    fn run(modes: &[Mode], a: &[f64], b: &[f64], out_len: usize) -> Vec<f64> {
        let complex = |values: &[f64]| values.iter().map(|x| Complex::new(*x, 0.0)).collect::<Vec<_>>();
        let mut out = vec![Complex::new(-7.0, 0.0); out_len];
        let kernel = StepKernel::compile(modes, SimdLevel::detect());
        let mut workspace = vec![Complex::new(0.0, 0.0); kernel.workspace_len(1)];
        let tensors = Tensors {
            a: &complex(a),
            b: &complex(b),
            out: &mut out,
            scale: 1.0,
            workspace: &mut workspace,
        };
        kernel.run(tensors, 1.into());
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
