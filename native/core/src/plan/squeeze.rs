//! One annealing run of tree and slices together: free, squeeze, settle.
//!
//! *Free*: the tree alone, no limit on width, cooling. *Squeeze*: the width wanted is lowered step by step from the width
//! just reached to the limit, at a moderate constant temperature, sweeps of rotations alternating with slice moves.
//! *Settle*: the limit fixed, cooling down, then made strict. The three phases keep tree and slices fitted to each other,
//! where slicing a finished tree ends orders of magnitude worse. Dynamic slicing: Huang et al., arXiv:2005.06787;
//! annealing: Kalachev, Panteleev & Yung, arXiv:2108.05665.

use super::anneal::{Annealer, Heat};
use super::network::Network;
use super::slicing::{drop_needless, slice_down_to, slice_moves, SliceHeat};
use super::tree::Tree;

/// Asked before every sweep; once it says yes, the run comes to an end.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// How a run is heated.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Inverse temperatures at the start and the end of the free phase.
    pub free: (f32, f32),
    /// Inverse temperature of rotations while squeezing.
    pub squeeze: f32,
    /// Inverse temperature at the end of settling.
    pub settle: f32,
    /// Inverse temperature of slice moves, relative to that of rotations.
    pub slice_beta: f32,
    /// Weight of the width in slice moves.
    pub slice_weight: f32,
    /// Penalty of rotations for each bit too wide.
    pub penalty: f32,
    /// Slice moves for each sweep of as many rotations as there are steps.
    pub slice_moves: f32,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            free: (0.5, 12.0),
            squeeze: 3.5,
            settle: 12.0,
            slice_beta: 1.0,
            slice_weight: 1.0,
            penalty: 1.0,
            slice_moves: 20.0,
        }
    }
}

/// Anneals the tree alone for a number of sweeps.
pub fn free(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    sweeps: usize,
    stop: Stop<'_>,
) {
    let (start, end) = schedule.free;
    for sweep in 0..sweeps {
        if stop() {
            return;
        }
        let beta = start * (end / start).powf(sweep as f32 / sweeps.max(2) as f32);
        let proposals = tree.num_steps();
        annealer.sweep(network, tree, Heat::free(beta), proposals);
    }
}

/// Lowers the width to `width` while annealing tree and slices.
pub fn squeeze(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    width: f32,
    sweeps: usize,
    stop: Stop<'_>,
) {
    let start = tree.width().max(width);
    let mut owed = 0.0;
    for sweep in 0..sweeps {
        if stop() {
            return;
        }
        let target = start + (width - start) * ((sweep + 1) as f32 / sweeps as f32);
        both(network, tree, annealer, schedule, schedule.squeeze, target, &mut owed);
    }
}

/// Cools down at the width wanted, then makes it strict.
pub fn settle(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    width: f32,
    sweeps: usize,
    stop: Stop<'_>,
) -> bool {
    let mut owed = 0.0;
    for sweep in 0..sweeps {
        if stop() {
            break;
        }
        let beta = schedule.squeeze * (schedule.settle / schedule.squeeze).powf(sweep as f32 / sweeps as f32);
        both(network, tree, annealer, schedule, beta, width, &mut owed);
    }
    let strict = slice_down_to(network, tree, width);
    drop_needless(network, tree, width);
    strict
}

fn both(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    schedule: &Schedule,
    beta: f32,
    width: f32,
    owed: &mut f32,
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
    *owed += schedule.slice_moves;
    let heat = SliceHeat {
        beta: beta * schedule.slice_beta,
        width,
        weight: schedule.slice_weight,
    };
    slice_moves(network, tree, annealer.rng(), heat, owed.floor() as usize);
    *owed -= owed.floor();
}
