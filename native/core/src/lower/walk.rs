//! Facts about the tensors and steps of a tree, and the order of the axes of each tensor.
//!
//! Every index is summed at one step, its death. Axes are ordered by death, the earliest slowest: then the indices that a
//! step sums are the slow ones of both operands in the same order, and data is read in long runs. The few fastest axes of a
//! large output are all taken from one operand. See `taizhang/program/axis_orders.py`.

use super::Plan;

/// Outputs with fewer elements are ordered by death alone.
const LARGE: usize = 1 << 12;
/// The fastest axes that fill the lanes of a vector.
const LANES: usize = 1 << 5;

/// One step of the tree.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// The operand with more elements.
    pub(super) a: usize,
    /// The other operand.
    pub(super) b: usize,
    /// The output.
    pub(super) out: usize,
    /// Number of sliced indices that it depends on, counted from the slowest.
    pub(super) level: usize,
}

/// A walked tree; sliced indices are gone.
#[derive(Debug)]
pub(super) struct Walked {
    /// The steps, sorted by level, otherwise in the order of the path.
    pub(super) pairs: Vec<Pair>,
    /// Elements of each tensor in a slice.
    pub(super) lengths: Vec<usize>,
    /// For each index the step of the path that sums it.
    pub(super) death: Vec<usize>,
    /// For each tensor its indices, the slowest first.
    pub(super) orders: Vec<Vec<u32>>,
}

pub(super) fn walk(plan: Plan<'_>) -> Walked {
    // Stage 1: the indices of the inputs.
    let count = plan.inputs.len();
    let length = |term: &[u32]| term.iter().map(|&index| plan.sizes[index as usize]).product::<usize>();
    let position = |index: u32| plan.sliced.iter().position(|&sliced| sliced == index);
    let mut terms: Vec<Vec<u32>> = Vec::with_capacity(2 * count);
    let mut levels = Vec::with_capacity(2 * count);
    let mut holders = vec![0_u32; plan.sizes.len()];
    for term in plan.inputs {
        let mut kept: Vec<u32> = term
            .iter()
            .copied()
            .filter(|&index| position(index).is_none())
            .collect();
        kept.sort_unstable();
        kept.dedup();
        kept.iter().for_each(|&index| holders[index as usize] += 1);
        terms.push(kept);
        let depends = term.iter().filter_map(|&index| position(index));
        levels.push(depends.map(|place| place + 1).max().unwrap_or(0));
    }
    let mut lengths: Vec<usize> = terms.iter().map(|term| length(term)).collect();

    // Stage 2: an index dies at the step that merges its last two holders.
    let mut death = vec![plan.path.len(); plan.sizes.len()];
    let mut pairs = Vec::with_capacity(plan.path.len());
    for (step, &[left, right]) in plan.path.iter().enumerate() {
        let (left, right) = (left as usize, right as usize);
        let (a, b) = if lengths[left] >= lengths[right] {
            (left, right)
        } else {
            (right, left)
        };
        let mut kept = Vec::with_capacity(terms[a].len() + terms[b].len());
        let (mut i, mut j) = (0, 0);
        while i < terms[a].len() || j < terms[b].len() {
            let in_a = j >= terms[b].len() || (i < terms[a].len() && terms[a][i] <= terms[b][j]);
            let in_b = i >= terms[a].len() || (j < terms[b].len() && terms[b][j] <= terms[a][i]);
            let index = if in_a { terms[a][i] } else { terms[b][j] };
            (i, j) = (i + usize::from(in_a), j + usize::from(in_b));
            let held = &mut holders[index as usize];
            *held -= u32::from(in_a && in_b);
            if *held > 1 {
                kept.push(index);
            } else {
                death[index as usize] = step;
            }
        }
        let level = levels[a].max(levels[b]);
        pairs.push(Pair {
            a,
            b,
            out: terms.len(),
            level,
        });
        lengths.push(length(&kept));
        terms.push(kept);
        levels.push(level);
    }
    pairs.sort_by_key(|pair| pair.level);

    // Stage 3: the order of the axes.
    let mut orders = terms;
    for order in &mut orders {
        order.sort_by_key(|&index| (death[index as usize], index));
    }
    for pair in &pairs {
        if lengths[pair.out] >= LARGE {
            put_lanes_last(*pair, &mut orders, plan.sizes);
        }
    }
    Walked {
        pairs,
        lengths,
        death,
        orders,
    }
}

/// Makes the fastest axes of an output the fastest ones that the operand keeps which keeps more.
fn put_lanes_last(pair: Pair, orders: &mut [Vec<u32>], sizes: &[usize]) {
    let only_in = |one: usize, other: usize| -> Vec<u32> {
        let kept = |index: &&u32| orders[pair.out].contains(index) && !orders[other].contains(index);
        orders[one].iter().filter(kept).copied().collect()
    };
    let (from_a, from_b) = (only_in(pair.a, pair.b), only_in(pair.b, pair.a));
    let length = |term: &[u32]| term.iter().map(|&index| sizes[index as usize]).product::<usize>();
    let larger = if length(&from_a) >= length(&from_b) {
        from_a
    } else {
        from_b
    };
    let mut lanes = Vec::new();
    let mut elements = 1;
    for &index in larger.iter().rev() {
        if elements >= LANES {
            break;
        }
        lanes.push(index);
        elements *= sizes[index as usize];
    }
    let order = &mut orders[pair.out];
    order.retain(|index| !lanes.contains(index));
    order.extend(lanes.into_iter().rev());
}
