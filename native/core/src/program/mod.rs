//! A compiled plan as plain integers: which tensors there are, where they lie, which steps make them.

mod check;
pub mod loops;
pub mod modes;

use modes::Mode;

/// Where a tensor lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Among the inputs, which a run only reads.
    Input,
    /// In the arena of intermediates.
    Arena,
    /// A piece of a tensor inside a block of steps, in the scratch of the thread that runs it.
    Block,
}

/// A tensor of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where it lies.
    pub region: Region,
    /// Its first element, counted from the start of the region.
    pub offset: usize,
    /// How many elements it occupies.
    pub num_elements: usize,
}

/// Which rows of its operands a step multiplies for each row of its output.
///
/// A row starts at a sum of digits times strides: the digit of a row index in that row, or the number of the row where no
/// row index is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPick {
    /// Row index and stride of each term, for the first operand, whose rows are read as a whole.
    pub a: Vec<(Option<usize>, usize)>,
    /// Row index and stride of each term, for the second operand; rows that meet the same row of it are done together.
    pub b: Vec<(Option<usize>, usize)>,
    /// Length of a row of the first operand.
    pub a_elements: usize,
    /// Length of a row of the output.
    pub out_elements: usize,
}

/// One pairwise contraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The first operand.
    pub a: usize,
    /// The second operand; `None` stands for the scalar 1.
    pub b: Option<usize>,
    /// The tensor it makes.
    pub out: usize,
    /// Its loops.
    pub modes: Vec<Mode>,
    /// Loops around it, the same for all steps of its block, the slowest of the block's output first.
    pub loops: Vec<Mode>,
    /// The block it belongs to. Its steps follow each other: each reads the output of the one before as its first
    /// operand. All of them run for each point of the loops, on pieces of tensors.
    pub block: Option<usize>,
    /// It depends on this many sliced indices, counted from the slowest.
    pub level: usize,
    /// For a sparse-state step: which rows meet. Its modes are those within a row.
    pub rows: Option<RowPick>,
}

/// The derivative of the value by an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjoint {
    /// The tensor that holds it, in the arena.
    pub tensor: usize,
    /// The input.
    pub input: usize,
    /// For each axis of the tensor, the slowest first, its size and the stride of the same axis in the input.
    pub axes: Vec<(usize, usize)>,
}

/// A compiled plan. Steps are sorted by level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// All tensors: inputs first.
    pub places: Vec<Place>,
    /// Number of inputs.
    pub num_inputs: usize,
    /// The steps in the order of execution.
    pub steps: Vec<Step>,
    /// The tensor that is the value of a slice; `None` where there are no steps.
    pub result: Option<usize>,
    /// The derivatives of the value by the inputs, where steps make them.
    pub adjoints: Vec<Adjoint>,
    /// Size of each sliced index, the slowest first.
    pub slice_sizes: Vec<usize>,
    /// For each sliced index the inputs that have it, with its stride there.
    pub slice_strides: Vec<Vec<(usize, usize)>>,
    /// Stride of each sliced index in the value; 0 where it is summed over.
    pub output_slice_strides: Vec<usize>,
    /// Size and stride of each axis of a slice's result in the value, the slowest first.
    pub output_axes: Vec<(usize, usize)>,
    /// Length of all inputs, one after another.
    pub input_elements: usize,
    /// Length of the arena.
    pub arena_elements: usize,
    /// The part of the arena, from its start, that is the same for all slices.
    pub shared_elements: usize,
    /// The part of the arena, from its start, that steps of level 1 and above reach.
    pub sliced_elements: usize,
    /// Length of the pieces inside a block that a thread holds: two halves, used in turn.
    pub block_elements: usize,
    /// Number of rows of sparse-state steps.
    pub num_rows: usize,
    /// Size of each row index, at most 256.
    pub row_sizes: Vec<usize>,
}

/// Steps that run one after another: a single one, or those of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// The first step.
    pub start: usize,
    /// One past the last step.
    pub end: usize,
}

impl Program {
    /// Number of slices; `u64::MAX` where there are more.
    pub fn num_slices(&self) -> u64 {
        let sizes = self.slice_sizes.iter().map(|size| *size as u64);
        sizes.fold(1, u64::saturating_mul)
    }

    /// Length of the value.
    pub fn output_elements(&self) -> usize {
        let sliced = self.slice_sizes.iter().zip(&self.output_slice_strides);
        let sliced: usize = sliced
            .map(|(size, stride)| if *stride > 0 { *size } else { 1 })
            .product();
        self.output_axes.iter().map(|(size, _)| size).product::<usize>() * sliced
    }

    /// The steps in groups: those of a block together, every other one alone.
    pub fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (number, step) in self.steps.iter().enumerate() {
            match groups.last_mut() {
                Some(group) if step.block.is_some() && step.block == self.steps[group.start].block => {
                    group.end = number + 1;
                }
                _ => groups.push(Group {
                    start: number,
                    end: number + 1,
                }),
            }
        }
        groups
    }

    /// The digits of a slice number, the slowest first.
    pub fn digits(&self, slice: u64) -> Vec<usize> {
        let mut rest = slice;
        let mut digits = vec![0; self.slice_sizes.len()];
        for (digit, size) in digits.iter_mut().zip(&self.slice_sizes).rev() {
            *digit = (rest % *size as u64) as usize;
            rest /= *size as u64;
        }
        digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_counts_fastest() {
        let program = Program {
            slice_sizes: vec![2, 3],
            ..Program::default()
        };
        assert_eq!(program.digits(4), [1, 1]);
        assert_eq!(program.num_slices(), 6);
    }
}
