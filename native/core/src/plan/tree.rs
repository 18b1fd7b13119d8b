//! A contraction tree that can be changed, with the set, size and cost of every node kept up to date under slicing.
//!
//! Nodes 0..n are the tensors, n..2n-1 the steps; a step's set is the index set of what it makes. Sets are those of the
//! whole network; sliced indices are left out when sizes and work are counted.

use super::network::Network;

/// No node.
pub const NONE: u32 = u32::MAX;

/// How the cost of a step is counted: its multiply-adds, or an estimate of its time in units of a multiply-add.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostModel {
    /// log2 of the multiply-adds that take as long as moving one element; negative infinity counts multiply-adds alone.
    pub log2_per_element: f32,
}

impl CostModel {
    /// Multiply-adds alone.
    pub const MULTIPLY_ADDS: CostModel = CostModel {
        log2_per_element: f32::NEG_INFINITY,
    };

    /// Whether moving elements is charged.
    pub fn moves(self) -> bool {
        self.log2_per_element > f32::NEG_INFINITY
    }

    /// log2 of the charge for a step with this log2 work between tensors of these log2 sizes.
    #[inline(always)]
    pub fn of(self, work: f32, left: f32, right: f32, out: f32) -> f32 {
        if self.moves() {
            add_log2(work, self.log2_per_element + add_log2(add_log2(left, right), out))
        } else {
            work
        }
    }
}

const STEPS_PER_UNIT: f32 = 16.0;
const TABLE: usize = 512;

/// log2(1 + 2^-d) at d = k / 16, from ln(1 + x) = 2 artanh(x / (2 + x)).
static LOG2_ONE_PLUS: [f32; TABLE] = {
    let mut table = [0.0; TABLE];
    let mut power = 1.0f64;
    let mut k = 0;
    while k + 1 < TABLE {
        let ratio = power / (2.0 + power);
        let (mut sum, mut term, mut odd) = (0.0, ratio, 1.0);
        while odd < 40.0 {
            sum += term / odd;
            term *= ratio * ratio;
            odd += 2.0;
        }
        table[k] = (2.0 * sum * std::f64::consts::LOG2_E) as f32;
        // 2^(-1/16)
        power *= 0.957_603_280_698_573_6;
        k += 1;
    }
    table
};

/// log2(2^a + 2^b), to within 1/60.
#[inline(always)]
pub fn add_log2(a: f32, b: f32) -> f32 {
    // Beside 2^23 a float has no room for fractions: its low bits are the nearest whole number.
    let place = ((a - b).abs() * STEPS_PER_UNIT).min((TABLE - 1) as f32) + 8_388_608.0;
    a.max(b) + LOG2_ONE_PLUS[(place.to_bits() & 511) as usize]
}

/// A tree under change.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Number of tensors.
    pub num_tensors: usize,
    /// Words of a set.
    pub words: usize,
    /// The two operands of each step, at `step - num_tensors`.
    pub children: Vec<[u32; 2]>,
    /// The step that uses each node; `NONE` at the root.
    pub parent: Vec<u32>,
    /// Index set of each node.
    pub bits: Vec<u64>,
    /// log2 size of each node, sliced indices left out.
    pub size: Vec<f32>,
    /// log2 work of each step, sliced indices left out; at `step - num_tensors`.
    pub work: Vec<f32>,
    /// log2 charge of each step; at `step - num_tensors`.
    pub cost: Vec<f32>,
    /// Bits that are not sliced.
    pub mask: Vec<u64>,
    /// Sliced bits, in no particular order.
    pub sliced: Vec<u32>,
    /// How steps are charged.
    pub cost_model: CostModel,
    stamp: Vec<u32>,
    now: u32,
    touched: Vec<u32>,
}

impl Tree {
    /// The tree of an ssa path over at least two tensors, nothing sliced.
    pub fn new(network: &Network, path: &[[u32; 2]], cost_model: CostModel) -> Self {
        let (n, words) = (network.num_tensors, network.words);
        let mut tree = Tree {
            num_tensors: n,
            words,
            children: path.to_vec(),
            parent: vec![NONE; 2 * n - 1],
            bits: vec![0; (2 * n - 1) * words],
            size: vec![0.0; 2 * n - 1],
            work: vec![0.0; n - 1],
            cost: vec![0.0; n - 1],
            mask: vec![!0; words],
            sliced: Vec::new(),
            cost_model,
            stamp: vec![0; 2 * n - 1],
            now: 0,
            touched: Vec::new(),
        };
        tree.bits[..n * words].copy_from_slice(&network.leaf_bits);
        for (step, pair) in path.iter().enumerate() {
            pair.iter()
                .for_each(|&child| tree.parent[child as usize] = (n + step) as u32);
        }
        tree.find_sets(network);
        tree.refresh(network);
        tree
    }

