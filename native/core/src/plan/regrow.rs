//! Large-neighbourhood search over slices: a tree is regrown around some of the slices of a good plan.
//!
//! Where an annealing run can end is decided by its sliced indices: trees annealed from scratch around the slices of a good
//! plan mostly end as cheap as its own. But an index is rarely sliced instead of another once the tree has grown around
//! that one. So a part of the slices is given up and the tree is heated until it loses its shape; while it cools down, the
//! slices that were kept stay, and the width is wider than its limit, so that others come back only where the new tree needs
//! them. Once the tree begins to settle, all slices move freely and the width is narrowed. Large-neighbourhood search: Shaw,
//! CP 1998.

use super::rng::Rng;
use super::slicing::Slicer;
use super::squeeze::{cooling, Anneal};

/// What is kept of a plan, and how it is regrown.
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
    /// Random parameters: no single choice suits every network.
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

impl Anneal<'_> {
    /// Regrows a sliced tree; false if it cannot be sliced to the width.
    pub fn regrow(&mut self, regrowth: Regrowth) -> bool {
        let annealer = &mut self.annealer;
        let (kept, given_up): (Vec<u32>, Vec<u32>) =
            (self.tree.sliced.iter()).partition(|_| annealer.rng().unit() < regrowth.kept);
        given_up.into_iter().for_each(|bit| self.tree.toggle(self.network, bit));
        let mut slicer = Slicer::default();
        slicer.keep(kept);
        let [start, free, _, end] = regrowth.betas;
        for beta in cooling((start, end), self.sweeps) {
            if (self.stop)() {
                break;
            }
            if beta > free {
                slicer.keep(Vec::new());
            }
            self.sweep_with_slices(&mut slicer, beta, self.width + regrowth.slack_at(beta));
        }
        self.make_strict()
    }
}

#[cfg(test)]
mod tests {
    use super::super::anneal::Annealer;
    use super::super::greedy::{greedy, GreedyOptions};
    use super::super::network::{Network, NetworkShape};
    use super::super::slicing::slice_down_to;
    use super::super::squeeze::Schedule;
    use super::super::tree::{CostModel, Tree};
    use super::*;

    /// A square lattice with open sides.
    fn lattice(side: u32) -> NetworkShape {
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
        NetworkShape {
            inputs: inputs.collect(),
            sizes: vec![4; 2 * (side * (side - 1)) as usize],
            ..NetworkShape::default()
        }
        .tidy()
    }

    /// A greedy tree of it, sliced down to ten bits.
    fn greedy_start(shape: &NetworkShape, network: &Network, seed: u64) -> (Tree, Annealer) {
        let mut annealer = Annealer::new(Rng::new(seed, 0));
        let greed = GreedyOptions {
            alpha: 1.0,
            temperature: 0.5,
        };
        let path = greedy(shape, greed, annealer.rng());
        let mut tree = Tree::new(network, &path, CostModel::MULTIPLY_ADDS);
        assert!(slice_down_to(network, &mut tree, 10.0));
        (tree, annealer)
    }

    #[test]
    fn keeps_to_the_width_and_to_what_it_was_given() {
        let shape = lattice(8);
        let network = Network::new(&shape);
        for seed in 0..4 {
            let (mut tree, mut annealer) = greedy_start(&shape, &network, seed);
            let before = tree.log2_cost() + f64::from(tree.log2_slices(&network));
            let regrowth = Regrowth::draw(annealer.rng());
            let mut anneal = Anneal {
                network: &network,
                tree: &mut tree,
                annealer: &mut annealer,
                schedule: Schedule::default(),
                width: 10.0,
                sweeps: 1000,
                stop: &|| false,
            };
            let narrow = anneal.regrow(regrowth);
            assert!(narrow && tree.width() <= 10.0 + 1e-3);
            assert!(tree.log2_cost() + f64::from(tree.log2_slices(&network)) < before);
            let mut fresh = Tree::new(&network, &tree.ssa_path(), CostModel::MULTIPLY_ADDS);
            tree.sliced.iter().for_each(|&bit| fresh.toggle(&network, bit));
            assert!((fresh.log2_cost() - tree.log2_cost()).abs() < 1e-3);
        }
    }

    #[test]
    fn slices_that_are_kept_stay() {
        let shape = lattice(8);
        let network = Network::new(&shape);
        let (mut tree, mut annealer) = greedy_start(&shape, &network, 3);
        let kept = tree.sliced.clone();
        let mut slicer = Slicer::default();
        slicer.keep(kept.clone());
        let mut anneal = Anneal {
            network: &network,
            tree: &mut tree,
            annealer: &mut annealer,
            schedule: Schedule::default(),
            width: 12.0,
            sweeps: 300,
            stop: &|| false,
        };
        (0..300).for_each(|_| anneal.sweep_with_slices(&mut slicer, 0.5, 12.0));
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
