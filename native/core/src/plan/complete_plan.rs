//! From an annealed tree over the merged network to a plan of the whole network, within its limits.

use super::network::{Network, NetworkShape};
use super::order::{frugal_order, order_slices, running};
use super::premerge::Merged;
use super::slicing::{drop_needless, slice_down_to};
use super::tree::{CostModel, Tree};

/// A plan of the whole network.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Pairs contracted, in order.
    pub path: Vec<[u32; 2]>,
    /// Sliced indices, the last counting fastest.
    pub sliced: Vec<u32>,
    /// log2 of the multiply-adds of all steps in all slices.
    pub log2_multiply_adds: f64,
    /// log2 of the charge of all steps executed.
    pub log2_executed: f64,
    /// log2 of the elements of the largest intermediate.
    pub width: f32,
    /// Most elements of intermediates alive at once.
    pub peak_elements: f64,
    /// Seconds that running it is expected to take.
    pub run_seconds: f64,
    /// Whether it is within the limits.
    pub fits: bool,
}

impl Finished {
    /// The plan of a network of one tensor or none.
    pub fn trivial() -> Self {
        Finished {
            path: Vec::new(),
            sliced: Vec::new(),
            log2_multiply_adds: 0.0,
            log2_executed: 0.0,
            width: 0.0,
            peak_elements: 0.0,
            run_seconds: 0.0,
            fits: true,
        }
    }

    /// What plans are sorted by: those that fit first, then those that run soonest over.
    pub fn rank(&self) -> (bool, i64) {
        let cost = if self.fits {
            self.run_seconds
        } else {
            self.peak_elements
        };
        (!self.fits, (cost.max(1e-300).log2() * 1e6) as i64)
    }
}

/// Limits of a plan.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// log2 of the most elements of an intermediate.
    pub width: f32,
    /// Most elements of intermediates alive at once.
    pub elements: f64,
}

/// How fast a machine runs plans.
#[derive(Clone, Copy, Debug)]
pub struct RunRate {
    /// How steps are charged.
    pub cost_model: CostModel,
    /// Charge, in units of `cost_model`, that the machine works off in a second.
    pub charge_per_second: f64,
    /// Seconds that an element of memory takes when it is first touched.
    pub seconds_per_element: f64,
}

/// Puts the merged steps below the tree, makes it fit the limits and chooses the orders. Returns the width that the
/// number of elements alive demanded as well; infinite if it demanded none.
pub fn finish(
    shape: &NetworkShape,
    merged: &Merged,
    small: &Network,
    full: &Network,
    tree: Option<&Tree>,
    rate: RunRate,
    limits: Limits,
) -> Option<(Finished, f32)> {
    let path = whole_path(shape.inputs.len(), merged, tree);
    let sliced = tree.map_or(Some(Vec::new()), |tree| {
        let indices = tree.sliced.iter().map(|&bit| small.index_of_bit[bit as usize]);
        indices.collect()
    })?;
    let mut full_tree = whole_tree(full, &path, &sliced, rate);
    Some(fit(full, &mut full_tree, rate, limits))
}

/// Slices a plan further until it is within the limits, without searching again. `terms` are tidy.
pub fn refit(shape: &NetworkShape, path: &[[u32; 2]], sliced: &[u32], rate: RunRate, limits: Limits) -> Finished {
    if shape.inputs.len() < 2 {
        return Finished::trivial();
    }
    let full = Network::new(shape);
    let mut full_tree = whole_tree(&full, path, sliced, rate);
    fit(&full, &mut full_tree, rate, limits).0
}

/// Fewer elements than this are not worth sparing.
pub const SPARED_FROM: f64 = (1 << 21) as f64;
/// A plan that takes this much longer than another is not preferred for needing less memory.
pub const SPARED_UP_TO: f64 = 1.3;

