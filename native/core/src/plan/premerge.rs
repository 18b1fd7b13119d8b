//! Merging, before the search, of tensors that no plan would keep apart.
//!
//! Two tensors that share an index are merged when the result is no larger than the larger of them. Then all tensors of an
//! index are merged when what they make has no more than a few elements. A network of a circuit becomes several times
//! smaller by this: gates on one qubit, diagonal gates and projections vanish into their neighbours. Seen as a graph of
//! indices these are the reductions of vertices of degree one, two and three (Bodlaender & Koster, Information and
//! Computation 2006); the first two keep the treewidth, and so, mostly, does the third.

use super::network::{NetworkShape, RowLimit};
use std::collections::VecDeque;

/// Most partners tried for one index: hubs would make this quadratic.
const MAX_PARTNERS: usize = 24;

/// log2 of the elements up to which all tensors of an index are merged.
const SMALL: f32 = 3.0;

/// An index on more tensors than this is skipped.
const MAX_HOLDERS: usize = 12;

/// A smaller network and the steps that lead to it.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The smaller network.
    pub shape: NetworkShape,
    /// For each tensor of the smaller network its number among the original tensors and the results of `steps`.
    pub origin: Vec<u32>,
    /// Pairs contracted, in static-single-assignment form over the original tensors.
    pub steps: Vec<[u32; 2]>,
}

impl Merged {
    /// The tree that takes the tensors one after the other, in the order in which they were given. For a circuit's network
    /// that is the order of time, and the tree a state-vector simulation.
    pub fn sequential_path(&self, num_given: usize) -> Vec<[u32; 2]> {
        let mut first: Vec<u32> = (0..num_given as u32).collect();
        for &[a, b] in &self.steps {
            first.push(first[a as usize].min(first[b as usize]));
        }
        let mut order: Vec<u32> = (0..self.origin.len() as u32).collect();
        order.sort_by_key(|&tensor| first[self.origin[tensor as usize] as usize]);
        let result = self.origin.len() as u32;
        (1..order.len())
            .map(|k| [if k == 1 { order[0] } else { result + k as u32 - 2 }, order[k]])
            .collect()
    }
}

/// Merges until no pair is left that can be merged for nothing.
pub fn premerge(shape: &NetworkShape) -> Merged {
    let mut state = State::new(shape);
    state.merge_pairs((0..shape.inputs.len() as u32).collect());
    state.eliminate_indices();
    let origin: Vec<u32> = (0..state.alive.len() as u32)
        .filter(|&t| state.alive[t as usize])
        .collect();
    let inputs = origin
        .iter()
        .map(|&t| std::mem::take(&mut state.sets[t as usize]))
        .collect();
    Merged {
        shape: NetworkShape {
            inputs,
            output: shape.output.clone(),
            sizes: shape.sizes.clone(),
            row_indices: shape.row_indices.clone(),
            num_rows: shape.num_rows,
        },
        origin,
        steps: state.steps,
    }
}

struct State {
    sets: Vec<Vec<u32>>,
    alive: Vec<bool>,
    num_alive: usize,
    holders: Vec<Vec<u32>>,
    in_output: Vec<bool>,
    limit: RowLimit,
    steps: Vec<[u32; 2]>,
}

impl State {
    fn new(shape: &NetworkShape) -> Self {
        let mut holders = vec![Vec::new(); shape.sizes.len()];
        for (tensor, term) in shape.inputs.iter().enumerate() {
            for &index in term {
                holders[index as usize].push(tensor as u32);
            }
        }
        let mut in_output = vec![false; shape.sizes.len()];
        for &index in &shape.output {
            in_output[index as usize] = true;
        }
        State {
            sets: shape.inputs.clone(),
            alive: vec![true; shape.inputs.len()],
            num_alive: shape.inputs.len(),
            holders,
            in_output,
            limit: shape.row_limit(),
            steps: Vec::new(),
        }
    }

    /// Merges pairs that make nothing larger, beginning with the tensors in the queue.
    fn merge_pairs(&mut self, mut queue: VecDeque<u32>) {
        let mut waiting = vec![false; self.sets.len()];
        queue.iter().for_each(|&tensor| waiting[tensor as usize] = true);
        while let Some(tensor) = queue.pop_front() {
            waiting[tensor as usize] = false;
            if !self.alive[tensor as usize] || self.num_alive < 2 {
                continue;
            }
            if let Some(partner) = self.partner(tensor) {
                let merged = self.merge(tensor, partner);
                waiting.resize(self.sets.len(), false);
                for next in std::iter::once(merged).chain(self.neighbours(merged)) {
                    if !std::mem::replace(&mut waiting[next as usize], true) {
                        queue.push_back(next);
                    }
                }
            }
        }
    }

