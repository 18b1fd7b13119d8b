//! The rounds of a search: brackets of trials, and the task of each round.

/// Trials of a round in which candidates are reheated, and of the first rounds.
pub(super) const ROUND: usize = 8;
/// Trials of a round of a bracket that all start afresh.
pub(super) const FRESH: usize = 32;
/// Candidates kept of a fresh round.
pub(super) const KEPT: usize = 8;
/// Sweeps of the first rounds, which only start afresh.
pub(super) const FIRST: [f64; 2] = [100.0, 400.0];
/// Sweeps of the fresh runs of the first brackets; later ones grow.
const BRACKETS: [f64; 2] = [1500.0, 5000.0];
/// How much longer the fresh runs of each later bracket are than those of the one before.
const GROWTH: f64 = 1.1;
/// The rounds of a bracket.
const STAGES: [Task; 11] = [
    Task::Fresh,
    Task::Reheat(Of::Bracket),
    Task::Regrow(Of::Bracket),
    Task::Reheat(Of::Bracket),
    Task::Regrow(Of::Bracket),
    Task::Regrow(Of::Bracket),
    Task::Reheat(Of::Bracket),
    Task::Reheat(Of::Elites),
    Task::Regrow(Of::Elites),
    Task::Regrow(Of::Elites),
    Task::Regrow(Of::Elites),
];
/// Most sweeps of regrowing a candidate: many short runs find more than few long ones.
const REGROWTH: usize = 3000;
/// Most sweeps of reheating a candidate of the bracket, for the same reason.
const POLISH: usize = 2000;

/// Candidates: those of the bracket, or the elites, the best of all brackets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Of {
    Bracket,
    Elites,
}

/// The task of one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Task {
    /// Runs that start afresh.
    Fresh,
    /// Regrows candidates around some of their slices; skipped if they have few.
    Regrow(Of),
    /// Reheats candidates; the better half of those of the bracket is kept.
    Reheat(Of),
}

/// The task of a round, and the sweeps of its runs.
pub(super) fn round_of(number: usize) -> (Task, usize) {
    if let Some(&sweeps) = FIRST.get(number) {
        return (Task::Fresh, sweeps as usize);
    }
    let (bracket, stage) = (
        (number - FIRST.len()) / STAGES.len(),
        (number - FIRST.len()) % STAGES.len(),
    );
    let last = BRACKETS.len() - 1;
    let sweeps = BRACKETS[bracket.min(last)] * GROWTH.powi(bracket.saturating_sub(last).min(40) as i32);
    let task = STAGES[stage];
    let sweeps = match task {
        Task::Fresh | Task::Reheat(Of::Elites) => sweeps as usize,
        Task::Reheat(Of::Bracket) => (sweeps as usize).min(POLISH),
        Task::Regrow(_) => (sweeps as usize).min(REGROWTH),
    };
    (task, sweeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bracket_ends_with_one_candidate_and_its_runs_grow_longer() {
        let halvings = STAGES.iter().filter(|&&task| task == Task::Reheat(Of::Bracket)).count();
        assert_eq!(KEPT >> halvings, 1);
        let fresh: Vec<usize> = (0..6 * STAGES.len())
            .map(round_of)
            .filter(|&(task, _)| task == Task::Fresh)
            .map(|(_, sweeps)| sweeps)
            .collect();
        assert!(fresh.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
