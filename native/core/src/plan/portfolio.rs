//! The search as a whole: brackets of annealing runs, in which good candidates are reheated and poor ones are dropped.
//!
//! Annealing the same network twice ends orders of magnitude apart, and a run's first descent says much about where it can
//! end. So a bracket starts many runs afresh, keeps the best few, regrows these around some of their slices and reheats
//! them, keeps the better half, and so on to the last one, an elite; the elites of all brackets are then
//! treated further (successive halving: Jamieson & Talwalkar, arXiv:1502.07943). Each bracket's runs are longer than those
//! of the one before. What a trial does depends on the seed and on the rounds before it, never on time or threads: time
//! only decides where the sequence is cut off, so a plan can be found again from its trial number.

use super::anneal::Annealer;
use super::complete_plan::{finish, spare, Finished, Limits, RunRate, SPARED_FROM, SPARED_UP_TO};
use super::greedy::{greedy, GreedyOptions};
use super::network::{Network, NetworkShape};
use super::premerge::{premerge, Merged};
use super::regrow::Regrowth;
use super::reoptimise::Reoptimiser;
use super::rng::Rng;
use super::rounds::{round_of, Of, Task, FIRST, FRESH, KEPT, ROUND};
use super::shared_best::{locked, SharedBest};
use super::squeeze::{Anneal, Schedule};
use super::tree::{CostModel, Tree};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

/// Options of a search.
#[derive(Clone, Debug)]
pub struct Options {
    /// log2 of the most elements of an intermediate; infinite where there is no limit.
    pub width: f32,
    /// Most elements of intermediates alive at once; infinite where there is no limit.
    pub memory_elements: f64,
    /// Seconds to search; none lets the search weigh its time against that of the run it plans.
    pub seconds: Option<f64>,
    /// Number of trials, instead of a time.
    pub trials: Option<u64>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Number of threads.
    pub threads: usize,
    /// How fast the plan will run.
    pub rate: RunRate,
}

/// Elites that are regrown.
const REGROWN: usize = 2;
/// log2 of the number of slices from which regrowing is worthwhile: annealing alone finds fewer slices well.
const MANY_SLICES: f32 = 16.0;
/// Elites kept.
const ELITES: usize = 4;
/// Inverse temperatures at which every third trial is squeezed and begins to settle.
const HOTTER: (f32, f32) = (1.6, 1.6);
/// Candidates are reheated to an inverse temperature between these.
const REHEAT: (f32, f32) = (2.4, 4.4);
/// The trial that starts from the order in which the tensors were given.
const SEQUENTIAL: u64 = 1;
/// Tensors beyond which a first trial takes long, so that the given order is offered as a plan before it.
const LARGE: usize = 1000;
/// Part of the run's time that planning may take when it weighs the two; without success lately, less.
const WORTH: (f64, f64) = (0.15, 0.03);
/// Longest planning when it weighs, in seconds.
const LONGEST: f64 = 600.0;
/// Where the run would still take this many seconds after so many seconds of planning, more planning will not save it.
const HOPELESS: (f64, f64) = (1e12, 30.0);

/// The network as searched, and as given.
struct Problem {
    shape: NetworkShape,
    merged: Merged,
    small: Network,
    full: Network,
    options: Options,
}

/// The best tree that came from one start.
struct Candidate {
    tree: Tree,
    cost: f64,
}

/// Where a trial starts.
#[derive(Clone, Copy)]
enum Start {
    Fresh,
    Reheat { candidate: usize, beta: f32 },
    Regrow { candidate: usize },
}

/// What a trial found.
struct Outcome {
    tree: Tree,
    cost: f64,
    cut_short: bool,
}

/// Searches until time or trials are up, or a stop is requested; the result is left in `shared_best`.
pub fn search(shape: &NetworkShape, options: &Options, shared_best: &SharedBest) {
    if shape.inputs.len() < 2 {
        shared_best.offer(Finished::trivial(), Some(0));
        return;
    }
    let shape = shape.clone().tidy();
    let merged = premerge(&shape);
    let (small, full) = (Network::new(&merged.shape), Network::new(&shape));
    let problem = Problem {
        shape,
        merged,
        small,
        full,
        options: options.clone(),
    };
    if problem.small.num_tensors < 2 {
        problem.offer(shared_best, None, Some(0));
    } else {
        rounds(&problem, shared_best);
    }
    problem.spare(shared_best);
}

