//! The loops of a step grouped by the tensors that have them, and which of them become lanes or join a block.

use crate::program::loops::{cut, largest_divisor, nearest};
use crate::program::modes::Mode;

/// The loops of a step, grouped by the tensors that have them.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    pub(crate) batch: Vec<Mode>,
    pub(crate) m: Vec<Mode>,
    pub(crate) n: Vec<Mode>,
    pub(crate) k: Vec<Mode>,
}

/// The choices to make before the tables are built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) swapped: bool,
    pub(crate) lanes_follow_a: bool,
    pub(crate) batch_in_lanes: bool,
}

fn swapped(mode: &Mode) -> Mode {
    Mode {
        a: mode.b,
        b: mode.a,
        ..*mode
    }
}

impl Groups {
    pub(crate) fn new(modes: &[Mode], swap: bool) -> Self {
        let mut groups = Self {
            batch: vec![],
            m: vec![],
            n: vec![],
            k: vec![],
        };
        for mode in modes {
            let mode = if swap { swapped(mode) } else { *mode };
            let group = match mode {
                Mode { out: 0, .. } => &mut groups.k,
                Mode { b: 0, .. } => &mut groups.m,
                Mode { a: 0, .. } => &mut groups.n,
                _ => &mut groups.batch,
            };
            group.push(mode);
        }
        groups
    }
}

/// Takes loops for exactly `lanes` lanes from m (and batch).
pub(crate) fn cut_lanes(groups: &mut Groups, choice: Choice, lanes: usize) -> Option<Vec<Mode>> {
    let key = |mode: &Mode| match choice.lanes_follow_a {
        true => mode.a,
        false => mode.out,
    };
    let mut inner = Vec::new();
    let mut left = lanes;
    while left > 1 {
        let usable = |mode: &Mode| mode.size.is_multiple_of(2);
        let from_m = nearest(&groups.m, key, usable);
        let from_batch = if choice.batch_in_lanes {
            nearest(&groups.batch, key, usable)
        } else {
            None
        };
        let batch_is_nearer = match (from_m, from_batch) {
            (Some(m), Some(batch)) => key(&groups.batch[batch]) < key(&groups.m[m]) || key(&groups.m[m]) == 0,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (None, None) => return None,
        };
        let (group, index) = if batch_is_nearer {
            (&mut groups.batch, from_batch?)
        } else {
            (&mut groups.m, from_m?)
        };
        let factor = left.min(1 << group[index].size.trailing_zeros());
        inner.push(cut(group, index, factor));
        left /= factor;
    }
    Some(inner)
}

/// Batch loops with strides below this go into the block, so that cache lines and pages are read once.
const NEAR: usize = 64;

/// Cuts the batch loops that are near in an operand or the output, within the budget.
pub(crate) fn near_batch(batch: &mut Vec<Mode>, mut budget: usize, ignore_b: bool) -> Vec<Mode> {
    let mut inner = Vec::new();
    let nearness = |mode: &Mode| mode.a.min(mode.out).min(if ignore_b { usize::MAX } else { mode.b });
    while let Some(index) = nearest(batch, nearness, |mode| nearness(mode) < NEAR) {
        let needed = NEAR.div_ceil(nearness(&batch[index])).next_power_of_two();
        let factor = largest_divisor(batch[index].size, budget.min(needed).max(1));
        if factor == 1 {
            break;
        }
        inner.push(cut(batch, index, factor));
        budget /= factor;
    }
    inner
}
