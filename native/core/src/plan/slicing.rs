//! Slice moves: sliced indices are added, dropped and swapped by heat bath.
//!
//! The energy is log2 of the work of all slices plus log2(1 + Σ (2^(size - width) - 1)) over the intermediates that are too
//! large. Swaps are essential: adding the index that costs least, again and again, ends with many more slices than are
//! needed. What slicing any one index would cost follows from two sums over the steps that have it, so one pass over the
//! costly steps weighs all indices at once, and a move can draw among all of them instead of proposing one that is mostly
//! rejected (Geman & Geman, IEEE PAMI 1984).

use super::network::Network;
use super::rng::Rng;
use super::tree::Tree;
use crate::simd::instructions::WordKernel;
use crate::simd::level::dispatch_words;
use crate::simd::words::{for_each_bit, Words};

/// Sum of 2^(x - offset).
///
/// Integers are exact, other numbers to within 1e-3; far too small ones count as nothing.
pub fn sum_of_powers(values: &[f32], offset: f32) -> f32 {
    values.iter().map(|&value| power_of_two(value - offset)).sum()
}

/// 2^x, to within 1e-3; 0 below 2^-126.
#[inline(always)]
fn power_of_two(x: f32) -> f32 {
    let x = x.clamp(-127.0, 127.0);
    let floor = x.floor();
    let part = x - floor;
    // A cubic through 1 and 2 whose largest error is 1e-4.
    let mantissa = 1.0 + part * (0.695_976 + part * (0.224_94 + part * 0.079_084));
    f32::from_bits(((floor as i32 + 127) as u32) << 23) * mantissa
}

/// The energy that slice moves are judged by.
pub fn energy(network: &Network, tree: &Tree, width: f32) -> f32 {
    let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total = top + sum_of_powers(&tree.cost, top).log2() + tree.log2_slices(network);
    let excess: f32 = tree.size[tree.num_tensors..]
        .iter()
        .map(|&size| beyond(size - width))
        .sum();
    total + (1.0 + excess.min(1e30)).log2()
}

/// The conditions of slice moves.
#[derive(Clone, Copy, Debug)]
pub struct SliceTemperature {
    /// Inverse temperature, against energies in bits.
    pub beta: f32,
    /// log2 size that intermediates should not exceed.
    pub width: f32,
}

/// Steps this many bits cheaper than the costliest are ignored.
const REACH: f32 = 9.0;

/// Makes slice moves; holds the space they need.
#[derive(Clone, Debug, Default)]
pub struct Slicer {
    /// For each bit the cost of the steps that touch it, and by how much slicing it would lower the excess.
    work: Vec<f32>,
    relief: Vec<f32>,
    seen: Vec<u64>,
    choices: Vec<(f32, u32)>,
    kept: Vec<u32>,
}

impl Slicer {
    /// From now on these sliced indices are not given up.
    pub fn keep(&mut self, bits: Vec<u32>) {
        self.kept = bits;
    }

    /// One heat-bath move: a sliced index, or none, is given up; then one of all indices, or none, is sliced, drawn with
    /// weight e^(-beta energy). Adding, dropping and swapping are all cases of this.
    pub fn step(&mut self, network: &Network, tree: &mut Tree, rng: &mut Rng, temperature: SliceTemperature) {
        let place = rng.below(tree.sliced.len() + 1);
        if let Some(&bit) = tree.sliced.get(place) {
            if self.kept.contains(&bit) {
                return;
            }
            tree.toggle(network, bit);
        }
        let without = self.list(network, tree, temperature.width);
        let least = self
            .choices
            .iter()
            .fold(without, |least, &(badness, _)| least.min(badness));
        // What is less likely than e^-20 beside the likeliest is not drawn.
        let most = least * (20.0 * std::f32::consts::LOG2_E / temperature.beta).min(100.0).exp2();
        self.choices.retain(|&(badness, _)| badness <= most);
        let power = -temperature.beta * std::f32::consts::LOG2_E;
        let likely = |badness: f32| {
            if badness > most {
                0.0
            } else {
                power_of_two(power * (badness / least).log2())
            }
        };
        self.choices.iter_mut().for_each(|choice| choice.0 = likely(choice.0));
        let without = likely(without);
        let sum: f32 = without + self.choices.iter().map(|&(likelihood, _)| likelihood).sum::<f32>();
        let mut draw = rng.unit() * sum - without;
        if draw < 0.0 {
            return;
        }
        for &(likelihood, bit) in &self.choices {
            draw -= likelihood;
            if draw < 0.0 {
                tree.toggle(network, bit);
                return;
            }
        }
    }