/// Runs one round after another until time or trials are up.
fn rounds(problem: &Problem, shared_best: &SharedBest) {
    let options = &problem.options;
    let mut bracket: Vec<Candidate> = Vec::new();
    let mut elites: Vec<Candidate> = Vec::new();
    let mut widest = options.width.min((options.memory_elements.log2() - 1.0) as f32);
    let mut width = widest;
    let mut sparing = true;
    let mut leader = f64::INFINITY;
    let mut first_trial = 0;
    // Stage 1: a first plan at once, where a first trial takes long; not if trials are counted, as it is none of them.
    if options.trials.is_none() && problem.small.num_tensors > LARGE {
        let path = problem.merged.sequential_path(problem.shape.inputs.len());
        let tree = Tree::new(&problem.small, &path, options.rate.cost_model);
        problem.offer(shared_best, Some(&tree), None);
    }
    for number in 0.. {
        // Stage 2: the task of the round, its candidates and the number of its trials.
        let (task, sweeps) = round_of(number);
        let candidates = match task {
            Task::Fresh | Task::Regrow(Of::Bracket) | Task::Reheat(Of::Bracket) => &mut bracket,
            Task::Regrow(Of::Elites) | Task::Reheat(Of::Elites) => &mut elites,
        };
        let many = |best: &Candidate| best.tree.log2_slices(&problem.small) >= MANY_SLICES;
        if matches!(task, Task::Regrow(_)) && !candidates.first().is_some_and(many) {
            continue;
        }
        let full_round = if task == Task::Fresh && number >= FIRST.len() {
            FRESH
        } else {
            ROUND
        };
        let count = options.trials.map_or(full_round, |trials| {
            (trials - first_trial).min(full_round as u64) as usize
        });
        if count == 0 || (number > 0 && must_stop(options, shared_best)) {
            return;
        }
        // Stage 3: the trials, from starts that depend on seed and round alone (streams from 2^40 on are no trial's).
        let mut rng = Rng::new(options.seed, (1 << 40) + number as u64);
        if task == Task::Fresh {
            candidates.clear();
        }
        let starts: Vec<Start> = (0..count).map(|k| start(k, task, candidates.len(), &mut rng)).collect();
        let round = Round {
            number,
            first_trial,
            sweeps,
            width,
        };
        let outcomes = run_round(problem, shared_best, round, &starts, candidates);
        first_trial += count as u64;
        // Stage 4: offer a new leader, and see whether its memory demands another width.
        if let Some((place, outcome)) = cheapest(&outcomes) {
            if outcome.cost < leader - 1e-6 {
                leader = outcome.cost;
                let trial = (!outcome.cut_short).then_some(round.first_trial + place as u64);
                let before = shared_best.best_run_seconds().unwrap_or(f64::INFINITY);
                let offered = problem.offer(shared_best, Some(&outcome.tree), trial);
                widest = widest.min(offered.demanded);
                let mut aim = width.min(widest);
                if width < widest && offered.run_seconds > SPARED_UP_TO * before {
                    // Less memory costs more than touching it saves.
                    sparing = false;
                    aim = widest;
                } else if sparing {
                    aim = aim.min(offered.sparing);
                }
                if aim != width {
                    // Another width is worthwhile, or the most that fits: aim there from now on, and start over, as costs
                    // at different widths cannot be compared.
                    width = aim;
                    leader = f64::INFINITY;
                    bracket.clear();
                    elites.clear();
                    continue;
                }
            }
        }
        // Stage 5: keep the better candidates; the last one of a bracket becomes an elite.
        keep(candidates, starts, outcomes);
        match task {
            Task::Fresh => bracket.truncate(KEPT),
            Task::Reheat(Of::Bracket) => bracket.truncate(bracket.len().min(KEPT).div_ceil(2)),
            _ => {}
        }
        if task == Task::Reheat(Of::Bracket) && bracket.len() <= 1 || number < FIRST.len() {
            elites.extend(bracket.drain(..).take(1));
            elites.sort_by(|a, b| a.cost.total_cmp(&b.cost));
            elites.truncate(ELITES);
        }
    }
}

/// The outcome of least cost, with its place.
fn cheapest(outcomes: &[Option<Outcome>]) -> Option<(usize, &Outcome)> {
    let finished = outcomes
        .iter()
        .enumerate()
        .filter_map(|(place, outcome)| Some((place, outcome.as_ref()?)));
    finished.min_by(|(_, a), (_, b)| a.cost.total_cmp(&b.cost))
}

