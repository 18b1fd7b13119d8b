//! Slice moves: add, drop and swap sliced indices by Metropolis.
//!
//! The energy is log2 of the work of all slices plus log2(1 + Σ 2^(size - width)) over the intermediates. Swaps are the
//! point: adding the index that costs least, again and again, ends with many more slices than are needed. A move visits the
//! nodes that its index touches and adds the steps up again, which is quick because no sets are looked at.

use super::network::Network;
use super::rng::Rng;
use super::tree::Tree;

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
    let whole = x.floor();
    let part = x - whole;
    // A cubic through 1 and 2 whose largest error is 1e-4.
    let mantissa = 1.0 + part * (0.695_976 + part * (0.224_94 + part * 0.079_084));
    f32::from_bits(((whole as i32 + 127) as u32) << 23) * mantissa
}

/// The energy that slice moves are judged by.
pub fn energy(network: &Network, tree: &Tree, width: f32, weight: f32) -> f32 {
    let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total = top + sum_of_powers(&tree.cost, top).log2() + tree.log2_slices(network);
    total + weight * (1.0 + sum_of_powers(&tree.size[tree.num_tensors..], width).min(1e30)).log2()
}

/// The conditions of slice moves.
#[derive(Clone, Copy, Debug)]
pub struct SliceHeat {
    /// Inverse temperature, against energies in bits.
    pub beta: f32,
    /// log2 size that intermediates should not exceed.
    pub width: f32,
    /// Weight of exceeding it.
    pub weight: f32,
}

/// Makes `moves` proposals; returns how many were accepted.
pub fn slice_moves(network: &Network, tree: &mut Tree, rng: &mut Rng, heat: SliceHeat, moves: usize) -> usize {
    let mut now = energy(network, tree, heat.width, heat.weight);
    let mut accepted = 0;
    for _ in 0..moves {
        let kind = rng.below(8);
        let drop = if kind >= 1 && !tree.sliced.is_empty() {
            Some(tree.sliced[rng.below(tree.sliced.len())])
        } else {
            None
        };
        if let Some(bit) = drop {
            tree.toggle(network, bit);
        }
        let add = if kind != 1 || drop.is_none() {
            index_to_add(tree, rng, heat.width)
        } else {
            None
        };
        if let Some(bit) = add {
            tree.toggle(network, bit);
        }
        if drop == add {
            continue;
        }
        let then = energy(network, tree, heat.width, heat.weight);
        let change = then - now;
        if change <= 0.0 || rng.unit() < (-heat.beta * std::f32::consts::LN_2 * change).exp() {
            now = then;
            accepted += 1;
        } else {
            add.into_iter().chain(drop).for_each(|bit| tree.toggle(network, bit));
        }
    }
    accepted
}

/// An index that is not sliced, of a step that is large or costly.
fn index_to_add(tree: &Tree, rng: &mut Rng, width: f32) -> Option<u32> {
    let largest = tree.width();
    let floor = if largest > width {
        width.max(largest - 3.0)
    } else {
        largest - 1.0
    };
    let sizes = &tree.size[tree.num_tensors..];
    let large = sizes.iter().filter(|&&size| size >= floor).count();
    let mut skip = rng.below(large.max(1));
    let step = sizes.iter().position(|&size| {
        let found = size >= floor && skip == 0;
        skip -= (size >= floor && skip > 0) as usize;
        found
    })?;
    random_bit(tree, (step + tree.num_tensors) as u32, rng)
}

/// A random index of a node, not sliced.
fn random_bit(tree: &Tree, node: u32, rng: &mut Rng) -> Option<u32> {
    let set = tree.set(node);
    let count: u32 = set.iter().zip(&tree.mask).map(|(s, m)| (s & m).count_ones()).sum();
    let mut skip = rng.below(count.max(1) as usize) as u32;
    for (w, (s, m)) in set.iter().zip(&tree.mask).enumerate() {
        let mut word = s & m;
        if skip >= word.count_ones() {
            skip -= word.count_ones();
            continue;
        }
        for _ in 0..skip {
            word &= word - 1;
        }
        return Some((w * 64) as u32 + word.trailing_zeros());
    }
    None
}

/// Slices until no intermediate is wider than `width`, always the index that adds least work; false if that cannot be done.
pub fn slice_down_to(network: &Network, tree: &mut Tree, width: f32) -> bool {
    while tree.width() > width + 1e-3 {
        let widest = (tree.num_tensors..tree.size.len()).max_by(|&a, &b| tree.size[a].total_cmp(&tree.size[b]));
        let Some(node) = widest else { return true };
        let mut best: Option<(f32, u32)> = None;
        for bit in network.used_bits() {
            if tree.has(node as u32, bit) && !tree.is_sliced(bit) {
                tree.toggle(network, bit);
                let energy = energy(network, tree, width, 1.0);
                tree.toggle(network, bit);
                if best.is_none_or(|(least, _)| energy < least) {
                    best = Some((energy, bit));
                }
            }
        }
        match best {
            Some((_, bit)) => tree.toggle(network, bit),
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
        let now = energy(network, tree, f32::INFINITY, 0.0);
        for bit in tree.sliced.clone() {
            tree.toggle(network, bit);
            let then = energy(network, tree, f32::INFINITY, 0.0);
            if tree.width() <= limit && then <= now + 1e-4 && best.is_none_or(|(least, _)| then < least) {
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
