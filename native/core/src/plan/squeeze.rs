//! One annealing run of tree and slices together: free, squeeze, settle.
//!
//! *Free*: the tree alone, no limit on width, cooling. *Squeeze*: the width wanted is lowered step by step from the width
//! just reached to the limit, hot, sweeps of rotations alternating with slice moves. *Settle*: the limit fixed, cooling
//! down slowly, then made strict. Slices are kept colder than the tree, so that they follow it closely. The three phases keep tree and slices fitted to each other,
//! where slicing a finished tree ends orders of magnitude worse. Dynamic slicing: Huang et al., arXiv:2005.06787;
//! annealing: Kalachev, Panteleev & Yung, arXiv:2108.05665.

use super::anneal::{Annealer, Heat};
use super::network::Network;
use super::slicing::{drop_needless, slice_down_to, SliceHeat, Slicer};
use super::tree::Tree;

/// Asked before every sweep; once it says yes, the run comes to an end.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// How a run is heated: inverse temperatures of the rotations, and what goes with them.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// At the start and the end of the free phase.
    pub free: (f32, f32),
    /// While the width is lowered.
    pub squeeze: f32,
    /// At the start and the end of settling.
    pub settle: (f32, f32),
    /// Inverse temperature of slice moves, relative to that of rotations.
    pub slice_beta: f32,
    /// Penalty of rotations for each bit too wide.
    pub penalty: f32,
    /// Slice moves for each sweep of as many rotations as there are steps.
    pub slice_moves: f32,
    /// Shares of a run's sweeps for the free phase and for squeezing; settling takes the rest.
    pub shares: (f32, f32),
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            free: (1.0, 4.0),
            squeeze: 2.0,
            settle: (2.0, 8.0),
            slice_beta: 2.0,
            penalty: 1.0,
            slice_moves: 0.5,
            shares: (0.1, 0.3),
        }
    }
}

/// Runs the three phases; only the first, to the end, if the tree then is within the width. False if it cannot be sliced
/// to the width.
pub fn anneal(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    width: f32,
    sweeps: usize,
    stop: Stop<'_>,
) -> bool {
    let share = |part: f32| (sweeps as f32 * part) as usize;
    free(network, tree, annealer, schedule.free, share(schedule.shares.0), stop);
    if tree.width() <= width {
        free(
            network,
            tree,
            annealer,
            schedule.settle,
            share(1.0 - schedule.shares.0),
            stop,
        );
        if tree.width() <= width {
            return true;
        }
    }
    let mut slicer = Slicer::default();
    let squeezing = share(schedule.shares.1);
    let start = tree.width().max(width);
    for sweep in 0..squeezing {
        if stop() {
            break;
        }
        let target = start + (width - start) * ((sweep + 1) as f32 / squeezing as f32);
        both(network, tree, annealer, &mut slicer, schedule, schedule.squeeze, target);
    }
    settle(
        network,
        tree,
        annealer,
        schedule,
        width,
        share(1.0 - schedule.shares.0 - schedule.shares.1),
        stop,
    )
}

/// Anneals the tree alone, cooling from one inverse temperature to the other.
pub fn free(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    (start, end): (f32, f32),
    sweeps: usize,
    stop: Stop<'_>,
) {
    let proposals = tree.num_steps();
    for sweep in 0..sweeps {
        if stop() {
            return;
        }
        let beta = start * (end / start).powf(sweep as f32 / sweeps as f32);
        annealer.sweep(network, tree, Heat::free(beta), proposals);
    }
}

/// Cools tree and slices down at the width wanted, then makes it strict; false if it cannot be sliced to the width.
pub fn settle(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    width: f32,
    sweeps: usize,
    stop: Stop<'_>,
) -> bool {
    let mut slicer = Slicer::default();
    let (start, end) = schedule.settle;
    for sweep in 0..sweeps {
        if stop() {
            break;
        }
        let beta = start * (end / start).powf(sweep as f32 / sweeps as f32);
        both(network, tree, annealer, &mut slicer, schedule, beta, width);
    }
    make_strict(network, tree, width)
}

/// Holds the tree to the width with as few slices as that takes; false if it cannot be sliced to the width.
pub(super) fn make_strict(network: &Network, tree: &mut Tree, width: f32) -> bool {
    tree.refresh(network);
    let strict = slice_down_to(network, tree, width);
    drop_needless(network, tree, width);
    strict
}

/// One sweep of rotations, and the slice moves that go with it.
pub(super) fn both(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    slicer: &mut Slicer,
    schedule: &Schedule,
    beta: f32,
    width: f32,
) {
    let proposals = tree.num_steps();
    annealer.sweep(
        network,
        tree,
        Heat {
            beta,
            width,
            penalty: schedule.penalty,
        },
        proposals,
    );
    let heat = SliceHeat {
        beta: beta * schedule.slice_beta,
        width,
    };
    let whole = schedule.slice_moves.floor();
    let moves = whole as usize + usize::from(annealer.rng().unit() < schedule.slice_moves - whole);
    for _ in 0..moves {
        slicer.step(network, tree, annealer.rng(), heat);
    }
}
