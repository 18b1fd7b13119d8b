//! Runs one program for many sets of arrays in one call: values, and where the program has them derivatives.
//!
//! The work is cut into units, one set of arrays each or, where the program has slices, a part of its slices. How it is cut
//! does not depend on the number of threads, and sums of units are added in order, so the result has the same bits for
//! any number of threads.

use super::accumulate::{power_of_two, Scaled};
use super::arena::Arena;
use super::engine::{Engine, Failure, State};
use super::memory::{Inputs, Memory};
use super::pool::{catch_panic, thread_pool, watch, within, Control};
use crate::kernels::step::StepReal;
use crate::number::Complex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// A set of arrays with slices is cut into at most this many units.
const MAX_PARTS: u64 = 8;

/// The arrays of all sets.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// For each set all its elements, as `Program::places` places them.
    pub elements: &'a [Complex<T>],
    /// Exponent of each input, the same for all sets.
    pub exponents: &'a [i64],
    /// Number of sets.
    pub len: usize,
}

/// The results of all sets.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// The value of each set.
    pub values: Vec<Complex<f64>>,
    /// For each set the derivatives of its value, as the inputs are placed; empty for a program without derivatives.
    pub adjoints: Vec<Complex<f64>>,
}

/// The sums of one unit.
struct Part {
    value: Scaled,
    adjoints: Vec<Complex<f64>>,
}

/// Units of work, and the sums of those that are done.
struct Units {
    parts: u64,
    num_slices: u64,
    count: u64,
    next: AtomicU64,
    done: Mutex<Vec<Option<Part>>>,
}

/// Bytes that the results of a batch and of its units take.
pub fn result_bytes<T: StepReal>(engine: &Engine<T>, len: usize) -> usize {
    let program = engine.program();
    let adjoints = if program.adjoints.is_empty() {
        0
    } else {
        program.input_elements
    };
    let parts = program.num_slices().clamp(1, MAX_PARTS) as usize;
    len * (1 + parts) * (adjoints + program.output_elements()) * size_of::<Complex<f64>>()
}

/// Runs all sets; `tick(done)` is called every tenth of a second and stops the run by `false`.
pub fn run_batch<T: StepReal>(
    engine: &Engine<T>,
    batch: Batch<'_, T>,
    threads: usize,
    workers: usize,
    inline: bool,
    mut tick: impl FnMut(u64) -> bool,
) -> Result<Results, Failure> {
    let control = Control::default();
    let work = || {
        let units = Units::new(engine, batch.len);
        let (workers, threads) = if workers > 1 { (workers, 1) } else { (1, threads) };
        if workers == 1 {
            units.take_all(engine, batch, threads, &control)?;
        } else {
            let ended: Vec<Result<(), Failure>> = std::thread::scope(|scope| {
                let spawned: Vec<_> = (0..workers)
                    .map(|_| {
                        scope.spawn(|| {
                            let ended = catch_panic(|| units.take_all(engine, batch, threads, &control));
                            if ended.is_err() {
                                control.stop.store(true, Ordering::Relaxed);
                            }
                            ended
                        })
                    })
                    .collect();
                let joined = spawned.into_iter().map(std::thread::ScopedJoinHandle::join);
                joined.map(|ended| ended.unwrap_or(Err(Failure::Stopped))).collect()
            });
            let failures = ended.into_iter().filter_map(Result::err);
            if let Some(failure) = failures.min_by_key(|failure| *failure == Failure::Stopped) {
                return Err(failure);
            }
        }
        units.results(engine, batch.len)
    };
    if inline {
        return catch_panic(work);
    }
    watch(&control, &mut tick, work)
}

impl Units {
    fn new<T: StepReal>(engine: &Engine<T>, len: usize) -> Self {
        let num_slices = engine.program().num_slices();
        let parts = num_slices.clamp(1, MAX_PARTS);
        let count = len as u64 * parts;
        Self {
            parts,
            num_slices,
            count,
            next: AtomicU64::new(0),
            done: Mutex::new((0..count).map(|_| None).collect()),
        }
    }