    /// Merges all tensors of an index where that makes a small one.
    fn eliminate_indices(&mut self) {
        let mut queue: VecDeque<u32> = (0..self.holders.len() as u32).collect();
        while let Some(index) = queue.pop_front() {
            if !self.can_eliminate(index as usize) {
                continue;
            }
            let mut merged = self.holders[index as usize][0];
            while let Some(&other) = self.holders[index as usize].iter().find(|&&t| t != merged) {
                merged = self.merge(merged, other);
            }
            while let Some(partner) = self.partner(merged) {
                merged = self.merge(merged, partner);
            }
            queue.extend(self.sets[merged as usize].iter().copied());
        }
    }

    fn can_eliminate(&self, index: usize) -> bool {
        let holders = &self.holders[index];
        if self.in_output[index] || !(2..=MAX_HOLDERS).contains(&holders.len()) {
            return false;
        }
        let mut union: Vec<u32> = holders
            .iter()
            .flat_map(|&t| self.sets[t as usize].iter().copied())
            .collect();
        union.sort_unstable();
        union.dedup();
        self.size(&union) - self.limit.of(index as u32) <= SMALL + 1e-4
    }

    fn size(&self, set: &[u32]) -> f32 {
        self.limit.log2_size(set)
    }

    /// Tensors that share an index with this one; of an index on very many, the first few.
    fn neighbours(&self, tensor: u32) -> Vec<u32> {
        let mut neighbours: Vec<u32> = self.sets[tensor as usize]
            .iter()
            .flat_map(|&i| self.holders[i as usize].iter().take(MAX_PARTNERS))
            .copied()
            .filter(|&other| other != tensor)
            .collect();
        neighbours.sort_unstable();
        neighbours.dedup();
        neighbours
    }

    /// The neighbour with which the result is smallest, if it is no larger than the larger of the two.
    fn partner(&self, tensor: u32) -> Option<u32> {
        let own_size = self.size(&self.sets[tensor as usize]);
        let mut best: Option<(f32, u32)> = None;
        for other in self.neighbours(tensor) {
            let limit = own_size.max(self.size(&self.sets[other as usize]));
            let result_size = self.size(&self.result(tensor, other));
            if result_size <= limit + 1e-4 && best.is_none_or(|(size, _)| result_size < size) {
                best = Some((result_size, other));
            }
        }
        best.map(|(_, other)| other)
    }

    /// What is left of two tensors' indices once they are contracted.
    fn result(&self, a: u32, b: u32) -> Vec<u32> {
        let mut union: Vec<u32> = self.sets[a as usize]
            .iter()
            .chain(&self.sets[b as usize])
            .copied()
            .collect();
        union.sort_unstable();
        union.dedup();
        union.retain(|&i| self.in_output[i as usize] || self.holders[i as usize].iter().any(|&t| t != a && t != b));
        union
    }

    fn merge(&mut self, a: u32, b: u32) -> u32 {
        let merged = self.sets.len() as u32;
        let set = self.result(a, b);
        for tensor in [a, b] {
            for index in std::mem::take(&mut self.sets[tensor as usize]) {
                self.holders[index as usize].retain(|&t| t != tensor);
            }
            self.alive[tensor as usize] = false;
        }
        for &index in &set {
            self.holders[index as usize].push(merged);
        }
        self.sets.push(set);
        self.alive.push(true);
        self.num_alive -= 1;
        self.steps.push([a, b]);
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_vanishes_into_one_tensor() {
        let inputs = (0..9).map(|k| vec![k, k + 1]).collect();
        let merged = premerge(&NetworkShape {
            inputs,
            output: vec![0, 9],
            sizes: vec![2; 10],
            ..NetworkShape::default()
        });
        assert_eq!(merged.shape.inputs, vec![vec![0, 9]]);
        assert_eq!(merged.steps.len(), 8);
    }

    #[test]
    fn an_index_with_three_neighbours_is_summed_at_once() {
        // Index 0 shares tensors with indices 1, 2 and 3 alone; each of these shares tensors with the open indices 4 to 9,
        // too many to be summed.
        let mut inputs = vec![vec![0, 1], vec![0, 2], vec![0, 3]];
        inputs.extend((1..4).flat_map(|k| (4..10).map(move |j| vec![k, j])));
        let merged = premerge(&NetworkShape {
            inputs,
            output: (4..10).collect(),
            sizes: vec![2; 10],
            ..NetworkShape::default()
        });
        assert!(merged.shape.inputs.contains(&vec![1, 2, 3]));
        assert_eq!(merged.steps.len(), 2);
    }

    #[test]
    fn tensors_on_the_same_hyperindices_become_one() {
        let inputs = vec![
            vec![0, 1],
            vec![0, 1],
            vec![0],
            vec![0, 2],
            vec![1, 2],
            vec![2, 3],
            vec![3, 0],
            vec![3, 1],
        ];
        let merged = premerge(&NetworkShape {
            inputs,
            output: vec![],
            sizes: vec![2; 4],
            ..NetworkShape::default()
        });
        assert!(merged.shape.inputs.len() <= 6);
        assert_eq!(merged.origin.len(), merged.shape.inputs.len());
    }
}
