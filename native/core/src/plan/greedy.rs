//! Greedy trees: contract again and again the pair whose result exceeds its operands least.
//!
//! The score of a pair is size(result) - α (size(a) + size(b)) on a logarithmic scale, blurred by a temperature so that
//! every seed gives another tree. Parts that share no index are joined at the end, the smallest first.
//! Gray & Kourtis, arXiv:2002.01935.

use super::network::{NetworkShape, RowLimit};
use super::rng::Rng;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Most partners tried for one index: hubs would make this quadratic.
const MAX_PARTNERS: usize = 16;

/// How a greedy tree is grown.
#[derive(Clone, Copy, Debug)]
pub struct GreedyOptions {
    /// Weight of the operands' sizes against that of the result.
    pub alpha: f32,
    /// Blur of the score, in bits.
    pub temperature: f32,
}

/// Grows a tree over tidied terms; returns its ssa path.
pub fn greedy(shape: &NetworkShape, options: GreedyOptions, rng: &mut Rng) -> Vec<[u32; 2]> {
    let mut grower = Grower::new(shape, options);
    for tensor in 0..shape.inputs.len() as u32 {
        grower.propose(tensor, rng, |other| other > tensor);
    }
    let num_steps = shape.inputs.len().saturating_sub(1);
    while grower.path.len() < num_steps {
        let Some(Reverse((_, a, b))) = grower.heap.pop() else {
            break;
        };
        if grower.alive[a as usize] && grower.alive[b as usize] {
            let result = grower.contract(a, b);
            grower.propose(result, rng, |_| true);
        }
    }
    grower.join_parts();
    grower.path
}

/// An f32 as an integer that sorts the same.
fn sort_key(value: f32) -> i32 {
    let bits = value.to_bits() as i32;
    bits ^ (((bits >> 31) as u32) >> 1) as i32
}

struct Grower {
    options: GreedyOptions,
    sets: Vec<Vec<u32>>,
    sizes: Vec<f32>,
    alive: Vec<bool>,
    holders: Vec<Vec<u32>>,
    in_output: Vec<bool>,
    limit: RowLimit,
    heap: BinaryHeap<Reverse<(i32, u32, u32)>>,
    path: Vec<[u32; 2]>,
}

impl Grower {
    fn new(shape: &NetworkShape, options: GreedyOptions) -> Self {
        let limit = shape.row_limit();
        let mut holders = vec![Vec::new(); shape.sizes.len()];
        for (tensor, term) in shape.inputs.iter().enumerate() {
            term.iter()
                .for_each(|&index| holders[index as usize].push(tensor as u32));
        }
        let mut in_output = vec![false; shape.sizes.len()];
        shape.output.iter().for_each(|&index| in_output[index as usize] = true);
        Grower {
            options,
            sizes: shape.inputs.iter().map(|term| limit.log2_size(term)).collect(),
            sets: shape.inputs.clone(),
            alive: vec![true; shape.inputs.len()],
            holders,
            in_output,
            limit,
            heap: BinaryHeap::new(),
            path: Vec::new(),
        }
    }

    /// Indices left of two sorted sets once they are contracted.
    fn result(&self, a: u32, b: u32) -> Vec<u32> {
        let (one, other) = (&self.sets[a as usize], &self.sets[b as usize]);
        let mut kept = Vec::with_capacity(one.len() + other.len());
        let (mut i, mut j) = (0, 0);
        while i < one.len() || j < other.len() {
            let in_one = j >= other.len() || (i < one.len() && one[i] <= other[j]);
            let in_other = i >= one.len() || (j < other.len() && other[j] <= one[i]);
            let index = if in_one { one[i] } else { other[j] };
            let num_held = in_one as usize + in_other as usize;
            i += in_one as usize;
            j += in_other as usize;
            if self.in_output[index as usize] || self.holders[index as usize].len() > num_held {
                kept.push(index);
            }
        }
        kept
    }

    fn propose(&mut self, tensor: u32, rng: &mut Rng, allowed: impl Fn(u32) -> bool) {
        let mut others: Vec<u32> = self.sets[tensor as usize]
            .iter()
            .flat_map(|&i| self.holders[i as usize].iter().rev().take(MAX_PARTNERS))
            .copied()
            .filter(|&other| other != tensor && allowed(other))
            .collect();
        others.sort_unstable();
        others.dedup();
        for other in others {
            let size = self.limit.log2_size(&self.result(tensor, other));
            let [a, b] = [self.sizes[tensor as usize], self.sizes[other as usize]].map(f32::exp2);
            let score = size.min(120.0).exp2() - self.options.alpha * (a + b);
            let mut score = (score.abs() + 1.0).log2().copysign(score);
            if self.options.temperature > 0.0 {
                score -= self.options.temperature * rng.gumbel();
            }
            self.heap
                .push(Reverse((sort_key(score), tensor.min(other), tensor.max(other))));
        }
    }

    fn contract(&mut self, a: u32, b: u32) -> u32 {
        let result = self.sets.len() as u32;
        let set = self.result(a, b);
        for tensor in [a, b] {
            for index in std::mem::take(&mut self.sets[tensor as usize]) {
                self.holders[index as usize].retain(|&t| t != tensor);
            }
            self.alive[tensor as usize] = false;
        }
        set.iter().for_each(|&index| self.holders[index as usize].push(result));
        self.sizes.push(self.limit.log2_size(&set));
        self.sets.push(set);
        self.alive.push(true);
        self.path.push([a, b]);
        result
    }

    fn join_parts(&mut self) {
        let parts = (0..self.alive.len() as u32).filter(|&t| self.alive[t as usize]);
        let mut heap: BinaryHeap<Reverse<(i32, u32)>> =
            parts.map(|t| Reverse((sort_key(self.sizes[t as usize]), t))).collect();
        while heap.len() > 1 {
            if let (Some(Reverse((_, a))), Some(Reverse((_, b)))) = (heap.pop(), heap.pop()) {
                let joined = self.contract(a, b);
                heap.push(Reverse((sort_key(self.sizes[joined as usize]), joined)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_their_floats() {
        let values = [-1e30f32, -2.5, -1.0, 0.0, 0.5, 3.0, 1e30];
        assert!(values.windows(2).all(|pair| sort_key(pair[0]) < sort_key(pair[1])));
    }

    #[test]
    fn every_tensor_is_contracted_once_even_without_shared_indices() {
        let inputs = vec![vec![0, 1], vec![1, 2], vec![], vec![3], vec![3, 4], vec![0]];
        let shape = NetworkShape {
            inputs,
            output: vec![4],
            sizes: vec![2; 5],
            ..NetworkShape::default()
        };
        let path = greedy(
            &shape,
            GreedyOptions {
                alpha: 1.0,
                temperature: 0.5,
            },
            &mut Rng::new(1, 1),
        );
        let mut used: Vec<u32> = path.iter().flatten().copied().collect();
        used.sort_unstable();
        assert_eq!(used, (0..10).collect::<Vec<_>>());
    }
}
