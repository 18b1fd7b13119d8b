//! From an annealed tree over the merged network to a plan of the whole network, within its limits.

use super::network::{Network, Terms};
use super::order::{frugal_order, order_slices, running};
use super::premerge::Merged;
use super::slicing::{drop_needless, slice_down_to};
use super::tree::{Charge, Tree};

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

/// What a plan has to keep to.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// log2 of the most elements of an intermediate.
    pub width: f32,
    /// Most elements of intermediates alive at once.
    pub elements: f64,
}

/// How fast a machine runs plans.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How steps are charged.
    pub charge: Charge,
    /// Charge worked off in a second.
    pub charge_per_second: f64,
    /// Seconds that an element of memory takes when it is first touched.
    pub seconds_per_element: f64,
}

/// Puts the merged steps below the tree, makes it fit the limits and chooses the orders. Returns the width that the
/// number of elements alive demanded as well; infinite if it demanded none.
pub fn finish(
    terms: &Terms,
    merged: &Merged,
    small: &Network,
    full: &Network,
    tree: Option<&Tree>,
    pace: Pace,
    limits: Limits,
) -> Option<(Finished, f32)> {
    let path = whole_path(terms.inputs.len(), merged, tree);
    let mut whole = Tree::new(full, &path, pace.charge);
    if let Some(tree) = tree {
        for &bit in &tree.sliced {
            let index = small.index_of_bit[bit as usize]?;
            let bit = full.index_of_bit.iter().position(|&i| i == Some(index))?;
            whole.toggle(full, bit as u32);
        }
    }
    whole.refresh(full);
    let (mut width, mut demanded) = (limits.width, f32::INFINITY);
    loop {
        let narrow = slice_down_to(full, &mut whole, width);
        drop_needless(full, &mut whole, width);
        order_slices(full, &mut whole);
        let order = frugal_order(&whole);
        let figures = running(full, &whole, &order);
        let fits = narrow && figures.peak_elements <= limits.elements;
        if fits || !narrow || whole.width() <= 0.0 {
            let finished = Finished {
                path: whole.path_in_order(&order),
                sliced: whole
                    .sliced
                    .iter()
                    .filter_map(|&bit| full.index_of_bit[bit as usize])
                    .collect(),
                log2_multiply_adds: whole.log2_work() + f64::from(whole.log2_slices(full)),
                log2_executed: figures.log2_executed,
                width: whole.width(),
                peak_elements: figures.peak_elements,
                run_seconds: figures.log2_executed.exp2() / pace.charge_per_second
                    + figures.peak_elements * pace.seconds_per_element,
                fits,
            };
            return Some((finished, demanded));
        }
        width = width.min(whole.width()) - 0.5;
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