    /// The root's number.
    pub fn root(&self) -> u32 {
        (2 * self.num_tensors - 2) as u32
    }

    /// Number of steps.
    pub fn num_steps(&self) -> usize {
        self.children.len()
    }

    /// Index set of a node.
    #[inline(always)]
    pub fn set(&self, node: u32) -> &[u64] {
        &self.bits[node as usize * self.words..][..self.words]
    }

    /// Whether a node has the index at a bit.
    #[inline(always)]
    pub fn has(&self, node: u32, bit: u32) -> bool {
        self.bits[node as usize * self.words + bit as usize / 64] >> (bit % 64) & 1 == 1
    }

    /// Whether the index at a bit is sliced.
    pub fn is_sliced(&self, bit: u32) -> bool {
        self.mask[bit as usize / 64] >> (bit % 64) & 1 == 0
    }

    /// Steps from the root down, each before its operands' own steps.
    pub fn top_down(&self) -> Vec<u32> {
        let mut order = vec![self.root()];
        let mut at = 0;
        while at < order.len() {
            let step = order[at] as usize - self.num_tensors;
            order.extend(
                self.children[step]
                    .iter()
                    .filter(|&&child| child as usize >= self.num_tensors),
            );
            at += 1;
        }
        order
    }

    /// Finds every step's set: what is below it and still needed above or beside it. One pass up, one down.
    fn find_sets(&mut self, network: &Network) {
        let (n, words) = (self.num_tensors, self.words);
        let order = self.top_down();
        // Up: all indices below a step.
        for &step in order.iter().rev() {
            let [l, r] = self.children[step as usize - n].map(|c| c as usize * words);
            for w in 0..words {
                self.bits[step as usize * words + w] = self.bits[l + w] | self.bits[r + w];
            }
        }
        let below = self.bits.clone();
        // Down: keep what the step above keeps, or the sibling has below it.
        let root = self.root() as usize * words;
        self.bits[root..root + words].copy_from_slice(&network.output_bits);
        for &step in &order {
            let [l, r] = self.children[step as usize - n];
            for (own, sibling) in [(l, r), (r, l)] {
                if own as usize >= n {
                    for w in 0..words {
                        let above = self.bits[step as usize * words + w];
                        self.bits[own as usize * words + w] =
                            below[own as usize * words + w] & (above | below[sibling as usize * words + w]);
                    }
                }
            }
        }
    }

    /// Recomputes all sizes, work and costs.
    pub fn refresh(&mut self, network: &Network) {
        for tensor in 0..self.num_tensors {
            self.size[tensor] = network.log2_leaf_size(tensor, &self.mask);
        }
        for node in self.num_tensors..self.size.len() {
            self.size[node] = network.log2_size(self.set(node as u32).iter().zip(&self.mask).map(|(s, m)| s & m));
        }
        for step in 0..self.num_steps() {
            let [l, r] = self.children[step];
            let touched = self
                .set(l)
                .iter()
                .zip(self.set(r))
                .zip(&self.mask)
                .map(|((a, b), m)| (a | b) & m);
            self.work[step] = network.log2_size(touched);
            self.recharge(step);
        }
    }

    #[inline(always)]
    fn recharge(&mut self, step: usize) {
        let [l, r] = self.children[step].map(|c| self.size[c as usize]);
        self.cost[step] = self
            .cost_model
            .of(self.work[step], l, r, self.size[step + self.num_tensors]);
    }

