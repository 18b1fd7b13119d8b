//! State shared by the search threads and the thread that waits for them.

use super::complete_plan::Finished;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The best plan so far.
#[derive(Clone, Debug)]
pub struct Best {
    /// The plan.
    pub finished: Finished,
    /// The trial that found it; none if it was cut short and cannot be repeated.
    pub trial: Option<u64>,
}

/// The best plan so far, the progress, and whether to stop.
#[derive(Debug)]
pub struct SharedBest {
    best: Mutex<Option<Best>>,
    spared: Mutex<Vec<Finished>>,
    history: Mutex<Vec<(f64, f64)>>,
    stop: AtomicBool,
    trials_done: AtomicU64,
    started: Instant,
}

impl Default for SharedBest {
    fn default() -> Self {
        SharedBest {
            best: Mutex::default(),
            spared: Mutex::default(),
            history: Mutex::default(),
            stop: AtomicBool::new(false),
            trials_done: AtomicU64::new(0),
            started: Instant::now(),
        }
    }
}

/// The value behind a lock, even if a thread failed while it held it.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SharedBest {
    /// Requests the search to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the search was requested to end.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The best plan so far; none before the first.
    pub fn best(&self) -> Option<Best> {
        locked(&self.best).clone()
    }

    /// Variants of the best plan that take less and less memory, once the search is over.
    pub fn spared(&self) -> Vec<Finished> {
        locked(&self.spared).clone()
    }

    pub(super) fn add_spared(&self, plans: Vec<Finished>) {
        locked(&self.spared).extend(plans);
    }

    /// Seconds that the best plan so far is expected to run.
    pub fn best_run_seconds(&self) -> Option<f64> {
        locked(&self.best).as_ref().map(|best| best.finished.run_seconds)
    }

    /// Pairs of seconds since the start and log2 of the best plan's multiply-adds.
    pub fn history(&self) -> Vec<(f64, f64)> {
        locked(&self.history).clone()
    }

    /// Number of trials that have ended.
    pub fn trials_done(&self) -> u64 {
        self.trials_done.load(Ordering::Relaxed)
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Seconds since the best plan was found.
    pub fn seconds_without_better(&self) -> f64 {
        self.seconds() - locked(&self.history).last().map_or(0.0, |&(at, _)| at)
    }

    pub(super) fn count_trial(&self) {
        self.trials_done.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a plan if it is better than the best.
    pub(super) fn offer(&self, finished: Finished, trial: Option<u64>) {
        let mut best = locked(&self.best);
        if best.as_ref().is_none_or(|old| finished.rank() < old.finished.rank()) {
            locked(&self.history).push((self.seconds(), finished.log2_multiply_adds));
            *best = Some(Best { finished, trial });
        }
    }
}
