//! The search as a whole: many annealing runs, the best kept; anytime, on any number of threads.

use super::anneal::Annealer;
use super::finish::{finish, Finished};
use super::greedy::{greedy, Greed};
use super::network::{Network, Terms};
use super::premerge::{premerge, Merged};
use super::rng::Rng;
use super::squeeze::{free, settle, squeeze, Schedule};
use super::tree::{Charge, Tree};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What a search is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// log2 of the most elements of an intermediate; infinite where there is no limit.
    pub width: f32,
    /// Most elements of intermediates alive at once; infinite where there is no limit.
    pub memory_elements: f64,
    /// Time to search; none lets the search weigh its time against the run it plans.
    pub seconds: Option<f64>,
    /// Number of trials, instead of a time.
    pub trials: Option<u64>,
    /// Seed.
    pub seed: u64,
    /// Number of threads.
    pub threads: usize,
    /// How steps are charged.
    pub charge: Charge,
    /// Charge a second that the machine works off, for weighing.
    pub charge_per_second: f64,
}

/// The best found so far, and how the search came to it.
#[derive(Clone, Debug)]
pub struct Best {
    /// The plan.
    pub finished: Finished,
    /// Trial that found it.
    pub trial: u64,
}

/// What threads share, and what whoever waits may look at.
#[derive(Debug)]
pub struct Board {
    best: Mutex<Option<Best>>,
    history: Mutex<Vec<(f64, f64)>>,
    stop: AtomicBool,
    next_trial: AtomicU64,
    trials_done: AtomicU64,
    started: Instant,
}

impl Default for Board {
    fn default() -> Self {
        Board {
            best: Mutex::default(),
            history: Mutex::default(),
            stop: AtomicBool::new(false),
            next_trial: AtomicU64::new(0),
            trials_done: AtomicU64::new(0),
            started: Instant::now(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Board {
    /// Asks the search to come to an end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the search was asked to end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The best so far.
    pub fn best(&self) -> Option<Best> {
        locked(&self.best).clone()
    }

    /// Pairs of seconds since the start and log2 of the best charge.
    pub fn history(&self) -> Vec<(f64, f64)> {
        locked(&self.history).clone()
    }

    /// Number of trials that have ended.
    pub fn trials_done(&self) -> u64 {
        self.trials_done.load(Ordering::Relaxed)
    }

    fn offer(&self, finished: Finished, trial: u64) {
        let mut best = locked(&self.best);
        let better = match best.as_ref() {
            None => true,
            Some(old) => finished.rank(trial) < old.finished.rank(old.trial),
        };
        if better {
            locked(&self.history).push((self.started.elapsed().as_secs_f64(), finished.log2_cost));
            *best = Some(Best { finished, trial });
        }
    }
}

/// Sweeps of the three phases of a trial.
#[derive(Clone, Copy, Debug)]
struct Effort {
    free: usize,
    squeeze: usize,
    settle: usize,
}

/// The network as searched, and as given.
struct Problem {
    terms: Terms,
    merged: Merged,
    small: Network,
    full: Network,
    width: f32,
}

/// Searches until time or trials are up, or the board says stop. The result is on the board.
pub fn search(terms: &Terms, options: &Options, board: &Board) {
    if terms.inputs.len() < 2 {
        board.offer(Finished::trivial(), 0);
        return;
    }
    let terms = terms.clone().tidy();
    let merged = premerge(&terms);
    let width = options.width.min((options.memory_elements.log2() - 1.0) as f32);
    let problem = Problem {
        small: Network::new(&merged.terms),
        full: Network::new(&terms),
        merged,
        terms,
        width,
    };
    let deadline = options
        .seconds
        .map(|seconds| board.started + Duration::from_secs_f64(seconds.clamp(0.0, 1e7)));
    std::thread::scope(|scope| {
        for _ in 1..options.threads.max(1) {
            scope.spawn(|| work(&problem, options, board, deadline));
        }
        work(&problem, options, board, deadline);
    });
}

/// What one thread does: trial after trial.
fn work(problem: &Problem, options: &Options, board: &Board, deadline: Option<Instant>) {
    let mut seconds_per_sweep = 0.0;
    loop {
        let trial = board.next_trial.fetch_add(1, Ordering::Relaxed);
        if trial > 0 && (board.stopped() || deadline.is_some_and(|end| Instant::now() >= end)) {
            return;
        }
        let effort = match (options.trials, deadline) {
            (Some(trials), _) if trial >= trials => return,
            (Some(_), _) => Effort {
                free: 1500,
                squeeze: 1500,
                settle: 750,
            },
            (None, Some(end)) => {
                let left = end.saturating_duration_since(Instant::now()).as_secs_f64();
                if seconds_per_sweep == 0.0 {
                    Effort {
                        free: 60,
                        squeeze: 60,
                        settle: 30,
                    }
                } else {
                    let sweeps = (0.45 * left / seconds_per_sweep) as usize;
                    if left < 0.1 {
                        return;
                    }
                    Effort {
                        free: sweeps * 3 / 10,
                        squeeze: sweeps * 45 / 100,
                        settle: sweeps / 4,
                    }
                }
            }
            (None, None) => {
                let sweeps = 40usize << (trial / options.threads.max(1) as u64).min(14);
                if trial > 0 && !worth_going_on(options, board) {
                    return;
                }
                Effort {
                    free: sweeps,
                    squeeze: sweeps,
                    settle: sweeps / 2,
                }
            }
        };
        let begun = Instant::now();
        let stop = || board.stopped() || deadline.is_some_and(|end| Instant::now() >= end);
        run_trial(problem, options, board, trial, effort, &stop);
        let sweeps = (effort.free + effort.squeeze + effort.settle).max(1);
        seconds_per_sweep = begun.elapsed().as_secs_f64() / sweeps as f64;
        board.trials_done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether more planning can pay: it is small beside the run, and the last doubling of effort brought something.
fn worth_going_on(options: &Options, board: &Board) -> bool {
    let Some(best) = board.best() else { return true };
    let run_seconds = best.finished.log2_cost.exp2() / options.charge_per_second;
    let spent = board.started.elapsed().as_secs_f64();
    spent < 0.05 * run_seconds && spent < 600.0
}

fn run_trial(
    problem: &Problem,
    options: &Options,
    board: &Board,
    trial: u64,
    effort: Effort,
    stop: &(dyn Fn() -> bool + Sync),
) {
    let mut annealer = Annealer::new(Rng::new(options.seed, trial));
    let alpha = if trial.is_multiple_of(2) { 1.0 } else { 0.5 };
    let temperature = [0.1, 0.3, 0.0, 0.6][(trial % 4) as usize];
    let schedule = Schedule::default();
    let path = greedy(&problem.merged.terms, Greed { alpha, temperature }, annealer.rng());
    let tree = (problem.small.num_tensors > 1).then(|| {
        let mut tree = Tree::new(&problem.small, &path, options.charge);
        free(&problem.small, &mut tree, &mut annealer, &schedule, effort.free, stop);
        if tree.width() > problem.width {
            squeeze(
                &problem.small,
                &mut tree,
                &mut annealer,
                &schedule,
                problem.width,
                effort.squeeze,
                stop,
            );
            settle(
                &problem.small,
                &mut tree,
                &mut annealer,
                &schedule,
                problem.width,
                effort.settle,
                stop,
            );
        }
        tree
    });
    let limits = (options.width, options.memory_elements);
    if let Some(finished) = finish(
        &problem.terms,
        &problem.merged,
        &problem.small,
        &problem.full,
        tree,
        options.charge,
        limits,
    ) {
        board.offer(finished, trial);
    }
}