/// Where the k-th trial of a round starts: each candidate in turn, or afresh if there is none.
fn start(k: usize, task: Task, candidates: usize, rng: &mut Rng) -> Start {
    let (hot, cold) = REHEAT;
    match task {
        _ if candidates == 0 => Start::Fresh,
        Task::Regrow(of) => Start::Regrow {
            candidate: k % if of == Of::Elites {
                candidates.min(REGROWN)
            } else {
                candidates
            },
        },
        _ => Start::Reheat {
            candidate: k % candidates,
            beta: hot * (cold / hot).powf(rng.unit()),
        },
    }
}

/// Replaces candidates by better outcomes; sorts them, the best first.
fn keep(candidates: &mut Vec<Candidate>, starts: Vec<Start>, outcomes: Vec<Option<Outcome>>) {
    for (start, outcome) in starts.into_iter().zip(outcomes) {
        let Some(Outcome { tree, cost, .. }) = outcome else {
            continue;
        };
        match start {
            Start::Fresh => candidates.push(Candidate { tree, cost }),
            Start::Reheat { candidate, .. } | Start::Regrow { candidate } => {
                if cost < candidates[candidate].cost {
                    candidates[candidate] = Candidate { tree, cost };
                }
            }
        }
    }
    candidates.sort_by(|a, b| a.cost.total_cmp(&b.cost));
}

/// Parameters shared by the trials of a round.
#[derive(Clone, Copy)]
struct Round {
    number: usize,
    first_trial: u64,
    sweeps: usize,
    width: f32,
}

/// Runs the trials of a round on all threads; those not started when time is up are left out.
fn run_round(
    problem: &Problem,
    shared_best: &SharedBest,
    round: Round,
    starts: &[Start],
    candidates: &[Candidate],
) -> Vec<Option<Outcome>> {
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<Outcome>>> = starts.iter().map(|_| Mutex::new(None)).collect();
    let work = || loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let begin = place < starts.len() && (round.number + place == 0 || !must_stop(&problem.options, shared_best));
        if !begin {
            return;
        }
        let trial = round.first_trial + place as u64;
        let outcome = run_trial(problem, shared_best, round, trial, starts[place], candidates);
        if round.number + place == 0 && problem.options.trials.is_none() {
            problem.offer(shared_best, Some(&outcome.tree), None);
        }
        *locked(&outcomes[place]) = Some(outcome);
        shared_best.count_trial();
    };
    std::thread::scope(|scope| {
        for _ in 1..problem.options.threads.min(starts.len()) {
            scope.spawn(work);
        }
        work();
    });
    outcomes
        .into_iter()
        .map(|outcome| outcome.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
        .collect()
}

/// One annealing run, afresh or from a candidate.
fn run_trial(
    problem: &Problem,
    shared_best: &SharedBest,
    round: Round,
    trial: u64,
    start: Start,
    candidates: &[Candidate],
) -> Outcome {
    let Round { sweeps, width, .. } = round;
    let cost_model = problem.options.rate.cost_model;
    let network = &problem.small;
    let mut annealer = Annealer::new(Rng::new(problem.options.seed, trial));
    let mut schedule = Schedule::default();
    // Stage 1: the tree to start from.
    let mut tree = match start {
        Start::Fresh if trial == SEQUENTIAL => {
            schedule.settle.0 = 4.0;
            let path = problem.merged.sequential_path(problem.shape.inputs.len());
            Tree::new(network, &path, cost_model)
        }
        Start::Fresh => {
            let alpha = if trial.is_multiple_of(2) { 1.0 } else { 0.5 };
            let temperature = [0.1, 0.3, 1.0, 0.6][(trial / 2 % 4) as usize];
            if trial.is_multiple_of(3) {
                (schedule.squeeze, schedule.settle.0) = HOTTER;
            }
            let path = greedy(
                &problem.merged.shape,
                GreedyOptions { alpha, temperature },
                annealer.rng(),
            );
            // What moving elements costs matters less, and slows the search: half of the trials count it only in stage 3.
            let first_cost_model = if trial % 4 < 2 {
                cost_model
            } else {
                CostModel::MULTIPLY_ADDS
            };
            Tree::new(network, &path, first_cost_model)
        }
        Start::Reheat { candidate, beta } => {
            schedule.settle.0 = beta;
            candidates[candidate].tree.clone()
        }
        Start::Regrow { candidate } => candidates[candidate].tree.clone(),
    };
    // Stage 2: the annealing run.
    let stop = || must_stop(&problem.options, shared_best);
    let mut anneal = Anneal {
        network,
        tree: &mut tree,
        annealer: &mut annealer,
        schedule,
        width,
        sweeps,
        stop: &stop,
    };
    match start {
        Start::Fresh if trial == SEQUENTIAL => anneal.cool(),
        Start::Fresh => _ = anneal.run(),
        Start::Reheat { .. } => anneal.cool(),
        Start::Regrow { .. } => {
            let regrowth = Regrowth::draw(anneal.annealer.rng());
            anneal.regrow(regrowth);
        }
    }
    // Stage 3: the true cost, and exact re-optimisation of subtrees.
    if tree.cost_model != cost_model {
        tree.cost_model = cost_model;
        tree.refresh(network);
    }
    if round.number >= FIRST.len() && !stop() {
        Reoptimiser::default().pass(network, &mut tree, 8, 8.0, width, &stop);
    }
    let cost = tree.log2_cost() + f64::from(tree.log2_slices(network));
    Outcome {
        tree,
        cost,
        cut_short: stop(),
    }
}

