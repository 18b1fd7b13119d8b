//! The tensors and workspace of one execution of a kernel.

use crate::number::Complex;

/// The tensors of one execution of a step, as flat elements; the modes of the step say which of them are used.
#[derive(Debug)]
pub struct Tensors<'a, T> {
    /// The first operand.
    pub a: &'a [Complex<T>],
    /// The second operand.
    pub b: &'a [Complex<T>],
    /// The output.
    pub out: &'a mut [Complex<T>],
    /// Factor on everything that is written.
    pub scale: T,
    /// Scratch memory, of the length that the kernel states.
    pub workspace: &'a mut [Complex<T>],
}
