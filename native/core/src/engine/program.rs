//! A compiled plan as plain integers: which tensors there are, where they lie, which steps make them.

use super::modes::Mode;

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
pub struct Tensor {
    /// Where it lies.
    pub region: Region,
    /// Its first element, counted from the start of the region.
    pub offset: usize,
    /// How many elements it occupies.
    pub len: usize,
}

/// Which rows of its operands a step multiplies for each row of its output.
///
/// A row starts at a sum of digits times strides: the digit of a row index in that row, or the number of the row where no
/// row index is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowPick {
    /// Row index and stride of each term, for the first operand, whose rows are read as a whole.
    pub a: Vec<(Option<usize>, usize)>,
    /// As above, for the second operand; rows that meet the same row of it are done together.
    pub b: Vec<(Option<usize>, usize)>,
    /// Length of a row of the first operand.
    pub a_len: usize,
    /// Length of a row of the output.
    pub out_len: usize,
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
    /// For a step by rows: which rows meet. Its modes are those within a row.
    pub rows: Option<RowPick>,
}

/// A compiled plan. Steps are sorted by level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// All tensors: inputs first.
    pub tensors: Vec<Tensor>,
    /// Number of inputs.
    pub num_inputs: usize,
    /// The steps in the order of execution.
    pub steps: Vec<Step>,
    /// Size of each sliced index, the slowest first.
    pub slice_sizes: Vec<usize>,
    /// For each sliced index the inputs that have it, with its stride there.
    pub slice_strides: Vec<Vec<(usize, usize)>>,
    /// Stride of each sliced index in the value; 0 where it is summed over.
    pub output_slice_strides: Vec<usize>,
    /// Size and stride of each axis of a slice's result in the value, the slowest first.
    pub output_axes: Vec<(usize, usize)>,
    /// Length of all inputs, one after another.
    pub input_len: usize,
    /// Length of the arena.
    pub arena_len: usize,
    /// The part of the arena, from its start, that is the same for all slices.
    pub shared_len: usize,
    /// The part of the arena, from its start, that steps of level 1 and above reach.
    pub sliced_len: usize,
    /// Length of the pieces inside a block that a thread holds: two halves, used in turn.
    pub block_len: usize,
    /// Number of rows of steps by rows.
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
    /// Number of slices; the largest number there is where there are more.
    pub fn num_slices(&self) -> u64 {
        let sizes = self.slice_sizes.iter().map(|size| *size as u64);
        sizes.fold(1, u64::saturating_mul)
    }

    /// Length of the value.
    pub fn output_len(&self) -> usize {
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

    /// Says what is wrong with the program, if anything: a tensor out of bounds, a step that reads what is not there.
    pub fn check(&self) -> Result<(), String> {
        if self.shared_len > self.arena_len || self.sliced_len > self.arena_len {
            return Err("a part of the arena is longer than the arena".into());
        }
        if self.slice_strides.len() != self.slice_sizes.len()
            || self.output_slice_strides.len() != self.slice_sizes.len()
        {
            return Err("sizes and strides of the sliced indices differ in number".into());
        }
        if self.num_inputs > self.tensors.len() {
            return Err("there are fewer tensors than inputs".into());
        }
        for (number, tensor) in self.tensors.iter().enumerate() {
            let (region, len) = match tensor.region {
                Region::Input => (number < self.num_inputs, self.input_len),
                Region::Arena => (number >= self.num_inputs, self.arena_len),
                Region::Block => (number >= self.num_inputs, self.block_len / 2),
            };
            if !region || tensor.len == 0 || tensor.offset.checked_add(tensor.len).is_none_or(|end| end > len) {
                return Err(format!("tensor {number} is out of bounds"));
            }
        }
        let mut level = vec![0; self.tensors.len()];
        let mut made = vec![false; self.tensors.len()];
        made[..self.num_inputs].fill(true);
        let mut last_level = 0;
        for (number, step) in self.steps.iter().enumerate() {
            let wrong = |what: &str| Err(format!("step {number} {what}"));
            for operand in [Some(step.a), step.b].into_iter().flatten() {
                if !made.get(operand).copied().unwrap_or(false) {
                    return wrong("reads a tensor that is not there yet");
                }
                if level[operand] > step.level {
                    return wrong("is of a lower level than what it reads");
                }
            }
            if step.level < last_level || step.level > self.slice_sizes.len() {
                return wrong("is not in the order of levels");
            }
            if step.out < self.num_inputs || step.out >= self.tensors.len() || made[step.out] {
                return wrong("does not make a tensor of its own");
            }
            let out = self.tensors[step.out];
            if step.level > 0
                && out.region == Region::Arena
                && (out.offset < self.shared_len || out.offset + out.len > self.sliced_len)
            {
                return wrong("writes outside the part of the arena that is a slice's own");
            }
            if let Some(rows) = &step.rows {
                let positions = rows.a.iter().chain(&rows.b).filter_map(|(position, _)| *position);
                if step.block.is_some() || positions.max() >= Some(self.row_sizes.len()) {
                    return wrong("has rows of indices that are not there, or a block");
                }
                if rows.out_len.checked_mul(self.num_rows) != Some(out.len) || out.len == 0 {
                    return wrong("does not fill its output with rows");
                }
            }
            (made[step.out], level[step.out], last_level) = (true, step.level, step.level);
        }
        self.check_blocks()?;
        let inputs = self.slice_strides.iter().flatten();
        if inputs.into_iter().any(|(input, _)| *input >= self.num_inputs) {
            return Err("a sliced index is on a tensor that is not an input".into());
        }
        Ok(())
    }

    /// Says what is wrong with the blocks, if anything.
    fn check_blocks(&self) -> Result<(), String> {
        for group in self.groups() {
            let steps = &self.steps[group.start..group.end];
            if steps.len() == 1 && !steps[0].loops.is_empty() {
                return Err(format!("step {} is a block of its own", group.start));
            }
            for (turn, step) in steps.iter().enumerate() {
                let wrong = |what: &str| Err(format!("step {} {what}", group.start + turn));
                if step.level != steps[0].level || step.loops.len() != steps[0].loops.len() {
                    return wrong("differs in level or loops from its block");
                }
                if turn > 0 && step.a != steps[turn - 1].out {
                    return wrong("does not go on from the step before it in its block");
                }
                let inside = turn + 1 < steps.len();
                if inside != (self.tensors[step.out].region == Region::Block) {
                    return wrong("puts its output in the wrong region");
                }
                let operands = [(turn == 0).then_some(step.a), step.b];
                if operands
                    .into_iter()
                    .flatten()
                    .any(|operand| self.tensors[operand].region == Region::Block)
                {
                    return wrong("reads a piece of another block");
                }
                for (mode, first) in step.loops.iter().zip(&steps[0].loops) {
                    if mode.size != first.size || (turn > 0 && mode.a > 0) || (inside && mode.out > 0) {
                        return wrong("has loops that do not fit its block");
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_inputs() -> Program {
        let tensor = |region, offset, len| Tensor { region, offset, len };
        Program {
            tensors: vec![
                tensor(Region::Input, 0, 2),
                tensor(Region::Input, 2, 2),
                tensor(Region::Arena, 0, 1),
            ],
            num_inputs: 2,
            steps: vec![Step {
                a: 0,
                b: Some(1),
                out: 2,
                modes: vec![Mode {
                    size: 2,
                    a: 1,
                    b: 1,
                    out: 0,
                }],
                loops: vec![],
                block: None,
                level: 0,
                rows: None,
            }],
            input_len: 4,
            arena_len: 1,
            ..Program::default()
        }
    }

    #[test]
    fn a_sound_program_passes() {
        assert_eq!(two_inputs().check(), Ok(()));
    }

    #[test]
    fn a_tensor_out_of_bounds_is_named() {
        let mut program = two_inputs();
        program.tensors[1].len = 3;
        assert_eq!(program.check(), Err("tensor 1 is out of bounds".into()));
    }

    #[test]
    fn a_step_that_reads_too_early_is_named() {
        let mut program = two_inputs();
        program.steps[0].a = 2;
        assert_eq!(
            program.check(),
            Err("step 0 reads a tensor that is not there yet".into())
        );
    }

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
