//! Workers: which slices each runs, in which memory, and how their sums are added.
//!
//! The steps that are the same for all slices run first, with all threads. Then each worker takes aligned blocks of
//! slice numbers, one after another, until none is left. The sum does not depend on which worker took which block (see `accumulate`).

use super::accumulate::{Scaled, TreeSum};
use super::arena::Arena;
use super::engine::{Engine, Failure, State};
use super::memory::{Inputs, Memory};
use super::profile::Profile;
use crate::kernels::step::StepReal;
use crate::number::Complex;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{channel, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What to run, with how many workers and threads.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The first slice.
    pub first: u64,
    /// The last slice.
    pub last: u64,
    /// Slices in memory at once.
    pub workers: usize,
    /// Threads that work on one slice.
    pub threads: usize,
    /// Workers take blocks of `2^block_log2` slices.
    pub block_log2: u32,
    /// Add slices one by one in the order of their numbers, in one buffer; for values that are large. One worker only.
    pub sequential: bool,
    /// Measure each step.
    pub profiled: bool,
    /// Run on the calling thread, without waiting threads; for work of less than a few milliseconds. One worker only.
    pub inline: bool,
}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The sum over all slices.
    pub sum: Scaled,
    /// How often the steps were started from each level, over all workers.
    pub starts_of_level: Vec<u64>,
    /// The profile, if the request asks for one.
    pub profile: Option<Profile>,
}

/// Progress of a run and the flag that stops it, shared with the calling thread.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) done: AtomicU64,
    pub(super) stop: AtomicBool,
}

/// How often `tick` is called.
const TICK: Duration = Duration::from_millis(100);

/// Runs slices; `tick(done)` is called every tenth of a second on the calling thread and stops the run by `false`.
pub fn run_slices<T: StepReal>(
    engine: &Engine<T>,
    inputs: Inputs<'_, T>,
    request: Request,
    mut tick: impl FnMut(u64) -> bool,
) -> Result<Outcome, Failure> {
    let control = Control::default();
    if request.inline {
        return catch_panic(|| work(engine, inputs, request, &control));
    }
    watch(&control, &mut tick, || work(engine, inputs, request, &control))
}

/// Works on a thread of its own, while this one calls `tick` and passes on its wish to stop.
pub(super) fn watch<R: Send>(
    control: &Control,
    tick: &mut dyn FnMut(u64) -> bool,
    work: impl FnOnce() -> Result<R, Failure> + Send,
) -> Result<R, Failure> {
    std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        scope.spawn(move || {
            // The receiver outlives the thread, so sending cannot fail.
            let _ = sender.send(catch_panic(work));
        });
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(outcome) => return outcome,
                Err(RecvTimeoutError::Timeout) => {
                    if !tick(control.done.load(Ordering::Relaxed)) {
                        control.stop.store(true, Ordering::Relaxed);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::Broken("a worker vanished".into())),
            }
        }
    })
}

/// Turns a panic into a failure.
pub(super) fn catch_panic<R>(run: impl FnOnce() -> Result<R, Failure>) -> Result<R, Failure> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        Err(Failure::Broken(
            text.or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default(),
        ))
    })
}

fn work<T: StepReal>(
    engine: &Engine<T>,
    inputs: Inputs<'_, T>,
    request: Request,
    control: &Control,
) -> Result<Outcome, Failure> {
    let program = engine.program();
    // Stage 1: the steps that are the same for all slices, with all threads.
    let all_threads = request.workers * request.threads;
    let mut base = Arena::new(program.arena_elements).map_err(Failure::OutOfMemory)?;
    let mut workspace = Arena::new(engine.workspace_len(all_threads)).map_err(Failure::OutOfMemory)?;
    let pool = thread_pool(all_threads)?;
    let mut state = engine.state(inputs, request.profiled);
    let mut memory = Memory {
        shared: &[],
        own: base.as_mut_slice(),
        workspace: workspace.as_mut_slice(),
        threads: all_threads,
    };
    within(pool.as_ref(), || {
        engine.run_shared(&mut state, inputs, &mut memory, &control.stop)
    })?;

    // Stage 2, one worker: it goes on in the same memory.
    let (shared, own) = base.as_mut_slice().split_at_mut(program.shared_elements);
    let jobs = Jobs::new(request);
    if request.workers == 1 {
        let mut memory = Memory {
            shared,
            own,
            workspace: workspace.as_mut_slice(),
            threads: request.threads,
        };
        within(pool.as_ref(), || {
            jobs.take_all(engine, inputs, &mut state, &mut memory, control)
        })?;
        return Ok(jobs.outcome(engine, vec![state]));
    }
    // Stage 2, several workers: each has its own part of the arena; the first uses the part that is there.
    drop(pool);
    let own_len = program.sliced_elements.saturating_sub(program.shared_elements);
    let mut owned = Some(own);
    let states: Result<Vec<State>, Failure> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..request.workers)
            .map(|_| {
                let (jobs, shared, mut state) = (&jobs, &*shared, engine.fork(&state));
                let first_own = owned.take();
                scope.spawn(move || {
                    let ended = catch_panic(|| {
                        let mut fresh =
                            Arena::new(if first_own.is_some() { 0 } else { own_len }).map_err(Failure::OutOfMemory)?;
                        let mut scratch =
                            Arena::new(engine.workspace_len(request.threads)).map_err(Failure::OutOfMemory)?;
                        let pool = thread_pool(request.threads)?;
                        let mut memory = Memory {
                            shared,
                            own: first_own.unwrap_or(fresh.as_mut_slice()),
                            workspace: scratch.as_mut_slice(),
                            threads: request.threads,
                        };
                        within(pool.as_ref(), || {
                            jobs.take_all(engine, inputs, &mut state, &mut memory, control)
                        })
                    });
                    if ended.is_err() {
                        control.stop.store(true, Ordering::Relaxed);
                    }
                    ended.map(|()| state)
                })
            })
            .collect();
        let ended: Vec<_> = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or(Err(Failure::Stopped)))
            .collect();
        first_failure(ended)
    });
    // Stage 3: the outcome; the steps of stage 1 are in the profile of `state`.
    let mut states = states?;
    states.push(state);
    Ok(jobs.outcome(engine, states))
}

