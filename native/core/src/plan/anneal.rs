//! Annealing of contraction trees by rotations.
//!
//! ```text
//!        P                P
//!       / \              / \
//!      X   C    ──▶     X'  B        X' = (A ∪ C) ∩ (B ∪ P), letters standing for index sets
//!     / \              / \
//!    A   B            A   C
//! ```
//!
//! The rule for X' is right with any number of tensors on an index. The energy of a rotation is local: log2 of what its
//! two steps cost, new less old, plus a penalty for sizes beyond the target width. Most proposals are made among the
//! costly steps. Kalachev, Panteleev & Yung, arXiv:2108.05665; Morvan et al., arXiv:2304.11119.

use super::network::Network;
use super::rng::Rng;
use super::tree::{add_log2, Tree};
use crate::simd::instructions::WordKernel;
use crate::simd::level::dispatch_words;
use crate::simd::words::Words;

/// Parameters of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Temperature {
    /// Inverse temperature, against energies in bits.
    pub beta: f32,
    /// log2 size beyond which intermediates are penalised.
    pub width: f32,
    /// Penalty for each bit beyond `width`.
    pub penalty: f32,
}

impl Temperature {
    /// No limit on the width.
    pub fn free(beta: f32) -> Self {
        Temperature {
            beta,
            width: f32::INFINITY,
            penalty: 0.0,
        }
    }
}

/// How far below the costliest step the focus of a sweep reaches, in bits: between these.
const FOCUS: (f32, f32) = (10.0, 25.0);

/// Anneals trees; keeps its buffers and random numbers from sweep to sweep.
#[derive(Clone, Debug)]
pub struct Annealer {
    rng: Rng,
    costly: Vec<u32>,
}

impl Annealer {
    /// An annealer with its own stream of random numbers.
    pub fn new(rng: Rng) -> Self {
        Annealer {
            rng,
            costly: Vec::new(),
        }
    }

    /// The stream of random numbers.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Proposes `proposals` rotations; returns how many were accepted.
    pub fn sweep(&mut self, network: &Network, tree: &mut Tree, temperature: Temperature, proposals: usize) -> usize {
        if tree.num_steps() < 2 {
            return 0;
        }
        self.focus(tree);
        let sweep = Sweep {
            network,
            tree,
            costly: &self.costly,
            rng: &mut self.rng,
            temperature,
            proposals,
        };
        dispatch_words(network.level, sweep)
    }

    /// Lists the steps that are within reach of the costliest.
    fn focus(&mut self, tree: &Tree) {
        let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let floor = top - FOCUS.0 - (FOCUS.1 - FOCUS.0) * self.rng.unit();
        self.costly.clear();
        let steps = tree.cost.iter().enumerate().filter(|(_, &cost)| cost >= floor);
        self.costly.extend(steps.map(|(step, _)| step as u32));
    }
}

/// Kind of network in which all sizes are 2: a size is a count of bits.
const TWO: u8 = 0;
/// Kind of network with any sizes: words have weights.
const ANY: u8 = 1;
/// Kind of network with row indices, which are counted apart.
const ROWS: u8 = 2;

/// The arguments of one sweep.
struct Sweep<'a> {
    network: &'a Network,
    tree: &'a mut Tree,
    costly: &'a [u32],
    rng: &'a mut Rng,
    temperature: Temperature,
    proposals: usize,
}

impl WordKernel for Sweep<'_> {
    type Output = usize;

    /// Runs the sweep with the inner loop compiled for the number of words of this tree.
    #[inline(always)]
    fn run<S: Words>(self, sets: S) -> usize {
        let Sweep {
            network,
            tree,
            costly,
            rng,
            temperature,
            proposals,
        } = self;
        let kind = match (network.has_rows(), network.all_two) {
            (true, _) => ROWS,
            (false, true) => TWO,
            (false, false) => ANY,
        };
        macro_rules! sweep_with {
            ($words:literal, $kind:ident) => {
                sweep::<S, $words, $kind>(sets, network, tree, costly, rng, temperature, proposals)
            };
        }
        macro_rules! by_words {
            ($($words:literal)*) => {
                match (tree.words, kind) {
                    $(
                        ($words, TWO) => sweep_with!($words, TWO),
                        ($words, ROWS) => sweep_with!($words, ROWS),
                        ($words, _) => sweep_with!($words, ANY),
                    )*
                    (_, ROWS) => sweep_with!(0, ROWS),
                    (_, TWO) => sweep_with!(0, TWO),
                    (_, _) => sweep_with!(0, ANY),
                }
            };
        }
        by_words!(1 2 3 4 6 8 12 16 24)
    }
}

