//! Numbering the nodes of a cone so that equal cones get equal numbers, whatever qubits they are on.
//!
//! Nodes are coloured by what they look like from ever farther away (Weisfeiler & Leman, 1968), then numbered outwards from
//! one that few others look like. The network written with these numbers is its code. Equal codes are equal networks, since
//! a code is a complete description. The reverse need not hold: where several nodes look alike and are not exchangeable,
//! equal networks may get different codes. A thorough numbering colours anew after every such choice; it fails for
//! highly symmetric networks only.

use super::network::{Cone, Side, Tensor, Variable};
use std::collections::VecDeque;

/// Nodes singled out by a thorough numbering, at most.
const MAX_SINGLED_OUT: usize = 256;

/// A network written with canonical numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// For each tensor its colour, the number of its axes and a word for each axis' variable.
    pub words: Vec<u64>,
}

/// A numbering of a cone.
#[derive(Clone, Debug)]
pub struct Labelling {
    /// The network in canonical numbers.
    pub code: Code,
    /// For each tensor of the code its number in the cone.
    pub order: Vec<u32>,
    /// The same for equal cones; different ones mostly differ in it.
    pub invariant: u64,
}

/// Numbers a cone, whose tensors look alike if `colour` gives the same number.
pub fn label(cone: &Cone, colour: &dyn Fn(&Tensor) -> u64, thorough: bool) -> Labelling {
    let mut colouring = Colouring::new(cone, colour);
    colouring.refine();
    let invariant = {
        let mut sorted = colouring.colours.clone();
        sorted.sort_unstable();
        sorted
            .iter()
            .fold(cone.tensors.len() as u64, |sum, &colour| mix(sum, colour))
    };
    let ranks = colouring.number(thorough);
    let (code, order) = write(cone, colour, &ranks);
    Labelling { code, order, invariant }
}

