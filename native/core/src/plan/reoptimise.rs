//! Exact re-optimisation of small subtrees by dynamic programming over subsets of their leaves.
//!
//! A step is taken as the root of a subtree; its costliest operands are opened again and again until it has the required
//! number of leaves. Of all trees over these leaves the cheapest is found: 3^k splits for k leaves. Trees in which an intermediate
//! exceeds the width are left out, unless the subtree has one already. Subtree reconfiguration: Huang et al.,
//! arXiv:2005.06787; the dynamic programming is that of Pfeifer, Haegeman & Verstraete, arXiv:1304.6112.

use super::network::Network;
use super::squeeze::Stop;
use super::tree::{Tree, NONE};

/// Most leaves of a subtree: 3^12 splits are some milliseconds.
pub const MAX_LEAVES: usize = 12;

/// Buffers, used for one subtree after another.
#[derive(Clone, Debug, Default)]
pub struct Reoptimiser {
    leaves: Vec<u32>,
    inner: Vec<u32>,
    below: Vec<u64>,
    set: Vec<u64>,
    size: Vec<f32>,
    best: Vec<f32>,
    split: Vec<u16>,
}

impl Reoptimiser {
    /// Goes once through all steps from the costliest down to `window` bits below it; returns how many subtrees improved.
    pub fn pass(
        &mut self,
        network: &Network,
        tree: &mut Tree,
        leaves: usize,
        window: f32,
        width: f32,
        stop: Stop<'_>,
    ) -> usize {
        let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut steps: Vec<u32> = (0..tree.num_steps() as u32)
            .filter(|&step| tree.cost[step as usize] >= top - window)
            .collect();
        steps.sort_by(|&a, &b| tree.cost[b as usize].total_cmp(&tree.cost[a as usize]).then(a.cmp(&b)));
        let n = tree.num_tensors as u32;
        steps
            .into_iter()
            .filter(|&step| !stop() && self.subtree(network, tree, step + n, leaves, width))
            .count()
    }

    /// Re-optimises the subtree below a step; true if that made it cheaper.
    pub fn subtree(&mut self, network: &Network, tree: &mut Tree, root: u32, leaves: usize, width: f32) -> bool {
        self.open(tree, root, leaves.min(MAX_LEAVES));
        let k = self.leaves.len();
        if k < 3 {
            return false;
        }
        self.find_sets(network, tree, root);
        let n = tree.num_tensors;
        let before = self
            .inner
            .iter()
            .map(|&step| f64::from(tree.cost[step as usize - n]).exp2())
            .sum::<f64>();
        let widest = self
            .inner
            .iter()
            .map(|&step| tree.size[step as usize])
            .fold(width, f32::max);
        self.solve(network, tree, widest + 1e-3);
        let full = (1usize << k) - 1;
        if f64::from(self.best[full]).exp2() >= before * (1.0 - 1e-5) {
            return false;
        }
        self.rebuild(network, tree, root, full);
        true
    }

    /// Opens the costliest operands until there are `num_leaves` leaves, or only tensors.
    fn open(&mut self, tree: &Tree, root: u32, num_leaves: usize) {
        let n = tree.num_tensors;
        self.leaves.clear();
        self.inner.clear();
        self.leaves.push(root);
        while self.leaves.len() < num_leaves {
            let steps = self.leaves.iter().enumerate().filter(|(_, &node)| node as usize >= n);
            let costliest = steps.max_by(|(_, &a), (_, &b)| {
                tree.cost[a as usize - n]
                    .total_cmp(&tree.cost[b as usize - n])
                    .then(b.cmp(&a))
            });
            let Some((place, &step)) = costliest else { break };
            self.inner.push(step);
            let [l, r] = tree.children[step as usize - n];
            self.leaves[place] = l;
            self.leaves.push(r);
        }
    }

    /// For every subset of leaves the set of what contracting it makes, and its size.
    fn find_sets(&mut self, network: &Network, tree: &Tree, root: u32) {
        let (k, words) = (self.leaves.len(), tree.words);
        let full = (1usize << k) - 1;
        self.below.clear();
        self.below.resize((full + 1) * words, 0);
        self.set.clear();
        self.set.resize((full + 1) * words, 0);
        self.size.clear();
        self.size.resize(full + 1, 0.0);
        for subset in 1..=full {
            let low = subset.trailing_zeros() as usize;
            let rest = subset & (subset - 1);
            for w in 0..words {
                self.below[subset * words + w] = self.below[rest * words + w] | tree.set(self.leaves[low])[w];
            }
        }
        for subset in 1..=full {
            for w in 0..words {
                let above = tree.set(root)[w] | self.below[(full ^ subset) * words + w];
                self.set[subset * words + w] = self.below[subset * words + w] & above & tree.mask[w];
            }
            self.size[subset] = network.log2_size(self.set[subset * words..][..words].iter().copied());
        }
        for (place, &leaf) in self.leaves.iter().enumerate() {
            for w in 0..words {
                self.set[(1 << place) * words + w] = tree.set(leaf)[w] & tree.mask[w];
            }
            self.size[1 << place] = tree.size[leaf as usize];
        }
    }

