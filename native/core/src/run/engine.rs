//! Runs a program: for each slice the steps that changed.

use super::blocks::BlockRun;
use super::compiled_step::CompiledStep;
use super::magnitude::{exponent_of, shift_and_scale, Magnitude};
use super::memory::{Inputs, Memory, Source};
use super::profile::{shares, Profile};
use crate::kernels::rows::{RowKernel, Rows};
use crate::kernels::step::{StepKernel, StepReal};
use crate::kernels::tensors::Tensors;
use crate::kernels::workers::Workers;
use crate::number::Real;
use crate::program::{Group, Place, Program, Region};
use crate::simd::level::SimdLevel;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// A program compiled for one number type and one set of vector instructions.
#[derive(Debug)]
pub struct Engine<T: Real> {
    program: Program,
    steps: Vec<CompiledStep<T>>,
    groups: Vec<Group>,
    /// First group of each level, then the number of groups.
    level_starts: Vec<usize>,
}

/// Why a run ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It was stopped on request.
    Stopped,
    /// A NaN or an infinity is in the result of this slice.
    NotFinite(u64),
    /// The system refused to allocate this many bytes.
    OutOfMemory(usize),
    /// A worker panicked, with this message.
    Broken(String),
}

/// The state of one worker besides its memory.
#[derive(Debug)]
pub struct State {
    pub(super) magnitudes: Vec<Magnitude>,
    input_starts: Vec<usize>,
    digits: Option<Vec<usize>>,
    /// How often the steps were started from each level.
    pub starts_of_level: Vec<u64>,
    /// Filled if the run is profiled.
    pub profile: Option<Profile>,
}

impl State {
    /// Where the part of an input starts that the current slice reads.
    pub(super) fn input_start(&self, input: usize) -> usize {
        self.input_starts[input]
    }
}

