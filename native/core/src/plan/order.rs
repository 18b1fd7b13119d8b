//! In what order the steps of a tree run, in what order sliced indices count, and what memory that takes.
//!
//! Of a step's two operands the one that needs more memory to make, beyond what it then occupies, is made first: among
//! depth-first orders this keeps least alive (Sethi & Ullman, J. ACM 1970; Liu, SIAM J. Alg. Disc. Meth. 1986).
//! The slice number counts through the sliced indices, the last fastest. The last is the one that most work does not depend
//! on; the steps of that work are shared by the slices that differ in it alone, and so on inwards.

use super::network::Network;
use super::tree::Tree;

/// Steps in an order that keeps little alive.
pub fn frugal_order(tree: &Tree) -> Vec<u32> {
    let n = tree.num_tensors;
    let down = tree.top_down();
    let mut need = vec![0f64; tree.size.len()];
    let mut right_first = vec![false; tree.num_steps()];
    let occupied = |node: u32| {
        if (node as usize) < n {
            0.0
        } else {
            f64::from(tree.size[node as usize]).exp2()
        }
    };
    for &step in down.iter().rev() {
        let [l, r] = tree.children[step as usize - n];
        let (need_l, need_r) = (need[l as usize], need[r as usize]);
        let right = need_r - occupied(r) > need_l - occupied(l);
        let (first, second) = if right { (r, l) } else { (l, r) };
        right_first[step as usize - n] = right;
        let running = occupied(l) + occupied(r) + occupied(step);
        need[step as usize] = need[first as usize]
            .max(occupied(first) + need[second as usize])
            .max(running);
    }
    let mut order = Vec::with_capacity(down.len());
    let mut stack = vec![(tree.root(), false)];
    while let Some((step, expanded)) = stack.pop() {
        if expanded {
            order.push(step);
            continue;
        }
        stack.push((step, true));
        let [l, r] = tree.children[step as usize - n];
        let (first, second) = if right_first[step as usize - n] { (r, l) } else { (l, r) };
        for child in [second, first] {
            if child as usize >= n {
                stack.push((child, false));
            }
        }
    }
    order
}

/// For each node, leaves and steps, the sliced indices below it: a bit for each place in `tree.sliced`, in as many words as
/// that takes, at least one.
fn dependence(network: &Network, tree: &Tree) -> (usize, Vec<u64>) {
    let words = tree.sliced.len().div_ceil(64).max(1);
    let mut depends = vec![0u64; tree.size.len() * words];
    for (place, &bit) in tree.sliced.iter().enumerate() {
        for &leaf in &network.holders[bit as usize] {
            depends[leaf as usize * words + place / 64] |= 1 << (place % 64);
        }
    }
    for &step in tree.top_down().iter().rev() {
        let [l, r] = tree.children[step as usize - tree.num_tensors];
        for w in 0..words {
            depends[step as usize * words + w] = depends[l as usize * words + w] | depends[r as usize * words + w];
        }
    }
    (words, depends)
}

/// The level of each node: one more than the place of the last sliced index below it, 0 if there is none.
fn levels(network: &Network, tree: &Tree) -> Vec<usize> {
    let mut levels = vec![0; tree.size.len()];
    for (place, &bit) in tree.sliced.iter().enumerate() {
        for &leaf in &network.holders[bit as usize] {
            levels[leaf as usize] = place + 1;
        }
    }
    for &step in tree.top_down().iter().rev() {
        let [l, r] = tree.children[step as usize - tree.num_tensors];
        levels[step as usize] = levels[l as usize].max(levels[r as usize]);
    }
    levels
}

/// The work of some steps, relative to the costliest: of all, and of those that depend on each sliced index.
struct OpenWork {
    total: f64,
    touching: Vec<f64>,
}

impl OpenWork {
    fn of(open: &[(&[u64], f64)], num_sliced: usize) -> Self {
        let mut work = OpenWork {
            total: 0.0,
            touching: vec![0.0; num_sliced],
        };
        open.iter().for_each(|&(depends, of_step)| work.add(depends, of_step));
        work
    }

    fn add(&mut self, depends: &[u64], of_step: f64) {
        self.total += of_step;
        for (w, &word) in depends.iter().enumerate() {
            let mut word = word;
            while word != 0 {
                self.touching[w * 64 + word.trailing_zeros() as usize] += of_step;
                word &= word - 1;
            }
        }
    }
}

/// By how much the open work may fall before it is added up again: differences of sums lose as many digits.
const REFRESH: f64 = 1e-6;

