//! What the steps of a run read and write: inputs, the arena in two parts, and the operands that a step sees of them.

use crate::number::{Complex, Real};

/// Where a step finds an operand, or puts its output.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// The scalar 1.
    One,
    /// An input by number; it starts at an offset that depends on the slice.
    Input(usize),
    /// A stretch of the arena: first element and length.
    Arena(usize, usize),
    /// The output of the step before, inside a block.
    Piece,
}

/// The numbers a run starts from: all inputs, each scaled by a power of two.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a, T> {
    /// All elements, as `Program::places` places them.
    pub elements: &'a [Complex<T>],
    /// Exponent of each input.
    pub exponents: &'a [i64],
    /// The values of each row index in all rows, one index after the other; empty where there are no rows.
    pub digits: &'a [u8],
}

/// The memory that a worker runs in.
#[derive(Debug)]
pub struct Memory<'a, T> {
    /// The start of the arena, the same for all slices; empty while it is made.
    pub shared: &'a [Complex<T>],
    /// What lies above.
    pub own: &'a mut [Complex<T>],
    /// Scratch of the kernels.
    pub workspace: &'a mut [Complex<T>],
    /// Threads that a step may use.
    pub threads: usize,
}

/// Everything that a step may read.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a, T> {
    inputs: &'a [Complex<T>],
    input_starts: &'a [usize],
    shared: &'a [Complex<T>],
    /// A worker's own part of the arena, up to the output of the step and from its end on.
    before: &'a [Complex<T>],
    after: &'a [Complex<T>],
    after_start: usize,
    one: [Complex<T>; 1],
    pub(super) threads: usize,
}

impl<T: Real> View<'_, T> {
    /// The elements of an operand, and possibly more behind it.
    pub(super) fn operand(&self, source: Source) -> &[Complex<T>] {
        match source {
            Source::One | Source::Piece => &self.one,
            Source::Input(number) => &self.inputs[self.input_starts[number]..],
            Source::Arena(start, len) => {
                let base = self.shared.len();
                if start < base {
                    &self.shared[start..start + len]
                } else if start - base < self.before.len() {
                    &self.before[start - base..start - base + len]
                } else {
                    &self.after[start - base - self.after_start..start - base - self.after_start + len]
                }
            }
        }
    }
}

impl<T: Real> Memory<'_, T> {
    /// Splits off the stretch of the arena that a step writes; what remains can be read.
    pub(super) fn split<'a>(
        &'a mut self,
        (start, len): (usize, usize),
        inputs: Inputs<'a, T>,
        input_starts: &'a [usize],
    ) -> (View<'a, T>, &'a mut [Complex<T>], &'a mut [Complex<T>]) {
        let start = start - self.shared.len();
        let (before, rest) = self.own.split_at_mut(start);
        let (out, after) = rest.split_at_mut(len);
        let view = View {
            inputs: inputs.elements,
            input_starts,
            shared: self.shared,
            before,
            after,
            after_start: start + len,
            one: [Complex::new(T::ONE, T::ZERO)],
            threads: self.threads,
        };
        (view, out, self.workspace)
    }
}