    /// Slices the index at a bit, no row index, or stops slicing it. Visits only the nodes that the index touches.
    pub fn toggle(&mut self, network: &Network, bit: u32) {
        let mut change = network.bit_log2(bit);
        match self.sliced.iter().position(|&b| b == bit) {
            Some(place) => {
                self.sliced.swap_remove(place);
            }
            None => {
                self.sliced.push(bit);
                change = -change;
            }
        }
        self.mask[bit as usize / 64] ^= 1 << (bit % 64);
        self.now = self.now.wrapping_add(1);
        let mut touched = std::mem::take(&mut self.touched);
        touched.clear();
        for &leaf in &network.holders[bit as usize] {
            self.size[leaf as usize] += change;
            let mut node = self.parent[leaf as usize];
            while node != NONE && self.stamp[node as usize] != self.now {
                self.stamp[node as usize] = self.now;
                touched.push(node);
                if !self.has(node, bit) {
                    break;
                }
                self.size[node as usize] += change;
                node = self.parent[node as usize];
            }
        }
        for &node in &touched {
            let step = node as usize - self.num_tensors;
            self.work[step] += change;
            if self.cost_model.moves() {
                self.recharge(step);
            } else {
                self.cost[step] = self.work[step];
            }
        }
        self.touched = touched;
    }

    /// log2 of the number of slices.
    pub fn log2_slices(&self, network: &Network) -> f32 {
        self.sliced.iter().map(|&bit| network.bit_log2(bit)).sum()
    }

    /// log2 of the charge of all steps in one slice.
    pub fn log2_cost(&self) -> f64 {
        let top = self.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        top as f64 + self.cost.iter().map(|&c| ((c - top) as f64).exp2()).sum::<f64>().log2()
    }

    /// log2 of the multiply-adds of all steps in one slice.
    pub fn log2_work(&self) -> f64 {
        let top = self.work.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        top as f64 + self.work.iter().map(|&c| ((c - top) as f64).exp2()).sum::<f64>().log2()
    }

    /// log2 of the elements of the largest intermediate in one slice.
    pub fn width(&self) -> f32 {
        self.size[self.num_tensors..].iter().copied().fold(0.0, f32::max)
    }

    /// The ssa path of the tree: operands first, in the order of depth.
    pub fn ssa_path(&self) -> Vec<[u32; 2]> {
        let mut order = self.top_down();
        order.reverse();
        self.path_in_order(&order)
    }

    /// The ssa path that takes the steps in a given order.
    pub fn path_in_order(&self, order: &[u32]) -> Vec<[u32; 2]> {
        let mut number: Vec<u32> = (0..self.size.len() as u32).collect();
        let mut path = Vec::with_capacity(order.len());
        for (place, &step) in order.iter().enumerate() {
            path.push(self.children[step as usize - self.num_tensors].map(|c| number[c as usize]));
            number[step as usize] = (self.num_tensors + place) as u32;
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::super::network::{Network, NetworkShape};
    use super::*;

    fn square() -> (Network, Tree) {
        let shape = NetworkShape {
            inputs: vec![vec![0, 1, 4], vec![1, 2, 4], vec![2, 3], vec![3, 0, 5]],
            output: vec![4],
            sizes: vec![2, 4, 2, 8, 2, 3],
            ..NetworkShape::default()
        };
        let network = Network::new(&shape);
        let tree = Tree::new(&network, &[[0, 1], [2, 3], [4, 5]], CostModel::MULTIPLY_ADDS);
        (network, tree)
    }

    #[test]
    fn work_and_sizes_are_products_of_sizes() {
        let (_, tree) = square();
        let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
        assert!(near(tree.work[0], 32f32.log2())); // indices 0 1 2 4
        assert!(near(tree.work[1], (2f32 * 8.0 * 2.0 * 3.0).log2()));
        assert!(near(tree.size[4], 8f32.log2())); // 0 2 4
        assert!(near(tree.size[5], 4f32.log2())); // 2 0; index 5 ends at once
        assert!(near(tree.size[6], 1.0));
    }

    #[test]
    fn toggling_agrees_with_recomputing() {
        let (network, mut tree) = square();
        for bit in network.used_bits().collect::<Vec<_>>() {
            tree.toggle(&network, bit);
            let mut fresh = tree.clone();
            fresh.refresh(&network);
            for (a, b) in tree
                .work
                .iter()
                .chain(&tree.size)
                .zip(fresh.work.iter().chain(&fresh.size))
            {
                assert!((a - b).abs() < 1e-4);
            }
        }
        let before = tree.clone();
        tree.toggle(&network, 0);
        tree.toggle(&network, 0);
        assert_eq!(before.mask, tree.mask);
    }

    #[test]
    fn adding_logarithms() {
        assert!((add_log2(3.0, 3.0) - 4.0).abs() < 1e-6);
        assert!((add_log2(10.0, 0.0) - 10.0014).abs() < 0.02);
    }
}
