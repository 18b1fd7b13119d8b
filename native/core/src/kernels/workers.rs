//! The threads that compute a step, and the flag that stops them halfway.

use std::sync::atomic::{AtomicBool, Ordering};

/// Threads of the current rayon pool, and a flag at which they leave a step unfinished.
#[derive(Clone, Copy, Debug)]
pub struct Workers<'a> {
    /// Most threads.
    pub threads: usize,
    stop: &'a AtomicBool,
}

impl<'a> Workers<'a> {
    /// Threads that check `stop` after every few milliseconds of work.
    pub fn until(threads: usize, stop: &'a AtomicBool) -> Self {
        Self { threads, stop }
    }

    /// At most `threads` of them.
    pub fn at_most(self, threads: usize) -> Self {
        Self {
            threads: self.threads.min(threads),
            ..self
        }
    }

    /// Whether they are to stop: then the output of the step is incomplete.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl From<usize> for Workers<'static> {
    /// Threads that are never stopped.
    fn from(threads: usize) -> Self {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Self { threads, stop: &NEVER }
    }
}
