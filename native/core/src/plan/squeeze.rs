//! One annealing run of tree and slices together: free, squeeze, settle.
//!
//! *Free*: the tree alone, no limit on width, cooling. *Squeeze*: the target width is lowered step by step from the width
//! just reached to the limit, hot, sweeps of rotations alternating with slice moves. *Settle*: the limit fixed, cooling
//! down slowly, then made strict. Slices are kept colder than the tree, so that they follow it closely. The three phases
//! keep tree and slices fitted to each other; slicing a finished tree ends orders of magnitude worse. Dynamic slicing: Huang et al., arXiv:2005.06787;
//! annealing: Kalachev, Panteleev & Yung, arXiv:2108.05665.

use super::anneal::{Annealer, Temperature};
use super::network::Network;
use super::slicing::{drop_needless, slice_down_to, SliceTemperature, Slicer};
use super::tree::Tree;

/// Called before every sweep; the run ends once it returns true.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Schedule of a run: inverse temperatures of the rotations, and the parameters of slice moves.
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

/// An annealing run of a tree.
pub struct Anneal<'a> {
    /// The network.
    pub network: &'a Network,
    /// The tree.
    pub tree: &'a mut Tree,
    /// The annealer, with its random numbers.
    pub annealer: &'a mut Annealer,
    /// Temperatures and slice moves.
    pub schedule: Schedule,
    /// log2 of the most elements of an intermediate.
    pub width: f32,
    /// Sweeps of the whole run.
    pub sweeps: usize,
    /// Ends it early.
    pub stop: Stop<'a>,
}

impl Anneal<'_> {
    /// Runs the three phases; only the first, to the end, if the tree then is within the width. False if it cannot be
    /// sliced to the width.
    pub fn run(&mut self) -> bool {
        let sweeps = self.sweeps;
        let share = |part: f32| (sweeps as f32 * part) as usize;
        let Schedule {
            free, settle, shares, ..
        } = self.schedule;
        self.free(free, share(shares.0));
        if self.tree.width() <= self.width {
            self.free(settle, share(1.0 - shares.0));
            if self.tree.width() <= self.width {
                return true;
            }
        }
        self.squeeze(share(shares.1));
        self.settle(share(1.0 - shares.0 - shares.1))
    }

    /// Cools the tree down from where it is, sliced only if it is too wide.
    pub fn cool(&mut self) {
        if self.tree.sliced.is_empty() && self.tree.width() <= self.width {
            self.free(self.schedule.settle, self.sweeps);
        }
        if !self.tree.sliced.is_empty() || self.tree.width() > self.width {
            self.settle(self.sweeps);
        }
    }

    /// Anneals the tree alone, cooling between two inverse temperatures.
    fn free(&mut self, betas: (f32, f32), sweeps: usize) {
        let proposals = self.tree.num_steps();
        for beta in cooling(betas, sweeps) {
            if (self.stop)() {
                return;
            }
            let temperature = Temperature::free(beta);
            self.annealer.sweep(self.network, self.tree, temperature, proposals);
        }
    }

    /// Lowers the target width from that of the tree to the limit.
    fn squeeze(&mut self, sweeps: usize) {
        let mut slicer = Slicer::default();
        let start = self.tree.width().max(self.width);
        for sweep in 0..sweeps {
            if (self.stop)() {
                return;
            }
            let target = start + (self.width - start) * ((sweep + 1) as f32 / sweeps as f32);
            self.sweep_with_slices(&mut slicer, self.schedule.squeeze, target);
        }
    }

    /// Cools tree and slices down at the limit, then makes it strict; false if it cannot be sliced to the width.
    fn settle(&mut self, sweeps: usize) -> bool {
        let mut slicer = Slicer::default();
        for beta in cooling(self.schedule.settle, sweeps) {
            if (self.stop)() {
                break;
            }
            self.sweep_with_slices(&mut slicer, beta, self.width);
        }
        self.make_strict()
    }

    /// Slices the tree to the width with as few slices as possible; false if it cannot be sliced to the width.
    pub(super) fn make_strict(&mut self) -> bool {
        self.tree.refresh(self.network);
        let strict = slice_down_to(self.network, self.tree, self.width);
        drop_needless(self.network, self.tree, self.width);
        strict
    }

    /// One sweep of rotations, and the slice moves that go with it.
    pub(super) fn sweep_with_slices(&mut self, slicer: &mut Slicer, beta: f32, width: f32) {
        let proposals = self.tree.num_steps();
        let schedule = &self.schedule;
        let temperature = Temperature {
            beta,
            width,
            penalty: schedule.penalty,
        };
        self.annealer.sweep(self.network, self.tree, temperature, proposals);
        let temperature = SliceTemperature {
            beta: beta * schedule.slice_beta,
            width,
        };
        // The fraction of a move is made with that probability.
        let floor = schedule.slice_moves.floor();
        let moves = floor as usize + usize::from(self.annealer.rng().unit() < schedule.slice_moves - floor);
        for _ in 0..moves {
            slicer.step(self.network, self.tree, self.annealer.rng(), temperature);
        }
    }
}

/// Inverse temperatures of `sweeps` sweeps, a geometric sequence from `start` to nearly `end`.
pub(super) fn cooling((start, end): (f32, f32), sweeps: usize) -> impl Iterator<Item = f32> {
    (0..sweeps).map(move |sweep| start * (end / start).powf(sweep as f32 / sweeps as f32))
}