/// Whether time is up, a stop was requested, or more planning is not worthwhile.
fn must_stop(options: &Options, shared_best: &SharedBest) -> bool {
    if shared_best.stopped() {
        return true;
    }
    match (options.seconds, options.trials) {
        (_, Some(_)) => false,
        (Some(seconds), None) => shared_best.seconds() >= seconds,
        (None, None) => {
            let Some(run) = shared_best.best_run_seconds() else {
                return false;
            };
            let spent = shared_best.seconds();
            let stale = shared_best.seconds_without_better() > 0.5 * spent;
            spent > if stale { WORTH.1 } else { WORTH.0 } * run
                || spent > LONGEST
                || (spent > HOPELESS.1 && run > HOPELESS.0)
        }
    }
}

/// Part of the time of the search that is spent on sparing memory in the end, and seconds that are spent in any case.
const SPARING: (f64, f64) = (0.05, 0.01);

impl Problem {
    /// Adds variants of the best plan that take less memory, where the search minimises running time.
    fn spare(&self, shared_best: &SharedBest) {
        if !self.options.rate.cost_model.moves() {
            return;
        }
        let Some(best) = shared_best.best() else { return };
        let limits = self.limits();
        let until = shared_best.seconds() * (1.0 + SPARING.0) + SPARING.1;
        let go_on = || self.options.trials.is_some() || (!shared_best.stopped() && shared_best.seconds() < until);
        shared_best.add_spared(spare(&self.full, &best.finished, self.options.rate, limits, go_on));
    }

    fn limits(&self) -> Limits {
        Limits {
            width: self.options.width,
            elements: self.options.memory_elements,
        }
    }

    /// Completes the plan of a tree and offers it as the best.
    fn offer(&self, shared_best: &SharedBest, tree: Option<&Tree>, trial: Option<u64>) -> Offered {
        let rate = self.options.rate;
        let completed = finish(
            &self.shape,
            &self.merged,
            &self.small,
            &self.full,
            tree,
            rate,
            self.limits(),
        );
        let Some((finished, demanded)) = completed else {
            return Offered {
                demanded: f32::INFINITY,
                sparing: f32::INFINITY,
                run_seconds: f64::INFINITY,
            };
        };
        let touching = finished.peak_elements * rate.seconds_per_element;
        let costly = finished.peak_elements > SPARED_FROM && touching > TOUCHING * finished.run_seconds;
        let offered = Offered {
            demanded,
            sparing: if costly { finished.width - 1.0 } else { f32::INFINITY },
            run_seconds: finished.run_seconds,
        };
        shared_best.offer(finished, trial);
        offered
    }
}

/// Part of the running time that touching memory for the first time may take before narrower plans are tried.
const TOUCHING: f64 = 0.25;

/// What the search learns of a plan that it offered.
struct Offered {
    /// The width that the number of elements alive demanded; infinite if it demanded none.
    demanded: f32,
    /// The width at which less time would go into touching memory; infinite where that takes little.
    sparing: f32,
    /// Seconds that it is expected to run.
    run_seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_leading_elites_are_regrown() {
        let mut rng = Rng::new(0, 0);
        for k in 0..ROUND {
            let regrown = |of, rng: &mut Rng| match start(k, Task::Regrow(of), 4, rng) {
                Start::Regrow { candidate } => candidate,
                _ => usize::MAX,
            };
            assert_eq!(regrown(Of::Bracket, &mut rng), k % 4);
            assert_eq!(regrown(Of::Elites, &mut rng), k % REGROWN);
        }
    }
}
