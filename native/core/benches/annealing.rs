//! Rates of the search: rotations proposed and slice moves made per second, on a lattice cut out of a deep circuit's network.
//!
//! `cargo bench --bench annealing`. Expected on one core of a 2 GHz server with AVX-512: 10 million rotations a second and
//! 100 thousand slice moves a second at 12 words.

use std::time::Instant;
use taizhang_core::plan::anneal::{Annealer, Temperature};
use taizhang_core::plan::greedy::{greedy, GreedyOptions};
use taizhang_core::plan::network::{Network, NetworkShape};
use taizhang_core::plan::reoptimise::Reoptimiser;
use taizhang_core::plan::rng::Rng;
use taizhang_core::plan::slicing::{SliceTemperature, Slicer};
use taizhang_core::plan::tree::{CostModel, Tree};

/// A cube of tensors, each sharing an index with its six neighbours.
fn cube(side: u32) -> NetworkShape {
    let mut shape = NetworkShape::default();
    let at = |x: u32, y: u32, z: u32| ((x * side + y) * side + z) as usize;
    shape.inputs = vec![Vec::new(); side.pow(3) as usize];
    for (x, y, z) in (0..side.pow(3)).map(|k| (k / side / side, k / side % side, k % side)) {
        for (u, v, w) in [(x + 1, y, z), (x, y + 1, z), (x, y, z + 1)] {
            if u < side && v < side && w < side {
                let index = shape.sizes.len() as u32;
                shape.sizes.push(2);
                shape.inputs[at(x, y, z)].push(index);
                shape.inputs[at(u, v, w)].push(index);
            }
        }
    }
    shape.tidy()
}

fn main() {
    for side in [4, 6, 7] {
        // Stage 1: a greedy tree.
        let shape = cube(side);
        let network = Network::new(&shape);
        let mut annealer = Annealer::new(Rng::new(0, 0));
        let path = greedy(
            &shape,
            GreedyOptions {
                alpha: 1.0,
                temperature: 0.1,
            },
            annealer.rng(),
        );
        let mut tree = Tree::new(&network, &path, CostModel::MULTIPLY_ADDS);
        // Stage 2: rotations per second, cooling.
        let rounds = 4000;
        let started = Instant::now();
        for round in 0..rounds {
            let beta = 1.0 + 4.0 * round as f32 / rounds as f32;
            let proposals = tree.num_steps();
            annealer.sweep(&network, &mut tree, Temperature::free(beta), proposals);
        }
        let rotations = (rounds * tree.num_steps()) as f64 / started.elapsed().as_secs_f64();
        // Stage 3: slice moves per second.
        let width = tree.width() - 6.0;
        let mut slicer = Slicer::default();
        let started = Instant::now();
        for _ in 0..20_000 {
            slicer.step(
                &network,
                &mut tree,
                annealer.rng(),
                SliceTemperature { beta: 6.0, width },
            );
        }
        let slices = 20_000.0 / started.elapsed().as_secs_f64();
        // Stage 4: passes of exact re-optimisation per second.
        let started = Instant::now();
        let mut passes = 0;
        while started.elapsed().as_secs_f64() < 0.2 {
            Reoptimiser::default().pass(&network, &mut tree, 8, 8.0, width, &|| false);
            passes += 1;
        }
        println!(
            "{} tensors, {} words: {:.2} million rotations/s, {:.0} thousand slice moves/s, {:.1} reoptimising passes/s",
            network.num_tensors,
            network.words,
            rotations / 1e6,
            slices / 1e3,
            f64::from(passes) / started.elapsed().as_secs_f64()
        );
    }
}