    /// Runs units until none is left.
    fn take_all<T: StepReal>(
        &self,
        engine: &Engine<T>,
        batch: Batch<'_, T>,
        threads: usize,
        control: &Control,
    ) -> Result<(), Failure> {
        // Stage 1: the memory of this worker.
        let program = engine.program();
        let mut arena = Arena::new(program.arena_elements).map_err(Failure::OutOfMemory)?;
        let mut workspace = Arena::new(engine.workspace_len(threads)).map_err(Failure::OutOfMemory)?;
        let pool = thread_pool(threads)?;
        let mut loaded: Option<(usize, State)> = None;
        within(pool.as_ref(), || loop {
            let unit = self.next.fetch_add(1, Ordering::Relaxed);
            if unit >= self.count {
                return Ok(());
            }
            // Stage 2: a new set of arrays begins with the steps that are the same for all slices.
            let (number, part) = ((unit / self.parts) as usize, unit % self.parts);
            let inputs = Inputs {
                elements: &batch.elements[number * program.input_elements..(number + 1) * program.input_elements],
                exponents: batch.exponents,
                digits: &[],
            };
            let state = match &mut loaded {
                Some((same, state)) if *same == number => state,
                _ => {
                    let mut state = engine.state(inputs, false);
                    let mut memory = Memory {
                        shared: &[],
                        own: arena.as_mut_slice(),
                        workspace: workspace.as_mut_slice(),
                        threads,
                    };
                    engine.run_shared(&mut state, inputs, &mut memory, &control.stop)?;
                    &mut loaded.insert((number, state)).1
                }
            };
            // Stage 3: the slices of the unit, in order.
            let (shared, own) = arena.as_mut_slice().split_at_mut(program.shared_elements);
            let mut memory = Memory {
                shared,
                own,
                workspace: workspace.as_mut_slice(),
                threads,
            };
            let adjoints = if program.adjoints.is_empty() {
                0
            } else {
                program.input_elements
            };
            let mut sums = Part {
                value: Scaled::zeros(program.output_elements()),
                adjoints: vec![Complex::new(0.0, 0.0); adjoints],
            };
            let first = self.num_slices / self.parts * part + part.min(self.num_slices % self.parts);
            let len = self.num_slices / self.parts + u64::from(part < self.num_slices % self.parts);
            for slice in first..first + len {
                engine.run_slice(slice, state, inputs, &mut memory, &control.stop)?;
                engine.add_result(slice, state, &memory, &mut sums.value)?;
                engine.add_adjoints(slice, state, &memory, &mut sums.adjoints)?;
            }
            self.done.lock().unwrap_or_else(PoisonError::into_inner)[unit as usize] = Some(sums);
            control.done.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Adds the units of each set, in order.
    fn results<T: StepReal>(self, engine: &Engine<T>, len: usize) -> Result<Results, Failure> {
        let program = engine.program();
        let mut results = Results {
            values: Vec::with_capacity(len * program.output_elements()),
            adjoints: Vec::new(),
        };
        let done = self.done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut done = done.into_iter().flatten();
        for _ in 0..len {
            let Some(mut whole) = done.next() else {
                return Err(Failure::Broken("a part of the work is missing".into()));
            };
            for part in done.by_ref().take(self.parts as usize - 1) {
                whole.value.add(&part.value);
                for (sum, more) in whole.adjoints.iter_mut().zip(part.adjoints) {
                    *sum = Complex::new(sum.re + more.re, sum.im + more.im);
                }
            }
            let scale = power_of_two(whole.value.exponent.unwrap_or(0));
            let values = whole.value.values.iter();
            results
                .values
                .extend(values.map(|x| Complex::new(x.re * scale, x.im * scale)));
            results.adjoints.extend(whole.adjoints);
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::modes::Mode;
    use crate::program::{Adjoint, Place, Program, Region, Step};
    use crate::simd::level::SimdLevel;

    fn place(region: Region, offset: usize, num_elements: usize) -> Place {
        Place {
            region,
            offset,
            num_elements,
        }
    }

    /// The sum over a sliced index, of size 3, and one of size 2 of the products of two matrices' elements, and the
    /// derivatives by the first matrix.
    fn product() -> Engine<f64> {
        let step = |b, out, modes| Step {
            a: 0,
            b,
            out,
            modes,
            loops: vec![],
            block: None,
            level: 1,
            rows: None,
        };
        let summed = Mode {
            size: 2,
            a: 1,
            b: 1,
            out: 0,
        };
        let copied = Mode {
            size: 2,
            a: 1,
            b: 0,
            out: 1,
        };
        let mut copy = step(None, 3, vec![copied]);
        copy.a = 1;
        let program = Program {
            places: vec![
                place(Region::Input, 0, 6),
                place(Region::Input, 6, 6),
                place(Region::Arena, 0, 1),
                place(Region::Arena, 1, 2),
            ],
            num_inputs: 2,
            steps: vec![step(Some(1), 2, vec![summed]), copy],
            result: Some(2),
            adjoints: vec![Adjoint {
                tensor: 3,
                input: 0,
                axes: vec![(2, 1)],
            }],
            slice_sizes: vec![3],
            slice_strides: vec![vec![(0, 2), (1, 2)]],
            output_slice_strides: vec![0],
            input_elements: 12,
            arena_elements: 3,
            sliced_elements: 3,
            ..Program::default()
        };
        Engine::compile(program, SimdLevel::available().next().unwrap()).unwrap()
    }

    fn run(sets: usize, threads: usize, workers: usize, inline: bool) -> Results {
        let elements: Vec<Complex<f64>> = (0..12 * sets)
            .map(|number| Complex::new(number as f64, 1.0 / (1.0 + number as f64)))
            .collect();
        let batch = Batch {
            elements: &elements,
            exponents: &[0, 0],
            len: sets,
        };
        run_batch(&product(), batch, threads, workers, inline, |_| true).unwrap()
    }

    #[test]
    fn values_and_derivatives_of_every_set() {
        let results = run(4, 1, 1, true);
        assert_eq!((results.values.len(), results.adjoints.len()), (4, 48));
        for set in 0..4 {
            let element = |number: usize| {
                let number = (12 * set + number) as f64;
                Complex::new(number, 1.0 / (1.0 + number))
            };
            let expected: Complex<f64> = (0..6).map(|number| element(number) * element(number + 6)).sum();
            assert!((results.values[set] - expected).norm() < 1e-12 * expected.norm());
            let adjoints = &results.adjoints[12 * set..12 * set + 12];
            for number in 0..6 {
                assert_eq!(adjoints[number], element(number + 6));
                assert_eq!(adjoints[number + 6], Complex::new(0.0, 0.0));
            }
        }
    }

    #[test]
    fn workers_and_threads_do_not_change_a_bit() {
        let one = run(5, 1, 1, true);
        for (threads, workers) in [(1, 1), (2, 1), (1, 2), (1, 3)] {
            let other = run(5, threads, workers, false);
            assert_eq!(other.values, one.values);
            assert_eq!(other.adjoints, one.adjoints);
        }
    }

    #[test]
    fn no_sets_have_no_values() {
        assert!(run(0, 1, 1, true).values.is_empty());
    }
}
