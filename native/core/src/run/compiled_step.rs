//! A step of a program with its kernel, and where it finds its operands.

use super::memory::Source;
use crate::kernels::rows::RowKernel;
use crate::kernels::step::StepKernel;
use crate::number::Real;
use crate::program::modes::Mode;

/// A step with its kernel.
#[derive(Debug)]
pub(super) struct CompiledStep<T: Real> {
    pub(super) kernel: StepKernel<T>,
    pub(super) a: Source,
    pub(super) b: Source,
    /// Place numbers of operands and output, for their exponents.
    pub(super) numbers: (usize, usize, usize),
    /// Where the output starts in its region, and its length.
    pub(super) out: (usize, usize),
    /// Loops around the step, those of its block.
    pub(super) loops: Vec<Mode>,
    /// For a sparse-state step, the kernel that runs instead of `kernel`.
    pub(super) rows: Option<Box<RowKernel<T>>>,
}