/// Mixes two words (the finaliser of Steele, Lea & Flood, OOPSLA 2014).
fn mix(a: u64, b: u64) -> u64 {
    let mut word = a.rotate_left(23) ^ b.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// An axis as it is from its tensor: what does not depend on the numbers of nodes.
fn fixed(variable: Variable, label: u32) -> u64 {
    let side = match variable.side {
        Side::Both => 0,
        Side::Ket => 1,
        Side::Bra => 2,
    };
    mix(
        (u64::from(label) << 34) | (u64::from(variable.turn) << 2) | side,
        0x5bd1_e995,
    )
}

struct Colouring {
    colours: Vec<u64>,
    /// For each tensor its colour and its axes: node, and what is fixed about the axis.
    tensors: Vec<(u64, Vec<(u32, u64)>)>,
    /// For each node its tensors.
    on: Vec<Vec<u32>>,
}

impl Colouring {
    fn new(cone: &Cone, colour: &dyn Fn(&Tensor) -> u64) -> Self {
        let mut on = vec![Vec::new(); cone.num_nodes as usize];
        let tensors: Vec<(u64, Vec<(u32, u64)>)> = cone
            .tensors
            .iter()
            .map(|tensor| {
                let axes = tensor
                    .axes
                    .iter()
                    .map(|&(variable, label)| (variable.node, fixed(variable, label)));
                (colour(tensor), axes.collect())
            })
            .collect();
        for (number, (_, axes)) in tensors.iter().enumerate() {
            for &(node, _) in axes {
                let tensors_on: &mut Vec<u32> = &mut on[node as usize];
                if tensors_on.last() != Some(&(number as u32)) {
                    tensors_on.push(number as u32);
                }
            }
        }
        Self {
            colours: vec![0; cone.num_nodes as usize],
            tensors,
            on,
        }
    }

    /// Refines the colours until no more nodes can be told apart.
    fn refine(&mut self) {
        let mut distinct = self.count();
        loop {
            self.refine_once();
            let now = self.count();
            if now <= distinct || now == self.colours.len() {
                // Once more, so that all colours depend on the whole of what was found.
                self.refine_once();
                return;
            }
            distinct = now;
        }
    }

    fn refine_once(&mut self) {
        let mut sums = vec![0_u64; self.colours.len()];
        for (colour, axes) in &self.tensors {
            let seen = axes.iter().fold(*colour, |sum, &(node, fixed)| {
                sum.wrapping_add(mix(fixed, self.colours[node as usize]))
            });
            for &(node, fixed) in axes {
                let sum = &mut sums[node as usize];
                *sum = sum.wrapping_add(mix(seen, fixed));
            }
        }
        for (colour, sum) in self.colours.iter_mut().zip(sums) {
            *colour = mix(*colour, sum);
        }
    }

    fn count(&self) -> usize {
        let mut sorted = self.colours.clone();
        sorted.sort_unstable();
        sorted.dedup();
        sorted.len()
    }

    /// Numbers the nodes; returns the number of each.
    fn number(&mut self, thorough: bool) -> Vec<u32> {
        const UNSEEN: u32 = u32::MAX;
        let mut ranks = vec![UNSEEN; self.colours.len()];
        let mut next = 0;
        let mut queue = VecDeque::new();
        let mut singled_out = 0;
        loop {
            let Some(node) = queue.pop_front() else {
                // Stage 1: a node to begin with, in each part that hangs together.
                let Some((first, alone)) = self.rarest(&ranks, UNSEEN) else {
                    return ranks;
                };
                if !alone {
                    self.single_out(first, &mut singled_out);
                }
                ranks[first as usize] = next;
                next += 1;
                queue.push_back(first);
                continue;
            };
            // Stage 2: its neighbours, by how they are connected and what they look like.
            loop {
                let mut unseen = self.neighbours(node);
                unseen.retain(|&(_, other)| ranks[other as usize] == UNSEEN);
                let key = |entry: &(u64, u32)| (entry.0, self.colours[entry.1 as usize]);
                unseen.sort_by_key(key);
                let tie = unseen.windows(2).position(|pair| key(&pair[0]) == key(&pair[1]));
                if let (Some(tie), true) = (tie, thorough && singled_out < MAX_SINGLED_OUT) {
                    let chosen = unseen[tie].1;
                    self.single_out(chosen, &mut singled_out);
                    continue;
                }
                for (_, other) in unseen {
                    ranks[other as usize] = next;
                    next += 1;
                    queue.push_back(other);
                }
                break;
            }
        }
    }

    /// Gives a node a colour of its own, and colours anew.
    fn single_out(&mut self, node: u32, singled_out: &mut usize) {
        *singled_out += 1;
        let colour = &mut self.colours[node as usize];
        *colour = mix(*colour, 0xd1b5_4a32 + *singled_out as u64);
        self.refine();
    }

    /// Of the nodes without a number one of the colour that fewest have, and whether it is the only one; `None` if all
    /// have numbers.
    fn rarest(&self, ranks: &[u32], unseen: u32) -> Option<(u32, bool)> {
        let mut nodes: Vec<(u64, u32)> = (0..ranks.len() as u32)
            .filter(|&node| ranks[node as usize] == unseen)
            .map(|node| (self.colours[node as usize], node))
            .collect();
        nodes.sort_unstable();
        let groups = nodes.chunk_by(|a, b| a.0 == b.0);
        let rarest = groups.min_by_key(|group| group.len());
        rarest.map(|group| (group[0].1, group.len() == 1))
    }

    /// The other nodes on the tensors of a node, each with how it is connected.
    fn neighbours(&self, node: u32) -> Vec<(u64, u32)> {
        let mut found: Vec<(u32, u64)> = Vec::new();
        for &tensor in &self.on[node as usize] {
            let (colour, axes) = &self.tensors[tensor as usize];
            let ours = axes.iter().filter(|axis| axis.0 == node);
            let ours = ours.fold(*colour, |sum, axis| sum.wrapping_add(mix(1, axis.1)));
            let others = axes.iter().filter(|axis| axis.0 != node);
            found.extend(others.map(|&(other, fixed)| (other, mix(ours, fixed))));
        }
        found.sort_unstable();
        found
            .chunk_by(|a, b| a.0 == b.0)
            .map(|group| {
                let how = group.iter().fold(0_u64, |sum, entry| sum.wrapping_add(mix(2, entry.1)));
                (how, group[0].0)
            })
            .collect()
    }
}

/// Writes a cone with the numbers of its nodes; returns the code and the tensors in its order.
fn write(cone: &Cone, colour: &dyn Fn(&Tensor) -> u64, ranks: &[u32]) -> (Code, Vec<u32>) {
    // Stage 1: each tensor as a stretch of words: its variables, numbered by node and then in order of time, its colour.
    // Axes that may be exchanged are in rising order.
    let mut words: Vec<u64> = Vec::with_capacity(4 * cone.tensors.len());
    let mut stretches = Vec::with_capacity(cone.tensors.len());
    for (number, tensor) in cone.tensors.iter().enumerate() {
        let start = words.len();
        words.extend(tensor.axes.iter().map(|axis| word_of(axis.0, ranks)));
        let axes = &mut words[start..];
        for last in 1..axes.len() {
            for at in 0..last {
                if tensor.axes[at].1 == tensor.axes[last].1 && axes[at] > axes[last] {
                    axes.swap(at, last);
                }
            }
        }
        words.push(colour(tensor));
        stretches.push((start, words.len(), number as u32));
    }
    // Stage 2: the tensors in the order of their words.
    stretches.sort_unstable_by(|a, b| words[a.0..a.1].cmp(&words[b.0..b.1]).then(a.2.cmp(&b.2)));
    let mut code = Vec::with_capacity(words.len() + stretches.len());
    for &(start, end, _) in &stretches {
        code.extend([words[end - 1], (end - start - 1) as u64]);
        code.extend_from_slice(&words[start..end - 1]);
    }
    let order = stretches.into_iter().map(|stretch| stretch.2).collect();
    (Code { words: code }, order)
}

/// A variable as one word, larger for later nodes and earlier times.
fn word_of(variable: Variable, ranks: &[u32]) -> u64 {
    let side = match variable.side {
        Side::Both => 0,
        Side::Ket => 1,
        Side::Bra => 2,
    };
    (u64::from(ranks[variable.node as usize]) << 32) | (u64::from(variable.turn) << 2) | side
}

#[cfg(test)]
mod tests {
    use super::super::network::Source;
    use super::*;

    fn on(nodes: &[u32], labels: &[u32], recipe: u32) -> Tensor {
        let variable = |node| Variable {
            node,
            turn: 0,
            side: Side::Both,
        };
        Tensor {
            source: Source {
                recipe,
                tensor: 0,
                side: Side::Both,
            },
            axes: nodes
                .iter()
                .zip(labels)
                .map(|(node, label)| (variable(*node), *label))
                .collect(),
        }
    }

    fn code(tensors: Vec<Tensor>, num_nodes: u32, thorough: bool) -> Code {
        let cone = Cone {
            tensors,
            num_nodes,
            ..Cone::default()
        };
        let labelling = label(&cone, &|tensor| u64::from(tensor.source.recipe), thorough);
        let mut order = labelling.order;
        order.sort_unstable();
        assert!(order.iter().copied().eq(0..cone.tensors.len() as u32));
        labelling.code
    }

    /// A tensor on each node, and one on each edge whose axes may be exchanged.
    fn graph(edges: &[(u32, u32)], renamed: &[u32], thorough: bool) -> Code {
        let at = |node: u32| renamed[node as usize];
        let ends = (0..renamed.len() as u32).map(|node| on(&[at(node)], &[0], 1));
        let pairs = edges.iter().map(|&(one, other)| on(&[at(one), at(other)], &[0, 0], 2));
        code(ends.chain(pairs).collect(), renamed.len() as u32, thorough)
    }

    fn all_orders(count: u32) -> Vec<Vec<u32>> {
        if count == 0 {
            return vec![vec![]];
        }
        let shorter = all_orders(count - 1);
        let insert = |order: &Vec<u32>, place: usize| {
            let mut longer = order.clone();
            longer.insert(place, count - 1);
            longer
        };
        shorter
            .iter()
            .flat_map(|order| (0..=order.len()).map(move |place| insert(order, place)))
            .collect()
    }

    #[test]
    fn numbers_of_nodes_do_not_matter() {
        let path = [(0, 1), (1, 2), (2, 3), (1, 3)];
        for order in all_orders(4) {
            assert_eq!(graph(&path, &order, false), graph(&path, &[0, 1, 2, 3], false));
        }
    }

    #[test]
    fn axes_of_one_label_may_be_exchanged_and_no_others() {
        let ends = || (0..4).map(|node| on(&[node], &[0], node)).collect::<Vec<Tensor>>();
        let with =
            |order: &[u32], labels: &[u32]| code(ends().into_iter().chain([on(order, labels, 9)]).collect(), 4, false);
        let plain = [0, 1, 2, 3];
        for order in all_orders(4) {
            assert_eq!(with(&order, &[5; 4]), with(&plain, &[5; 4]), "{order:?}");
            assert_eq!(with(&order, &plain) == with(&plain, &plain), order == plain);
            let in_pairs = with(&order, &[0, 1, 0, 1]) == with(&plain, &[0, 1, 0, 1]);
            assert_eq!(in_pairs, order[0] % 2 == 0 && order[2] % 2 == 0, "{order:?}");
        }
    }

    #[test]
    fn two_triangles_are_not_a_hexagon() {
        let hexagon: Vec<(u32, u32)> = (0..6).map(|node| (node, (node + 1) % 6)).collect();
        let triangles = [(0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)];
        let plain = [0, 1, 2, 3, 4, 5];
        for thorough in [false, true] {
            assert_ne!(graph(&hexagon, &plain, thorough), graph(&triangles, &plain, thorough));
        }
        for order in all_orders(6) {
            assert_eq!(graph(&hexagon, &order, true), graph(&hexagon, &plain, true));
            assert_eq!(graph(&triangles, &order, true), graph(&triangles, &plain, true));
        }
    }

    #[test]
    fn strongly_regular_graphs_of_the_same_parameters_differ() {
        // Neighbours in Z4 x Z4 of the graph of Shrikhande, and of the rook's graph.
        let shrikhande = [(0, 1), (1, 0), (1, 1)];
        let edges = |steps: &[(u32, u32)]| -> Vec<(u32, u32)> {
            let all = (0..16).flat_map(|node| steps.iter().map(move |step| (node, step)));
            let to = |node: u32, step: &(u32, u32)| (node / 4 + step.0) % 4 * 4 + (node % 4 + step.1) % 4;
            all.map(|(node, step)| (node, to(node, step))).collect()
        };
        let cells = (0..16).flat_map(|one| (0..one).map(move |other| (one, other)));
        let rook: Vec<(u32, u32)> = cells.filter(|(a, b)| (a / 4 == b / 4) != (a % 4 == b % 4)).collect();
        let shrikhande = edges(&shrikhande);
        assert_eq!((rook.len(), shrikhande.len()), (48, 48));
        let plain: Vec<u32> = (0..16).collect();
        for thorough in [false, true] {
            assert_ne!(graph(&rook, &plain, thorough), graph(&shrikhande, &plain, thorough));
        }
    }
}
