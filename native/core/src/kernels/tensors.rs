//! What one execution of a kernel works on.

use crate::number::Complex;

/// The tensors of one execution of a step, as flat elements: which of them are meant, the modes of the step say.
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
    /// Scratch, as long as the kernel says.
    pub workspace: &'a mut [Complex<T>],
}