/// One sweep; `W` is the number of words, or 0 for any. Its references are parameters, not fields, since compilers know of
/// parameters that they do not alias.
#[inline(always)]
fn sweep<S: Words, const W: usize, const KIND: u8>(
    sets: S,
    network: &Network,
    tree: &mut Tree,
    costly: &[u32],
    rng: &mut Rng,
    temperature: Temperature,
    proposals: usize,
) -> usize {
    let words = if W == 0 { tree.words } else { W };
    let n = tree.num_tensors;
    let num_steps = tree.num_steps();
    let cost_model = tree.cost_model;
    let moves = cost_model.moves();
    let beta = temperature.beta * std::f32::consts::LOG2_E;
    let mut accepted = 0;
    for _ in 0..proposals {
        // Stage 1: draw a step p (mostly a costly one), its operand x that is a step too, and the operand b of x that
        // moves up to p.
        let random = rng.bits();
        let pick = (random >> 32) as usize;
        let step = if random & 7 != 0 {
            costly[(pick * costly.len()) >> 32] as usize
        } else {
            (pick * num_steps) >> 32
        };
        let p = step + n;
        let mut side = (random >> 3 & 1) as usize;
        if (tree.children[step][side] as usize) < n {
            side ^= 1;
            if (tree.children[step][side] as usize) < n {
                continue;
            }
        }
        let x = tree.children[step][side] as usize;
        let c = tree.children[step][side ^ 1] as usize;
        let inner = x - n;
        let which = (random >> 4 & 1) as usize;
        let a = tree.children[inner][which] as usize;
        let b = tree.children[inner][which ^ 1] as usize;

        // Stage 2: work, size and cost of both steps after the rotation, counted by the kind of network.
        let set = |node: usize| &tree.bits[node * words..node * words + words];
        let (sa, sb, sc, sp, mask) = (set(a), set(b), set(c), set(p), &tree.mask[..words]);
        let (mut inner_work, mut outer_work, mut size);
        if KIND == TWO {
            let counts = sets.count::<W>([sa, sb, sc, sp, mask]);
            (inner_work, size, outer_work) = (counts[0] as f32, counts[1] as f32, counts[2] as f32);
        } else if KIND == ROWS {
            let (mut plain, mut rows) = ([0.0f32; 3], [0.0f32; 3]);
            for w in 0..words {
                let (m, weight, row_bits) = (mask[w], network.word_log2[w], network.row_bits[w]);
                let ac = (sa[w] | sc[w]) & m;
                let result = ac & (sb[w] | sp[w]);
                for (k, set) in [ac, result, result | (sb[w] & m)].into_iter().enumerate() {
                    plain[k] += (set & !row_bits).count_ones() as f32 * weight;
                    rows[k] += (set & row_bits).count_ones() as f32 * weight;
                }
            }
            let count = |k: usize| plain[k] + rows[k].min(network.log2_rows);
            (inner_work, size, outer_work) = (count(0), count(1), count(2));
        } else {
            (inner_work, size, outer_work) = (0.0, 0.0, 0.0);
            for w in 0..words {
                let (m, weight) = (mask[w], network.word_log2[w]);
                let ac = (sa[w] | sc[w]) & m;
                let result = ac & (sb[w] | sp[w]);
                inner_work += ac.count_ones() as f32 * weight;
                size += result.count_ones() as f32 * weight;
                outer_work += (result | (sb[w] & m)).count_ones() as f32 * weight;
            }
        }
        let (mut inner_cost, mut outer_cost) = (inner_work, outer_work);
        if moves {
            inner_cost = cost_model.of(inner_work, tree.size[a], tree.size[c], size);
            outer_cost = cost_model.of(outer_work, size, tree.size[b], tree.size[p]);
        }
        // Stage 3: accept or reject by the Metropolis rule.
        let mut energy = add_log2(inner_cost, outer_cost) - add_log2(tree.cost[inner], tree.cost[step]);
        energy +=
            temperature.penalty * ((size - temperature.width).max(0.0) - (tree.size[x] - temperature.width).max(0.0));
        if energy > 0.0 && beta * energy >= surprise((random >> 8) as u32 & 0xFF_FFFF) {
            continue;
        }
        // Stage 4: rotate.
        accepted += 1;
        for w in 0..words {
            let ac = tree.bits[a * words + w] | tree.bits[c * words + w];
            tree.bits[x * words + w] = ac & (tree.bits[b * words + w] | tree.bits[p * words + w]);
        }
        tree.children[inner] = [a as u32, c as u32];
        tree.children[step] = [x as u32, b as u32];
        tree.parent[c] = x as u32;
        tree.parent[b] = p as u32;
        tree.size[x] = size;
        tree.work[inner] = inner_work;
        tree.work[step] = outer_work;
        tree.cost[inner] = inner_cost;
        tree.cost[step] = outer_cost;
    }
    accepted
}