/// Orders `tree.sliced` so that little is executed more than once.
pub fn order_slices(network: &Network, tree: &mut Tree) {
    let n = tree.num_tensors;
    let (words, depends) = dependence(network, tree);
    let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut open: Vec<(&[u64], f64)> = (0..tree.num_steps())
        .map(|s| {
            let depends_here = &depends[(s + n) * words..][..words];
            (depends_here, f64::from(tree.cost[s] - top).exp2())
        })
        .collect();
    let mut work = OpenWork::of(&open, tree.sliced.len());
    let mut counted = work.total;
    let mut left: Vec<usize> = (0..tree.sliced.len()).collect();
    let mut last_first: Vec<u32> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let charge = |place: usize| {
            let runs = f64::from(network.bit_log2(tree.sliced[place])).exp2();
            work.touching[place] + (work.total - work.touching[place]) / runs
        };
        let best = (0..left.len())
            .min_by(|&a, &b| charge(left[a]).total_cmp(&charge(left[b])))
            .unwrap_or(0);
        let place = left.remove(best);
        last_first.push(tree.sliced[place]);
        open.retain(|&(depends_here, of_step)| {
            let stays = depends_here[place / 64] >> (place % 64) & 1 == 0;
            if !stays {
                work.add(depends_here, -of_step);
            }
            stays
        });
        if work.total < REFRESH * counted {
            work = OpenWork::of(&open, tree.sliced.len());
            counted = work.total;
        }
    }
    last_first.reverse();
    tree.sliced = last_first;
}

/// Memory and work of running a tree, with its steps in `order` and its sliced indices as ordered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Running {
    /// Most elements of intermediates alive at once, those kept between slices among them.
    pub peak_elements: f64,
    /// log2 of the charge of all steps executed.
    pub log2_executed: f64,
}

/// Computes them. The definition is on the Python side (`plan/cost.py`); tests compare the two.
pub fn running(network: &Network, tree: &Tree, order: &[u32]) -> Running {
    let n = tree.num_tensors;
    let levels = levels(network, tree);
    let level = |node: u32| levels[node as usize];
    let mut log2_runs = vec![0f64];
    for &bit in &tree.sliced {
        log2_runs.push(log2_runs[log2_runs.len() - 1] + f64::from(network.bit_log2(bit)));
    }
    let elements = |node: u32| f64::from(tree.size[node as usize]).exp2();
    let mut alive = vec![0f64; order.len()];
    let mut now = 0.0;
    let mut executed = 0.0;
    let top = tree.cost.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for (place, &step) in order.iter().enumerate() {
        now += elements(step);
        alive[place] = now;
        for child in tree.children[step as usize - n] {
            if child as usize >= n && level(child) == level(step) {
                now -= elements(child);
            }
        }
        executed += (log2_runs[level(step)] + f64::from(tree.cost[step as usize - n] - top)).exp2();
    }
    let mut kept_later = vec![0f64; tree.sliced.len() + 2];
    for (place, &step) in order.iter().enumerate().rev() {
        alive[place] += kept_later[..level(step)].iter().sum::<f64>();
        let parent = tree.parent[step as usize];
        if parent != super::tree::NONE && level(parent) != level(step) {
            kept_later[level(step)] += elements(step);
        }
    }
    Running {
        peak_elements: alive.iter().copied().fold(0.0, f64::max),
        log2_executed: f64::from(top) + executed.log2(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::greedy::{greedy, GreedyOptions};
    use super::super::network::NetworkShape;
    use super::super::rng::Rng;
    use super::super::tree::CostModel;
    use super::*;

    #[test]
    fn operands_come_before_their_step_and_the_order_needs_no_more() {
        let shape = NetworkShape {
            inputs: (0..30).map(|k| vec![k, (k + 1) % 30, (k + 11) % 30]).collect(),
            output: vec![],
            sizes: vec![2; 30],
            ..NetworkShape::default()
        }
        .tidy();
        let network = Network::new(&shape);
        let path = greedy(
            &shape,
            GreedyOptions {
                alpha: 1.0,
                temperature: 0.0,
            },
            &mut Rng::new(0, 0),
        );
        let mut tree = Tree::new(&network, &path, CostModel::MULTIPLY_ADDS);
        let order = frugal_order(&tree);
        let mut seen = vec![false; tree.size.len()];
        seen[..30].fill(true);
        for &step in &order {
            assert!(tree.children[step as usize - 30].iter().all(|&c| seen[c as usize]));
            seen[step as usize] = true;
        }
        let mut plain = tree.top_down();
        plain.reverse();
        assert!(running(&network, &tree, &order).peak_elements <= running(&network, &tree, &plain).peak_elements);
        tree.toggle(&network, 3);
        tree.toggle(&network, 17);
        order_slices(&network, &mut tree);
        let executed = running(&network, &tree, &order).log2_executed;
        assert!(executed <= tree.log2_cost() + 2.0 + 1e-6);
        tree.sliced.reverse();
        assert!(executed <= running(&network, &tree, &order).log2_executed + 1e-6);
    }
}