impl<T: StepReal> Engine<T> {
    /// Compiles every step; `Err` says what is wrong with the program.
    pub fn compile(program: Program, level: SimdLevel) -> Result<Self, String> {
        program.check()?;
        let source = |tensor: Option<usize>| match tensor {
            None => Source::One,
            Some(number) if number < program.num_inputs => Source::Input(number),
            Some(number) => match program.places[number] {
                Place {
                    region: Region::Block, ..
                } => Source::Piece,
                Place {
                    offset, num_elements, ..
                } => Source::Arena(offset, num_elements),
            },
        };
        let scalar_one = program.places.len();
        let steps: Vec<CompiledStep<T>> = program
            .steps
            .iter()
            .map(|step| CompiledStep {
                kernel: StepKernel::compile(&step.modes, level),
                a: source(Some(step.a)),
                b: source(step.b),
                numbers: (step.a, step.b.unwrap_or(scalar_one), step.out),
                out: (program.places[step.out].offset, program.places[step.out].num_elements),
                loops: step.loops.clone(),
                rows: (step.rows.as_ref()).map(|pick| Box::new(RowKernel::compile(&step.modes, pick, level))),
            })
            .collect();
        let groups = program.groups();
        let level_starts = (0..=program.slice_sizes.len() + 1)
            .map(|level| groups.partition_point(|group| program.steps[group.start].level < level))
            .collect();
        Ok(Self {
            program,
            steps,
            groups,
            level_starts,
        })
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Length of the workspace that any step needs when `threads` work on it.
    pub fn workspace_len(&self, threads: usize) -> usize {
        let needed = |group: &Group| {
            let steps = &self.steps[group.start..group.end];
            if steps.len() == 1 {
                let lens = steps.iter().map(|step| match &step.rows {
                    Some(rows) => rows.workspace_len(threads),
                    None => step.kernel.workspace_len(threads),
                });
                return lens.max().unwrap_or(0);
            }
            threads * self.thread_workspace_len(steps)
        };
        self.groups.iter().map(needed).max().unwrap_or(0)
    }

    /// Length of the workspace of one thread that runs a block: the pieces, and scratch of the kernels.
    pub(super) fn thread_workspace_len(&self, steps: &[CompiledStep<T>]) -> usize {
        let scratch = steps.iter().map(|step| step.kernel.workspace_len(1)).max().unwrap_or(0);
        self.program.block_elements + scratch.next_multiple_of(16)
    }

    /// A worker's state before anything has run.
    pub fn state(&self, inputs: Inputs<'_, T>, profiled: bool) -> State {
        let mut magnitudes = vec![Magnitude::default(); self.program.places.len() + 1];
        for (magnitude, exponent) in magnitudes.iter_mut().zip(inputs.exponents) {
            magnitude.exponent = *exponent;
        }
        // The scalar 1 is 0.5 * 2^1 to `exponent_of`.
        magnitudes[self.program.places.len()].largest = 1;
        State {
            magnitudes,
            input_starts: self.program.places[..self.program.num_inputs]
                .iter()
                .map(|input| input.offset)
                .collect(),
            digits: None,
            starts_of_level: vec![0; self.program.slice_sizes.len() + 1],
            profile: profiled.then(|| Profile {
                nanoseconds: vec![0; self.steps.len()],
                runs: vec![0; self.steps.len()],
            }),
        }
    }

    /// A state for another worker, which has what this one has of the steps of level 0.
    pub fn fork(&self, state: &State) -> State {
        State {
            magnitudes: state.magnitudes.clone(),
            input_starts: state.input_starts.clone(),
            digits: None,
            starts_of_level: vec![0; self.program.slice_sizes.len() + 1],
            profile: state.profile.as_ref().map(|_| Profile {
                nanoseconds: vec![0; self.steps.len()],
                runs: vec![0; self.steps.len()],
            }),
        }
    }

    /// Runs the steps of level 0.
    pub fn run_shared(
        &self,
        state: &mut State,
        inputs: Inputs<'_, T>,
        memory: &mut Memory<'_, T>,
        stop: &AtomicBool,
    ) -> Result<(), Failure> {
        state.starts_of_level[0] += 1;
        self.run_steps(0..self.level_starts[1], state, inputs, memory, stop)
    }

    /// Runs the steps of slice `slice` whose results the slice before did not leave in memory.
    pub fn run_slice(
        &self,
        slice: u64,
        state: &mut State,
        inputs: Inputs<'_, T>,
        memory: &mut Memory<'_, T>,
        stop: &AtomicBool,
    ) -> Result<(), Failure> {
        let digits = self.program.digits(slice);
        let changed = match &state.digits {
            None => Some(0),
            Some(before) => before.iter().zip(&digits).position(|(old, new)| old != new),
        };
        // Until this slice is done, what is in memory belongs to no slice.
        state.digits = None;
        if let Some(changed) = changed.filter(|_| !digits.is_empty()) {
            self.place_inputs(state, &digits);
            state.starts_of_level[changed + 1] += 1;
            self.run_steps(
                self.level_starts[changed + 1]..self.groups.len(),
                state,
                inputs,
                memory,
                stop,
            )?;
        }
        state.digits = Some(digits);
        Ok(())
    }

    fn place_inputs(&self, state: &mut State, digits: &[usize]) {
        for (input, _) in self.program.slice_strides.iter().flatten() {
            state.input_starts[*input] = self.program.places[*input].offset;
        }
        for (strides, digit) in self.program.slice_strides.iter().zip(digits) {
            for (input, stride) in strides {
                state.input_starts[*input] += digit * stride;
            }
        }
    }

    fn run_steps(
        &self,
        range: std::ops::Range<usize>,
        state: &mut State,
        inputs: Inputs<'_, T>,
        memory: &mut Memory<'_, T>,
        stop: &AtomicBool,
    ) -> Result<(), Failure> {
        for group in &self.groups[range] {
            let steps = &self.steps[group.start..group.end];
            let profile = state.profile.is_some();
            let spent = if steps.len() == 1 {
                let started = profile.then(Instant::now);
                self.run_step(&steps[0], state, inputs, memory, stop);
                started.map(|started| vec![started.elapsed().as_nanos() as u64])
            } else {
                self.run_block(steps, state, inputs, memory, stop)
            };
            // What was running then is incomplete.
            if stop.load(Ordering::Relaxed) {
                return Err(Failure::Stopped);
            }
            if let (Some(profile), Some(spent)) = (&mut state.profile, spent) {
                for (number, nanoseconds) in (group.start..).zip(spent) {
                    profile.nanoseconds[number] += nanoseconds;
                    profile.runs[number] += 1;
                }
            }
        }
        Ok(())
    }

    fn run_step(
        &self,
        step: &CompiledStep<T>,
        state: &mut State,
        inputs: Inputs<'_, T>,
        memory: &mut Memory<'_, T>,
        stop: &AtomicBool,
    ) {
        let (a, b) = (state.magnitudes[step.numbers.0], state.magnitudes[step.numbers.1]);
        let (shift, scale) = shift_and_scale::<T>(a.largest + b.largest);
        let (view, out, workspace) = memory.split(step.out, inputs, &state.input_starts);
        let tensors = Tensors {
            a: view.operand(step.a),
            b: view.operand(step.b),
            out,
            scale,
            workspace,
        };
        let workers = Workers::until(view.threads, stop);
        let largest = match &step.rows {
            None => step.kernel.run(tensors, workers),
            Some(rows) => {
                let output_rows = Rows {
                    digits: inputs.digits,
                    num_rows: self.program.num_rows,
                    sizes: &self.program.row_sizes,
                };
                rows.run(tensors, workers, output_rows)
            }
        };
        state.magnitudes[step.numbers.2] = Magnitude {
            exponent: a.exponent + b.exponent + shift,
            largest: exponent_of(largest.to_f64()),
        };
    }

    /// Runs the steps of a block; returns the nanoseconds of each if the run is profiled.
    fn run_block(
        &self,
        steps: &[CompiledStep<T>],
        state: &mut State,
        inputs: Inputs<'_, T>,
        memory: &mut Memory<'_, T>,
        stop: &AtomicBool,
    ) -> Option<Vec<u64>> {
        let last = &steps[steps.len() - 1];
        let first = state.magnitudes[steps[0].numbers.0];
        let (mut exponent, mut scales) = (first.exponent, Vec::with_capacity(steps.len()));
        for (turn, step) in steps.iter().enumerate() {
            // The magnitude of a piece inside the block differs from piece to piece: assume that it stays the same.
            let b = state.magnitudes[step.numbers.1];
            let (shift, scale) = shift_and_scale::<T>(b.largest + if turn == 0 { first.largest } else { 0 });
            exponent += b.exponent + shift;
            scales.push(scale);
        }
        let per_thread = self.thread_workspace_len(steps);
        let profiled = state.profile.is_some();
        let (view, out, workspace) = memory.split(last.out, inputs, &state.input_starts);
        let block = BlockRun {
            steps,
            scales: &scales,
            view: &view,
            piece_len: self.program.block_elements / 2,
            profiled,
            stop,
        };
        let started = profiled.then(Instant::now);
        let done = block.run(out, workspace, per_thread);
        let wall = started.map(|started| started.elapsed().as_nanos() as u64);
        state.magnitudes[last.numbers.2] = Magnitude {
            exponent,
            largest: exponent_of(done.largest.to_f64()),
        };
        wall.map(|wall| shares(&done.nanoseconds, wall))
    }
}