    /// Lists the indices that could be sliced, each with 2^energy of doing so; returns that of slicing none of them.
    fn list(&mut self, network: &Network, tree: &Tree, width: f32) -> f32 {
        let weighing = Weighing {
            slicer: self,
            network,
            tree,
            width,
        };
        let (total, excess) = dispatch_words(network.level, weighing);
        self.choices.clear();
        for (w, &word) in self.seen.iter().enumerate() {
            let values = network.word_log2[w].exp2();
            for_each_bit(word, |bit| {
                let bit = w * 64 + bit;
                let sliced_total = values * total - (values - 1.0) * self.work[bit];
                let sliced_excess = (excess - self.relief[bit]).max(0.0);
                self.choices.push((sliced_total * (1.0 + sliced_excess), bit as u32));
            });
        }
        total * (1.0 + excess)
    }

    /// Adds up, for every index, the work that touches it and the excess it is part of; returns both in total.
    #[inline(always)]
    fn weigh<W: Words>(&mut self, words: W, network: &Network, tree: &Tree, width: f32) -> (f32, f32) {
        self.work.clear();
        self.work.resize(tree.words * 64, 0.0);
        self.relief.clear();
        self.relief.resize(tree.words * 64, 0.0);
        self.seen.clear();
        self.seen.resize(tree.words, 0);
        let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (mut total, mut excess) = (0.0, 0.0);
        for (step, &cost) in tree.cost.iter().enumerate().filter(|(_, &cost)| cost > top - REACH) {
            let weight = power_of_two(cost - top);
            total += weight;
            let [l, r] = tree.children[step].map(|child| tree.set(child));
            for w in 0..tree.words {
                let word = (l[w] | r[w]) & tree.mask[w] & !network.row_bits[w];
                self.seen[w] |= word;
                words.add(word, weight, &mut self.work[w * 64..][..64]);
            }
        }
        let steps = tree.size[tree.num_tensors..].iter().enumerate();
        for (step, &size) in steps.filter(|(_, &size)| size > width + 1e-3) {
            let over = beyond(size - width);
            excess += over;
            let set = tree.set((step + tree.num_tensors) as u32);
            for (w, &own) in set.iter().enumerate() {
                let relief = over - beyond(size - width - network.word_log2[w]);
                let word = own & tree.mask[w] & !network.row_bits[w];
                self.seen[w] |= word;
                words.add(word, relief, &mut self.relief[w * 64..][..64]);
            }
        }
        (total, excess)
    }
}

/// [`Slicer::weigh`] as a kernel.
struct Weighing<'a> {
    slicer: &'a mut Slicer,
    network: &'a Network,
    tree: &'a Tree,
    width: f32,
}

impl WordKernel for Weighing<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<W: Words>(self, words: W) -> (f32, f32) {
        self.slicer.weigh(words, self.network, self.tree, self.width)
    }
}

/// How much an intermediate this many bits too large counts; nothing if it is not too large.
#[inline(always)]
fn beyond(bits: f32) -> f32 {
    if bits > 0.0 {
        power_of_two(bits.min(100.0)) - 1.0
    } else {
        0.0
    }
}

