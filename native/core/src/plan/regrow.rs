//! A tree is grown anew around some of the slices of a good plan.
//!
//! Where an annealing run can end is decided by its sliced indices: trees annealed from scratch around the slices of a good
//! plan mostly end as cheap as its own. But an index is hardly ever sliced instead of another once the tree has grown around
//! that one. So a part of the slices is given up and the tree is melted; while it cools down, the slices that were kept stay,
//! and the width is wider than wanted, so that others come back only where the new tree needs them. Once it begins to take
//! shape, all slices move freely and the width is narrowed. This is large neighbourhood search (Shaw, CP 1998) over slices.

use super::anneal::Annealer;
use super::network::Network;
use super::rng::Rng;
use super::slicing::Slicer;
use super::squeeze::{both, make_strict, Schedule, Stop};
use super::tree::Tree;

/// What is left of a plan, and how it is grown anew.
#[derive(Clone, Copy, Debug)]
pub struct Regrowth {
    /// The part of its slices that are kept.
    pub kept: f32,
    /// Inverse temperatures at the start, when slices are set free, when the width has been narrowed, and at the end.
    pub betas: [f32; 4],
    /// Bits by which the width is wider at first.
    pub slack: f32,
}

impl Regrowth {
    /// One of many ways, so that some of them suit the network.
    pub fn draw(rng: &mut Rng) -> Self {
        let mut between = |low: f32, high: f32| low + (high - low) * rng.unit();
        Regrowth {
            kept: between(0.2, 0.9),
            betas: [between(1.0, 1.3), between(2.0, 3.0), 4.0, 8.0],
            slack: between(0.0, 2.5),
        }
    }

    /// Bits by which the width is wider at an inverse temperature.
    fn slack_at(&self, beta: f32) -> f32 {
        let [_, free, narrow, _] = self.betas;
        self.slack * (1.0 - (beta / free).ln() / (narrow / free).ln()).clamp(0.0, 1.0)
    }
}

/// Grows a sliced tree anew; false if it cannot be sliced to the width.
pub fn regrow(
    network: &Network,
    tree: &mut Tree,
    annealer: &mut Annealer,
    regrowth: Regrowth,
    width: f32,
    sweeps: usize,
    stop: Stop<'_>,
) -> bool {
    let (kept, given_up): (Vec<u32>, Vec<u32>) =
        tree.sliced.iter().partition(|_| annealer.rng().unit() < regrowth.kept);
    given_up.into_iter().for_each(|bit| tree.toggle(network, bit));
    let mut slicer = Slicer::default();
    slicer.keep(kept);
    let schedule = Schedule::default();
    let [start, free, _, end] = regrowth.betas;
    for sweep in 0..sweeps {
        if stop() {
            break;
        }
        let beta = start * (end / start).powf(sweep as f32 / sweeps as f32);
        if beta > free {
            slicer.keep(Vec::new());
        }
        let wider = width + regrowth.slack_at(beta);
        both(network, tree, annealer, &mut slicer, &schedule, beta, wider);
    }
    make_strict(network, tree, width)
}

#[cfg(test)]
mod tests {
    use super::super::greedy::{greedy, Greed};
    use super::super::network::Terms;
    use super::super::slicing::slice_down_to;
    use super::super::tree::Charge;
    use super::*;

    /// A square lattice with open sides.
    fn lattice(side: u32) -> Terms {
        let across = |row: u32, column: u32| row * (side - 1) + column;
        let along = |row: u32, column: u32| side * (side - 1) + across(column, row);
        let inputs = (0..side * side).map(|place| {
            let (row, column) = (place / side, place % side);
            let mut term = Vec::new();
            if column > 0 {
                term.push(across(row, column - 1));
            }
            if column + 1 < side {
                term.push(across(row, column));
            }
            if row > 0 {
                term.push(along(row - 1, column));
            }
            if row + 1 < side {
                term.push(along(row, column));
            }
            term
        });
        Terms {
            inputs: inputs.collect(),
            sizes: vec![4; 2 * (side * (side - 1)) as usize],
            ..Terms::default()
        }
        .tidy()
    }

    /// A greedy tree of it, sliced down to ten bits.
    fn greedy_start(terms: &Terms, network: &Network, seed: u64) -> (Tree, Annealer) {
        let mut annealer = Annealer::new(Rng::new(seed, 0));
        let greed = Greed {
            alpha: 1.0,
            temperature: 0.5,
        };
        let path = greedy(terms, greed, annealer.rng());
        let mut tree = Tree::new(network, &path, Charge::MULTIPLY_ADDS);
        assert!(slice_down_to(network, &mut tree, 10.0));
        (tree, annealer)
    }

    #[test]
    fn keeps_to_the_width_and_to_what_it_was_given() {
        let terms = lattice(8);
        let network = Network::new(&terms);
        for seed in 0..4 {
            let (mut tree, mut annealer) = greedy_start(&terms, &network, seed);
            let before = tree.log2_cost() + f64::from(tree.log2_slices(&network));
            let regrowth = Regrowth::draw(annealer.rng());
            let narrow = regrow(&network, &mut tree, &mut annealer, regrowth, 10.0, 1000, &|| false);
            assert!(narrow && tree.width() <= 10.0 + 1e-3);
            assert!(tree.log2_cost() + f64::from(tree.log2_slices(&network)) < before);
            let mut fresh = Tree::new(&network, &tree.ssa_path(), Charge::MULTIPLY_ADDS);
            tree.sliced.iter().for_each(|&bit| fresh.toggle(&network, bit));
            assert!((fresh.log2_cost() - tree.log2_cost()).abs() < 1e-3);
        }
    }

    #[test]
    fn slices_that_are_kept_stay() {
        let terms = lattice(8);
        let network = Network::new(&terms);
        let (mut tree, mut annealer) = greedy_start(&terms, &network, 3);
        let kept = tree.sliced.clone();
        let mut slicer = Slicer::default();
        slicer.keep(kept.clone());
        for _ in 0..300 {
            both(
                &network,
                &mut tree,
                &mut annealer,
                &mut slicer,
                &Schedule::default(),
                0.5,
                12.0,
            );
        }
        assert!(kept.iter().all(|&bit| tree.is_sliced(bit)));
    }

    #[test]
    fn the_width_narrows_while_it_cools() {
        let regrowth = Regrowth {
            kept: 0.5,
            betas: [1.0, 2.0, 4.0, 8.0],
            slack: 2.0,
        };
        let slack = [1.0, 2.0, 3.0, 4.0, 8.0].map(|beta| regrowth.slack_at(beta));
        assert_eq!((slack[0], slack[1], slack[4]), (2.0, 2.0, 0.0));
        assert!(slack[2] < 2.0 && slack[2] > slack[3] && slack[3] < 1e-6);
    }
}