/// Variants of a plan that hold half as many elements, a quarter, and so on, as long as that makes them little slower
/// and `go_on` agrees.
pub fn spare(
    full: &Network,
    plan: &Finished,
    rate: RunRate,
    limits: Limits,
    go_on: impl Fn() -> bool,
) -> Vec<Finished> {
    let mut variants = Vec::new();
    if plan.path.is_empty() || !plan.fits {
        return variants;
    }
    let mut full_tree = whole_tree(full, &plan.path, &plan.sliced, rate);
    let (mut peak, mut least) = (plan.peak_elements, plan.run_seconds);
    while peak > SPARED_FROM && go_on() {
        let halved = Limits {
            elements: peak / 2.0,
            ..limits
        };
        let (spared, _) = fit(full, &mut full_tree, rate, halved);
        if !spared.fits || spared.run_seconds > SPARED_UP_TO * least {
            break;
        }
        (peak, least) = (spared.peak_elements, least.min(spared.run_seconds));
        variants.push(spared);
    }
    variants
}

/// The tree of a path through the whole network, with these indices sliced.
fn whole_tree(full: &Network, path: &[[u32; 2]], sliced: &[u32], rate: RunRate) -> Tree {
    let mut full_tree = Tree::new(full, path, rate.cost_model);
    let mut bit_of = vec![None; sliced.iter().max().map_or(0, |&most| most as usize + 1)];
    for (bit, &index) in full.index_of_bit.iter().enumerate() {
        if let Some(place) = index.and_then(|index| bit_of.get_mut(index as usize)) {
            *place = Some(bit as u32);
        }
    }
    for bit in sliced.iter().filter_map(|&index| bit_of[index as usize]) {
        full_tree.toggle(full, bit);
    }
    full_tree.refresh(full);
    full_tree
}

/// Slices a tree until it is within the limits and chooses the orders; returns the same as `finish`.
fn fit(full: &Network, full_tree: &mut Tree, rate: RunRate, limits: Limits) -> (Finished, f32) {
    let (mut width, mut demanded) = (limits.width, f32::INFINITY);
    loop {
        let narrow = slice_down_to(full, full_tree, width);
        drop_needless(full, full_tree, width);
        order_slices(full, full_tree);
        let order = frugal_order(full_tree);
        let figures = running(full, full_tree, &order);
        let fits = narrow && figures.peak_elements <= limits.elements;
        if fits || !narrow || full_tree.width() <= 0.0 {
            let finished = Finished {
                path: full_tree.path_in_order(&order),
                sliced: full_tree
                    .sliced
                    .iter()
                    .filter_map(|&bit| full.index_of_bit[bit as usize])
                    .collect(),
                log2_multiply_adds: full_tree.log2_work() + f64::from(full_tree.log2_slices(full)),
                log2_executed: figures.log2_executed,
                width: full_tree.width(),
                peak_elements: figures.peak_elements,
                run_seconds: figures.log2_executed.exp2() / rate.charge_per_second
                    + figures.peak_elements * rate.seconds_per_element,
                fits,
            };
            return (finished, demanded);
        }
        // A bit of width takes about one bit off the peak: far from the limit, larger steps lose nothing.
        let missing = (figures.peak_elements / limits.elements).log2() as f32;
        width = width.min(full_tree.width()) - (0.75 * missing - 0.5).max(0.5);
        demanded = width;
    }
}

/// The merged steps, then those of the tree.
fn whole_path(num_tensors: usize, merged: &Merged, tree: Option<&Tree>) -> Vec<[u32; 2]> {
    let mut path = merged.steps.clone();
    if let Some(tree) = tree {
        let kept = merged.origin.len() as u32;
        let offset = (num_tensors + merged.steps.len()) as u32;
        let number = |node: u32| {
            if node < kept {
                merged.origin[node as usize]
            } else {
                node - kept + offset
            }
        };
        path.extend(tree.ssa_path().iter().map(|pair| pair.map(number)));
    }
    path
}