/// All results, or the failure that made the others stop.
fn first_failure(ended: Vec<Result<State, Failure>>) -> Result<Vec<State>, Failure> {
    let cause = ended
        .iter()
        .filter_map(|result| result.as_ref().err())
        .find(|failure| **failure != Failure::Stopped);
    match cause {
        Some(failure) => Err(failure.clone()),
        None => ended.into_iter().collect(),
    }
}

pub(super) fn thread_pool(threads: usize) -> Result<Option<rayon::ThreadPool>, Failure> {
    if threads <= 1 {
        return Ok(None);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map(Some).map_err(|error| Failure::Broken(error.to_string()))
}

pub(super) fn within<R: Send>(pool: Option<&rayon::ThreadPool>, run: impl FnOnce() -> R + Send) -> R {
    match pool {
        Some(pool) => pool.install(run),
        None => run(),
    }
}

/// The blocks of slices still to be taken, and the sum of those done.
struct Jobs {
    request: Request,
    next: AtomicU64,
    sum: Mutex<Sum>,
}

enum Sum {
    Tree(TreeSum),
    Sequential(Option<Scaled>),
}

impl Jobs {
    fn new(request: Request) -> Self {
        let sum = if request.sequential {
            Sum::Sequential(None)
        } else {
            Sum::Tree(TreeSum::new(request.first, request.last))
        };
        Self {
            request,
            next: AtomicU64::new(request.first >> request.block_log2),
            sum: Mutex::new(sum),
        }
    }

    /// Runs blocks until none is left.
    fn take_all<T: StepReal>(
        &self,
        engine: &Engine<T>,
        inputs: Inputs<'_, T>,
        state: &mut State,
        memory: &mut Memory<'_, T>,
        control: &Control,
    ) -> Result<(), Failure> {
        let len = engine.program().output_elements();
        let mut running = self.request.sequential.then(|| Scaled::zeros(len));
        loop {
            let block = self.next.fetch_add(1, Ordering::Relaxed);
            if block > self.request.last >> self.request.block_log2 {
                break;
            }
            let start = block << self.request.block_log2;
            let first = start.max(self.request.first);
            let last = (start + ((1 << self.request.block_log2) - 1)).min(self.request.last);
            let mut block_sum = TreeSum::new(first, last);
            for slice in first..=last {
                engine.run_slice(slice, state, inputs, memory, &control.stop)?;
                if let Some(sum) = &mut running {
                    engine.add_result(slice, state, memory, sum)?;
                } else {
                    let mut sum = Scaled::zeros(len);
                    engine.add_result(slice, state, memory, &mut sum)?;
                    block_sum.insert(0, slice, sum);
                }
                control.done.fetch_add(1, Ordering::Relaxed);
            }
            if let (Some(sum), Sum::Tree(whole)) = (block_sum.finish(), &mut *self.lock_sum()) {
                whole.insert(self.request.block_log2, block, sum);
            }
        }
        if let (Some(sum), Sum::Sequential(whole)) = (running, &mut *self.lock_sum()) {
            *whole = Some(sum);
        }
        Ok(())
    }

    fn lock_sum(&self) -> std::sync::MutexGuard<'_, Sum> {
        self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn outcome<T: StepReal>(self, engine: &Engine<T>, states: Vec<State>) -> Outcome {
        let sum = match self.sum.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Sum::Tree(tree) => tree.finish(),
            Sum::Sequential(sum) => sum,
        };
        let mut starts_of_level = vec![0; engine.program().slice_sizes.len() + 1];
        let mut profile: Option<Profile> = None;
        for state in states {
            for (total, starts) in starts_of_level.iter_mut().zip(&state.starts_of_level) {
                *total += starts;
            }
            if let Some(part) = state.profile {
                match &mut profile {
                    Some(whole) => whole.add(&part),
                    None => profile = Some(part),
                }
            }
        }
        Outcome {
            sum: sum.unwrap_or_else(|| Scaled::zeros(engine.program().output_elements())),
            starts_of_level,
            profile,
        }
    }
}

/// Bytes of the sums of slices that a run keeps, besides arenas and workspaces.
pub fn sum_bytes(request: &Request, output_elements: usize) -> usize {
    let bytes_of_sum = output_elements * size_of::<Complex<f64>>();
    if request.sequential {
        return bytes_of_sum;
    }
    let levels = (u64::BITS - (request.first ^ request.last).leading_zeros()) as usize;
    bytes_of_sum * (request.workers + 1) * (levels + 2)
}
