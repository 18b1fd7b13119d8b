//! Checks a program before it may run: no step reads or writes out of bounds, or reads what is not there.

use super::{Program, Region};

impl Program {
    /// Checks the program; `Err` says what is wrong: a tensor out of bounds, a step that reads what is not there.
    pub fn check(&self) -> Result<(), String> {
        if self.shared_elements > self.arena_elements || self.sliced_elements > self.arena_elements {
            return Err("a part of the arena is longer than the arena".into());
        }
        if self.slice_strides.len() != self.slice_sizes.len()
            || self.output_slice_strides.len() != self.slice_sizes.len()
        {
            return Err("sizes and strides of the sliced indices differ in number".into());
        }
        if self.num_inputs > self.places.len() {
            return Err("there are fewer tensors than inputs".into());
        }
        let inputs = self.slice_strides.iter().flatten();
        if inputs.into_iter().any(|(input, _)| *input >= self.num_inputs) {
            return Err("a sliced index is on a tensor that is not an input".into());
        }
        self.check_places()?;
        self.check_steps()?;
        self.check_results()?;
        self.check_blocks()
    }

    /// Checks that each tensor lies in its region.
    fn check_places(&self) -> Result<(), String> {
        for (number, place) in self.places.iter().enumerate() {
            let (region, len) = match place.region {
                Region::Input => (number < self.num_inputs, self.input_elements),
                Region::Arena => (number >= self.num_inputs, self.arena_elements),
                Region::Block => (number >= self.num_inputs, self.block_elements / 2),
            };
            if !region
                || place.num_elements == 0
                || place.offset.checked_add(place.num_elements).is_none_or(|end| end > len)
            {
                return Err(format!("tensor {number} is out of bounds"));
            }
        }
        Ok(())
    }

    /// Checks that each step reads and writes only what it may.
    fn check_steps(&self) -> Result<(), String> {
        let mut level = vec![0; self.places.len()];
        let mut made = vec![false; self.places.len()];
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
            if step.out < self.num_inputs || step.out >= self.places.len() || made[step.out] {
                return wrong("does not make a tensor of its own");
            }
            let out = self.places[step.out];
            if step.level > 0
                && out.region == Region::Arena
                && (out.offset < self.shared_elements || out.offset + out.num_elements > self.sliced_elements)
            {
                return wrong("writes outside the part of the arena that is a slice's own");
            }
            if let Some(rows) = &step.rows {
                let positions = rows.a.iter().chain(&rows.b).filter_map(|(position, _)| *position);
                if step.block.is_some() || positions.max() >= Some(self.row_sizes.len()) {
                    return wrong("has rows of indices that are not there, or a block");
                }
                if rows.out_elements.checked_mul(self.num_rows) != Some(out.num_elements) || out.num_elements == 0 {
                    return wrong("does not fill its output with rows");
                }
            }
            (made[step.out], level[step.out], last_level) = (true, step.level, step.level);
        }
        Ok(())
    }

    /// Checks that the value and the derivatives are tensors that steps make, and fit where they are added.
    fn check_results(&self) -> Result<(), String> {
        let in_arena = |tensor: usize| {
            (self.places.get(tensor)).is_some_and(|place| tensor >= self.num_inputs && place.region == Region::Arena)
        };
        if self.result.is_some_and(|result| !in_arena(result)) {
            return Err("the value is not the output of a step".into());
        }
        if let Some(result) = self.result {
            let in_value: usize = self.output_axes.iter().map(|axis| axis.0).product();
            if self.places[result].num_elements != in_value {
                return Err("the value has another number of elements than its axes".into());
            }
        }
        for adjoint in &self.adjoints {
            let fits = in_arena(adjoint.tensor) && adjoint.input < self.num_inputs && {
                let elements: usize = adjoint.axes.iter().map(|axis| axis.0).product();
                let reach: usize = adjoint.axes.iter().map(|(size, stride)| (size - 1) * stride).sum();
                self.places[adjoint.tensor].num_elements == elements && reach < self.places[adjoint.input].num_elements
            };
            if !fits {
                return Err(format!("a derivative does not fit input {}", adjoint.input));
            }
        }
        Ok(())
    }

    /// Checks the blocks of steps.
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
                if inside != (self.places[step.out].region == Region::Block) {
                    return wrong("puts its output in the wrong region");
                }
                let operands = [(turn == 0).then_some(step.a), step.b];
                if operands
                    .into_iter()
                    .flatten()
                    .any(|operand| self.places[operand].region == Region::Block)
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
    use super::super::modes::Mode;
    use super::super::{Place, Step};
    use super::*;

    fn two_inputs() -> Program {
        let place = |region, offset, num_elements| Place {
            region,
            offset,
            num_elements,
        };
        Program {
            places: vec![
                place(Region::Input, 0, 2),
                place(Region::Input, 2, 2),
                place(Region::Arena, 0, 1),
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
            result: Some(2),
            input_elements: 4,
            arena_elements: 1,
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
        program.places[1].num_elements = 3;
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
}