/// -log2((u + 1) / 2^24), to within 0.09: good enough to accept by, and much faster (Schraudolph, Neural Computation 1999).
#[inline(always)]
fn surprise(u: u32) -> f32 {
    151.0 - ((u + 1) as i32 as f32).to_bits() as i32 as f32 * (1.0 / 8_388_608.0)
}

#[cfg(test)]
mod tests {
    use super::super::network::NetworkShape;
    use super::super::tree::CostModel;
    use super::*;
    use crate::simd::level::SimdLevel;

    /// A network with hyperindices, open indices, dangling ones and several sizes.
    fn random_network(seed: u64, two: bool) -> Network {
        let mut rng = Rng::new(seed, 0);
        let num_indices = 12 + rng.below(80);
        let inputs =
            (0..10 + rng.below(30)).map(|_| (0..1 + rng.below(5)).map(|_| rng.below(num_indices) as u32).collect());
        let mut shape = NetworkShape {
            inputs: inputs.collect(),
            output: vec![],
            sizes: (0..num_indices)
                .map(|_| if two { 2 } else { 1 + rng.below(5) as u64 })
                .collect(),
            ..NetworkShape::default()
        };
        shape.output = vec![shape.inputs[0][0], shape.inputs[3][0]];
        if seed % 4 >= 2 {
            shape.row_indices = shape.inputs.iter().take(6).map(|term| term[0]).collect();
            shape.output.extend(shape.row_indices.clone());
            shape.num_rows = 5;
        }
        Network::new(&shape.tidy())
    }

    /// One tensor after the other.
    fn line(network: &Network) -> Vec<[u32; 2]> {
        let n = network.num_tensors as u32;
        (0..n - 1)
            .map(|k| if k == 0 { [0, 1] } else { [n + k - 1, k + 1] })
            .collect()
    }

    #[test]
    fn rotations_keep_sets_and_costs_right() {
        for seed in 0..20 {
            let network = random_network(seed, seed % 2 == 0);
            let path = line(&network);
            let cost_model = if seed % 3 == 0 {
                CostModel { log2_per_element: 4.0 }
            } else {
                CostModel::MULTIPLY_ADDS
            };
            let mut tree = Tree::new(&network, &path, cost_model);
            let mut annealer = Annealer::new(Rng::new(seed, 1));
            let is_row = |bit: u32| network.row_bits[bit as usize / 64] >> (bit % 64) & 1 == 1;
            let bits: Vec<u32> = network.used_bits().filter(|&bit| !is_row(bit)).collect();
            for round in 0..40 {
                annealer.sweep(
                    &network,
                    &mut tree,
                    Temperature {
                        beta: 0.3,
                        width: 4.0,
                        penalty: 1.0,
                    },
                    50,
                );
                tree.toggle(&network, bits[round * 7 % bits.len()]);
            }
            let mut fresh = Tree::new(&network, &tree.ssa_path(), cost_model);
            tree.sliced.iter().for_each(|&bit| fresh.toggle(&network, bit));
            assert!((fresh.log2_cost() - tree.log2_cost()).abs() < 1e-2);
            assert!((fresh.log2_work() - tree.log2_work()).abs() < 1e-3);
            assert!((fresh.width() - tree.width()).abs() < 1e-3);
        }
    }

    #[test]
    fn the_same_rotations_are_accepted_at_every_level() {
        for seed in 0..8 {
            let anneal = |level| {
                let mut network = random_network(seed, seed % 2 == 0);
                network.level = level;
                let mut tree = Tree::new(&network, &line(&network), CostModel { log2_per_element: 4.0 });
                let mut annealer = Annealer::new(Rng::new(seed, 1));
                let temperature = Temperature {
                    beta: 0.7,
                    width: 4.0,
                    penalty: 1.0,
                };
                (0..20).for_each(|_| _ = annealer.sweep(&network, &mut tree, temperature, 50));
                (tree.ssa_path(), tree.log2_cost())
            };
            let portable = anneal(SimdLevel::Portable);
            for level in SimdLevel::available() {
                assert_eq!(anneal(level), portable, "{level:?}, seed {seed}");
            }
        }
    }

    #[test]
    fn annealing_lowers_the_cost() {
        let network = random_network(5, true);
        let path = line(&network);
        let mut tree = Tree::new(&network, &path, CostModel::MULTIPLY_ADDS);
        let before = tree.log2_cost();
        let mut annealer = Annealer::new(Rng::new(1, 1));
        for round in 0..200 {
            annealer.sweep(&network, &mut tree, Temperature::free(0.5 + round as f32 * 0.05), 100);
        }
        assert!(tree.log2_cost() < before);
    }
}
