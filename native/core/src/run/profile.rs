//! The profile of a run: time and executions of each step.

/// Seconds and executions of each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Nanoseconds spent in each step.
    pub nanoseconds: Vec<u64>,
    /// Number of executions of each step.
    pub runs: Vec<u64>,
}

impl Profile {
    /// Adds what another worker measured.
    pub fn add(&mut self, other: &Self) {
        for (total, part) in self.nanoseconds.iter_mut().zip(&other.nanoseconds) {
            *total += part;
        }
        for (total, part) in self.runs.iter_mut().zip(&other.runs) {
            *total += part;
        }
    }
}

/// Splits `whole`, the time that passed, in proportion to `parts`, the times of several threads.
pub(super) fn shares(parts: &[u64], whole: u64) -> Vec<u64> {
    let total = parts.iter().sum::<u64>().max(1) as f64;
    let share = |part: &u64| (whole as f64 * (*part as f64 / total)) as u64;
    parts.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_threads_share_what_passed() {
        assert_eq!(shares(&[30, 10, 0], 20), [15, 5, 0]);
        assert_eq!(shares(&[0, 0], 20), [0, 0]);
    }
}
