//! The lanes of a vector: which elements of a tensor fill it.

use crate::program::loops::{cut, nearest};
use crate::program::modes::Mode;

/// How the elements of one vector lie in a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// One after the other.
    Contiguous,
    /// At these offsets from the first.
    Pattern(Vec<i64>),
    /// Each element on its own: vectors may be filled in part.
    Scattered,
}

pub(crate) fn lanes_at(offsets: Vec<usize>) -> Lanes {
    if offsets.iter().enumerate().all(|(lane, offset)| lane == *offset) {
        Lanes::Contiguous
    } else {
        Lanes::Pattern(offsets.into_iter().map(|offset| offset as i64).collect())
    }
}

/// Takes loops for exactly `lanes` lanes, nearest in the first operand first.
pub(crate) fn cut_lanes_of(modes: &mut Vec<Mode>, lanes: usize) -> Option<Vec<Mode>> {
    let mut inner = Vec::new();
    let mut left = lanes;
    while left > 1 {
        let index = nearest(modes, |mode| mode.a, |mode| mode.size.is_multiple_of(2))?;
        let factor = left.min(1 << modes[index].size.trailing_zeros());
        inner.push(cut(modes, index, factor));
        left /= factor;
    }
    Some(inner)
}