/// Slices until no intermediate is wider than `width`, always an index of the widest, the one that costs least; false if
/// that cannot be done.
pub fn slice_down_to(network: &Network, tree: &mut Tree, width: f32) -> bool {
    let mut slicer = Slicer::default();
    while tree.width() > width + 1e-3 {
        let widest = (tree.num_tensors..tree.size.len()).max_by(|&a, &b| tree.size[a].total_cmp(&tree.size[b]));
        let Some(node) = widest else { return true };
        slicer.list(network, tree, width);
        let inside = slicer.choices.iter().filter(|&&(_, bit)| tree.has(node as u32, bit));
        match inside.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some(&(_, bit)) => tree.toggle(network, bit),
            None => return false,
        }
    }
    true
}

/// Stops slicing indices that the width does not need, those that save most first.
pub fn drop_needless(network: &Network, tree: &mut Tree, width: f32) {
    let limit = width.max(tree.width()) + 1e-3;
    loop {
        let mut best: Option<(f32, u32)> = None;
        let now = energy(network, tree, f32::INFINITY);
        let mut candidates = list_needless(network, tree, limit);
        if candidates.len() > WEIGHED_ONE_BY_ONE {
            sort_by_saving(network, tree, &mut candidates);
            let likeliest = candidates[0];
            tree.toggle(network, likeliest);
            if energy(network, tree, f32::INFINITY) <= now + 1e-4 {
                continue;
            }
            tree.toggle(network, likeliest);
            candidates.truncate(WEIGHED_ONE_BY_ONE);
        }
        for bit in candidates {
            tree.toggle(network, bit);
            let then = energy(network, tree, f32::INFINITY);
            if then <= now + 1e-4 && best.is_none_or(|(least, _)| then < least) {
                best = Some((then, bit));
            }
            tree.toggle(network, bit);
        }
        match best {
            Some((_, bit)) => tree.toggle(network, bit),
            None => return,
        }
    }
}

/// Of more indices than this, the one that saves most is estimated from sums over the steps: trying each takes too long.
const WEIGHED_ONE_BY_ONE: usize = 24;

/// Sorts sliced indices by what work is left when they are no longer sliced, the least first.
fn sort_by_saving(network: &Network, tree: &Tree, bits: &mut [u32]) {
    let mut selected = vec![0u64; tree.words];
    bits.iter()
        .for_each(|&bit| selected[bit as usize / 64] |= 1 << (bit % 64));
    let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut touching = vec![0f32; tree.words * 64];
    let mut total = 0.0;
    for (step, &cost) in tree.cost.iter().enumerate().filter(|(_, &cost)| cost > top - REACH) {
        let weight = power_of_two(cost - top);
        total += weight;
        let [l, r] = tree.children[step].map(|child| tree.set(child));
        for w in 0..tree.words {
            for_each_bit((l[w] | r[w]) & selected[w], |bit| touching[w * 64 + bit] += weight);
        }
    }
    let left = |bit: u32| {
        let values = network.bit_log2(bit).exp2();
        touching[bit as usize] + (total - touching[bit as usize]) / values
    };
    bits.sort_by(|&a, &b| left(a).total_cmp(&left(b)).then(a.cmp(&b)));
}

/// Sliced indices any one of which could come back without making an intermediate larger than the limit.
fn list_needless(network: &Network, tree: &Tree, limit: f32) -> Vec<u32> {
    let mut needed = vec![0u64; tree.words];
    for node in tree.num_tensors..tree.size.len() {
        for (w, &word) in tree.set(node as u32).iter().enumerate() {
            if tree.size[node] + network.word_log2[w] > limit {
                needed[w] |= word;
            }
        }
    }
    let needs = |bit: u32| needed[bit as usize / 64] >> (bit % 64) & 1 == 1;
    tree.sliced.iter().copied().filter(|&bit| !needs(bit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two() {
        for x in [-20.0f32, -3.5, -0.25, 0.0, 1.0, 2.7, 10.0] {
            assert!((power_of_two(x) / x.exp2() - 1.0).abs() < 1e-3, "{x}");
        }
        assert_eq!(power_of_two(-4.0), 0.0625);
    }
}
