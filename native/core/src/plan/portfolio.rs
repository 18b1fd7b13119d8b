//! The search as a whole: generations of annealing runs, of which the good are heated up again and the poor are dropped.
//!
//! A search is a fixed sequence of generations of a few trials each. A trial starts afresh, or takes the best tree of a
//! lineage, heats it up and anneals it again; the lineage keeps the better of the two. Generations grow longer, lineages
//! grow fewer. What a trial does depends on the seed and on the generations before it, never on time or threads: time
//! only decides where the sequence is cut off, so a plan can be found again from its trial number.

use super::anneal::Annealer;
use super::board::{locked, Board};
use super::finish::{finish, Finished, Limits, Pace};
use super::greedy::{greedy, Greed};
use super::network::{Network, Terms};
use super::premerge::{premerge, Merged};
use super::reoptimise::Reoptimiser;
use super::rng::Rng;
use super::squeeze::{anneal, free, settle, Schedule, Stop};
use super::tree::Tree;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

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
    /// How fast the plan will run.
    pub pace: Pace,
}

/// Trials of a generation.
const GENERATION: usize = 8;
/// Sweeps of the trials of the first generations; later ones grow.
const SWEEPS: [f64; 5] = [100.0, 400.0, 1500.0, 4000.0, 6000.0];
/// How much longer each later generation is than the one before.
const GROWTH: f64 = 1.12;
/// The trial that starts from the order in which the tensors were given.
const SEQUENTIAL: u64 = 1;
/// Generations that only start afresh.
const FRESH_GENERATIONS: usize = 6;
/// Part of the run's time that planning may take when it weighs the two; without success lately, less.
const WORTH: (f64, f64) = (0.15, 0.03);
/// Longest planning when it weighs, in seconds.
const LONGEST: f64 = 600.0;

/// The network as searched, and as given.
struct Problem {
    terms: Terms,
    merged: Merged,
    small: Network,
    full: Network,
    options: Options,
}

/// The best tree that came from one start.
struct Lineage {
    tree: Tree,
    cost: f64,
}

/// Where a trial starts.
#[derive(Clone, Copy)]
enum Start {
    Fresh,
    Reheat { lineage: usize, beta: f32 },
}

/// What a trial found.
struct Outcome {
    tree: Tree,
    cost: f64,
    cut_short: bool,
}

/// Searches until time or trials are up, or the board says stop. The result is on the board.
pub fn search(terms: &Terms, options: &Options, board: &Board) {
    if terms.inputs.len() < 2 {
        board.offer(Finished::trivial(), Some(0));
        return;
    }
    let terms = terms.clone().tidy();
    let merged = premerge(&terms);
    let (small, full) = (Network::new(&merged.terms), Network::new(&terms));
    let problem = Problem {
        terms,
        merged,
        small,
        full,
        options: options.clone(),
    };
    if problem.small.num_tensors < 2 {
        problem.offer(board, None, Some(0), f32::INFINITY);
        return;
    }
    generations(&problem, board);
}

fn generations(problem: &Problem, board: &Board) {
    let options = &problem.options;
    let mut lineages: Vec<Lineage> = Vec::new();
    let mut width = options.width.min((options.memory_elements.log2() - 1.0) as f32);
    let mut first_trial = 0;
    for generation in 0.. {
        let left = options.trials.map_or(GENERATION, |trials| {
            (trials - first_trial).min(GENERATION as u64) as usize
        });
        if left == 0 || (generation > 0 && must_stop(options, board)) {
            return;
        }
        let mut rng = Rng::new(options.seed, (1 << 40) + generation as u64);
        let starts: Vec<Start> = (0..left).map(|k| start(generation, k, &lineages, &mut rng)).collect();
        let outcomes = run_generation(problem, board, generation, first_trial, &starts, &lineages, width);
        let mut best: Option<usize> = None;
        for (place, outcome) in outcomes.iter().enumerate() {
            let Some(outcome) = outcome else { continue };
            if best
                .and_then(|b| outcomes[b].as_ref())
                .is_none_or(|old| outcome.cost < old.cost)
            {
                best = Some(place);
            }
        }
        let leader = lineages
            .iter()
            .map(|lineage| lineage.cost)
            .fold(f64::INFINITY, f64::min);
        if let Some((place, outcome)) = best.and_then(|place| outcomes[place].as_ref().map(|outcome| (place, outcome)))
        {
            if outcome.cost < leader - 1e-6 {
                let trial = (!outcome.cut_short).then_some(first_trial + place as u64);
                let narrowed = problem.offer(board, Some(&outcome.tree), trial, width);
                if narrowed < width {
                    // The memory needed a narrower plan than was aimed for: aim there from now on.
                    width = narrowed;
                    lineages.clear();
                    first_trial += left as u64;
                    continue;
                }
            }
        }
        keep(&mut lineages, starts, outcomes, generation);
        first_trial += left as u64;
    }
}

/// Where the k-th trial of a generation starts.
fn start(generation: usize, k: usize, lineages: &[Lineage], rng: &mut Rng) -> Start {
    let fresh = match generation {
        0..FRESH_GENERATIONS => GENERATION,
        FRESH_GENERATIONS..12 => 2,
        _ => 1,
    };
    if k < fresh || lineages.is_empty() {
        return Start::Fresh;
    }
    let lineage = ((rng.unit() * rng.unit()) * lineages.len() as f32) as usize;
    let (hot, cold) = (1.8f32, 4.5f32);
    Start::Reheat {
        lineage,
        beta: hot * (cold / hot).powf(rng.unit()),
    }
}