    /// The cheapest tree over every subset, as its first split.
    fn solve(&mut self, network: &Network, tree: &Tree, width: f32) {
        let (k, words) = (self.leaves.len(), tree.words);
        let full = (1usize << k) - 1;
        self.best.clear();
        self.best.resize(full + 1, f32::INFINITY);
        self.split.clear();
        self.split.resize(full + 1, 0);
        for place in 0..k {
            self.best[1 << place] = f32::NEG_INFINITY;
        }
        for subset in 1..=full {
            if subset & (subset - 1) == 0 || (self.size[subset] > width && subset != full) {
                continue;
            }
            let high = 1usize << subset.ilog2();
            let rest = subset ^ high;
            let mut least = f32::INFINITY;
            // One part always has the highest leaf, so that every split is seen once.
            let mut part = rest;
            while part != 0 {
                let complement = subset ^ part;
                let parts = self.best[part].max(self.best[complement]);
                if parts < least {
                    let (a, b) = (
                        &self.set[part * words..][..words],
                        &self.set[complement * words..][..words],
                    );
                    let work = network.log2_size(a.iter().zip(b).map(|(a, b)| a | b));
                    let charge = tree
                        .cost_model
                        .of(work, self.size[part], self.size[complement], self.size[subset]);
                    let total = sum_log2(charge, self.best[part], self.best[complement]);
                    if total < least {
                        least = total;
                        self.split[subset] = part as u16;
                    }
                }
                part = (part - 1) & rest;
            }
            self.best[subset] = least;
        }
    }

    /// Puts the cheapest tree in place of the old steps; the root keeps its number.
    fn rebuild(&mut self, network: &Network, tree: &mut Tree, root: u32, full: usize) {
        let (n, words) = (tree.num_tensors, tree.words);
        let root_set: Vec<u64> = tree.set(root).to_vec();
        let mut free: Vec<u32> = self.inner.iter().copied().filter(|&step| step != root).collect();
        let mut stack = vec![(root, full)];
        while let Some((step, subset)) = stack.pop() {
            let part = self.split[subset] as usize;
            let children = [part, subset ^ part].map(|half| {
                let node = if half & (half - 1) == 0 {
                    self.leaves[half.trailing_zeros() as usize]
                } else {
                    let node = free.pop().unwrap_or(NONE);
                    for (w, kept) in root_set.iter().enumerate() {
                        let above = kept | self.below[(full ^ half) * words + w];
                        tree.bits[node as usize * words + w] = self.below[half * words + w] & above;
                    }
                    tree.size[node as usize] = self.size[half];
                    stack.push((node, half));
                    node
                };
                tree.parent[node as usize] = step;
                node
            });
            let union = (0..words).map(|w| self.set[part * words + w] | self.set[(subset ^ part) * words + w]);
            let work = network.log2_size(union);
            let (left, right) = (self.size[part], self.size[subset ^ part]);
            tree.children[step as usize - n] = children;
            tree.work[step as usize - n] = work;
            tree.cost[step as usize - n] = tree.cost_model.of(work, left, right, tree.size[step as usize]);
        }
    }
}

/// log2(2^a + 2^b + 2^c).
fn sum_log2(a: f32, b: f32, c: f32) -> f32 {
    let top = a.max(b).max(c);
    top + ((a - top).exp2() + (b - top).exp2() + (c - top).exp2()).log2()
}

#[cfg(test)]
mod tests {
    use super::super::network::NetworkShape;
    use super::super::rng::Rng;
    use super::super::tree::CostModel;
    use super::*;

    fn random_tree(seed: u64) -> (Network, Tree) {
        let mut rng = Rng::new(seed, 0);
        let inputs = (0..9).map(|_| (0..3).map(|_| rng.below(14) as u32).collect()).collect();
        let sizes = (0..14).map(|_| 2 + rng.below(2) as u64).collect();
        let network = Network::new(
            &NetworkShape {
                inputs,
                output: vec![],
                sizes,
                ..NetworkShape::default()
            }
            .tidy(),
        );
        let path: Vec<[u32; 2]> = (0..8).map(|k| if k == 0 { [0, 1] } else { [8 + k, k + 1] }).collect();
        let tree = Tree::new(&network, &path, CostModel::MULTIPLY_ADDS);
        (network, tree)
    }

    #[test]
    fn the_whole_tree_becomes_as_cheap_as_can_be_and_stays_right() {
        for seed in 0..30 {
            let (network, mut tree) = random_tree(seed);
            let bits: Vec<u32> = network.used_bits().collect();
            tree.toggle(&network, bits[seed as usize % bits.len()]);
            let before = tree.log2_cost();
            let root = tree.root();
            let mut reoptimiser = Reoptimiser::default();
            let improved = reoptimiser.subtree(&network, &mut tree, root, 12, f32::INFINITY);
            assert!(tree.log2_cost() <= before + 1e-4);
            assert_eq!(improved, tree.log2_cost() < before - 1e-5);
            let mut fresh = Tree::new(&network, &tree.ssa_path(), CostModel::MULTIPLY_ADDS);
            tree.sliced.iter().for_each(|&bit| fresh.toggle(&network, bit));
            assert!((fresh.log2_cost() - tree.log2_cost()).abs() < 1e-3);
            assert!((fresh.width() - tree.width()).abs() < 1e-3);
            assert!(!reoptimiser.subtree(&network, &mut tree, root, 12, f32::INFINITY));
        }
    }
}