/// Sweeps of each trial of a generation.
fn sweeps(generation: usize) -> usize {
    let last = SWEEPS.len() - 1;
    let grown = GROWTH.powi(generation.saturating_sub(last).min(200) as i32);
    (SWEEPS[generation.min(last)] * grown) as usize
}

/// Takes over what is better, and drops the lineages that lag behind.
fn keep(lineages: &mut Vec<Lineage>, starts: Vec<Start>, outcomes: Vec<Option<Outcome>>, generation: usize) {
    for (start, outcome) in starts.into_iter().zip(outcomes) {
        let Some(Outcome { tree, cost, .. }) = outcome else {
            continue;
        };
        match start {
            Start::Fresh => lineages.push(Lineage { tree, cost }),
            Start::Reheat { lineage, .. } => {
                if cost < lineages[lineage].cost {
                    lineages[lineage] = Lineage { tree, cost };
                }
            }
        }
    }
    lineages.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    lineages.truncate(match generation {
        0..8 => 8,
        8..14 => 6,
        _ => 4,
    });
}

/// Runs the trials of a generation on all threads; those not begun when time is up stay undone.
fn run_generation(
    problem: &Problem,
    board: &Board,
    generation: usize,
    first_trial: u64,
    starts: &[Start],
    lineages: &[Lineage],
    width: f32,
) -> Vec<Option<Outcome>> {
    let next = AtomicUsize::new(0);
    let outcomes: Vec<Mutex<Option<Outcome>>> = starts.iter().map(|_| Mutex::new(None)).collect();
    let work = || loop {
        let place = next.fetch_add(1, Ordering::Relaxed);
        let begin = place < starts.len() && (generation + place == 0 || !must_stop(&problem.options, board));
        if !begin {
            return;
        }
        let trial = first_trial + place as u64;
        let outcome = run_trial(problem, board, generation, trial, starts[place], lineages, width);
        if generation + place == 0 && problem.options.trials.is_none() {
            problem.offer(board, Some(&outcome.tree), None, width);
        }
        *locked(&outcomes[place]) = Some(outcome);
        board.count_trial();
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

/// One annealing run, afresh or from a lineage.
fn run_trial(
    problem: &Problem,
    board: &Board,
    generation: usize,
    trial: u64,
    start: Start,
    lineages: &[Lineage],
    width: f32,
) -> Outcome {
    let network = &problem.small;
    let mut annealer = Annealer::new(Rng::new(problem.options.seed, trial));
    let mut schedule = Schedule::default();
    let sweeps = sweeps(generation);
    let stop = || must_stop(&problem.options, board);
    let stop: Stop = &stop;
    let mut tree = match start {
        Start::Fresh if trial == SEQUENTIAL => {
            let path = problem.merged.sequential_path(problem.terms.inputs.len());
            let mut tree = Tree::new(network, &path, problem.options.pace.charge);
            schedule.settle.0 = 4.0;
            cool(network, &mut tree, &mut annealer, &schedule, width, sweeps, stop);
            tree
        }
        Start::Fresh => {
            let alpha = if trial.is_multiple_of(2) { 1.0 } else { 0.5 };
            let temperature = [0.1, 0.3, 0.0, 0.6][(trial / 2 % 4) as usize];
            let path = greedy(&problem.merged.terms, Greed { alpha, temperature }, annealer.rng());
            let mut tree = Tree::new(network, &path, problem.options.pace.charge);
            anneal(network, &mut tree, &mut annealer, &schedule, width, sweeps, stop);
            tree
        }
        Start::Reheat { lineage, beta } => {
            let mut tree = lineages[lineage].tree.clone();
            schedule.settle.0 = beta;
            cool(network, &mut tree, &mut annealer, &schedule, width, sweeps, stop);
            tree
        }
    };
    if generation >= 2 && !stop() {
        Reoptimiser::default().pass(network, &mut tree, 8, 8.0, width, stop);
    }
    let cost = tree.log2_cost() + f64::from(tree.log2_slices(network));
    Outcome {
        tree,
        cost,
        cut_short: stop(),
    }
}

/// Cools a tree down from where it is, sliced only if it is too wide.
fn cool(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    width: f32,
    sweeps: usize,
    stop: Stop<'_>,
) {
    if tree.sliced.is_empty() && tree.width() <= width {
        free(network, tree, annealer, schedule.settle, sweeps, stop);
    }
    if !tree.sliced.is_empty() || tree.width() > width {
        settle(network, tree, annealer, schedule, width, sweeps, stop);
    }
}

/// Whether time is up, someone asked to stop, or more planning cannot pay.
fn must_stop(options: &Options, board: &Board) -> bool {
    if board.stopped() {
        return true;
    }
    match (options.seconds, options.trials) {
        (_, Some(_)) => false,
        (Some(seconds), None) => board.seconds() >= seconds,
        (None, None) => {
            let Some(run) = board.best_run_seconds() else {
                return false;
            };
            let spent = board.seconds();
            let stale = board.seconds_without_better() > 0.5 * spent;
            spent > if stale { WORTH.1 } else { WORTH.0 } * run || spent > LONGEST
        }
    }
}

impl Problem {
    /// Makes a plan of a tree and puts it on the board; returns the width at which it fits.
    fn offer(&self, board: &Board, tree: Option<&Tree>, trial: Option<u64>, width: f32) -> f32 {
        let limits = Limits {
            width: self.options.width,
            elements: self.options.memory_elements,
        };
        let Some((finished, narrowed)) = finish(
            &self.terms,
            &self.merged,
            &self.small,
            &self.full,
            tree,
            self.options.pace,
            limits,
        ) else {
            return width;
        };
        board.offer(finished, trial);
        width.min(narrowed)
    }
}
