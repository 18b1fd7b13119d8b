//! The loops of a step: one [`Mode`] per index, with its stride in each of the three tensors.

/// One loop of a contraction: an index, its size, and its stride in each tensor in elements.
///
/// Stride 0 means that the tensor does not have the index: an operand is repeated along it; an output without it
/// gets the sum over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mode {
    /// Number of values, at least 1.
    pub size: usize,
    /// Stride in the first operand.
    pub a: usize,
    /// Stride in the second operand.
    pub b: usize,
    /// Stride in the output.
    pub out: usize,
}

impl Mode {
    /// Whether `outer` continues this mode in all three tensors, so that both are one longer loop.
    fn continues_into(&self, outer: &Mode) -> bool {
        outer.a == self.size * self.a && outer.b == self.size * self.b && outer.out == self.size * self.out
    }
}

/// The same loops, fewer of them: size-1 modes dropped, neighbours fused.
///
/// The result is sorted by (out, a, b) stride, smallest first; loops that are summed come first.
pub fn simplify(modes: &[Mode]) -> Vec<Mode> {
    let mut sorted: Vec<Mode> = modes.iter().copied().filter(|mode| mode.size != 1).collect();
    sorted.sort_by_key(|mode| (mode.out, mode.a, mode.b, mode.size));
    let mut fused: Vec<Mode> = Vec::with_capacity(sorted.len());
    for mode in sorted {
        match fused.iter_mut().find(|inner| inner.continues_into(&mode)) {
            Some(inner) => inner.size *= mode.size,
            None => fused.push(mode),
        }
    }
    fused
}

/// Number of points of the loops.
pub fn volume(modes: &[Mode]) -> usize {
    modes.iter().map(|mode| mode.size).product()
}

/// One more than the largest offset that `stride` reaches: the length a tensor must at least have.
pub fn extent(modes: &[Mode], stride: impl Fn(&Mode) -> usize) -> usize {
    if modes.iter().any(|mode| mode.size == 0) {
        return 0;
    }
    1 + modes.iter().map(|mode| (mode.size - 1) * stride(mode)).sum::<usize>()
}

/// Whether different values of the output's modes surely lie at different elements.
pub fn is_injective(modes: &[Mode]) -> bool {
    let mut kept: Vec<&Mode> = modes.iter().filter(|mode| mode.out != 0 && mode.size > 1).collect();
    kept.sort_by_key(|mode| mode.out);
    let mut reached = 0;
    kept.iter().all(|mode| {
        let apart = mode.out > reached;
        reached += (mode.size - 1) * mode.out;
        apart
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(size: usize, a: usize, b: usize, out: usize) -> Mode {
        Mode { size, a, b, out }
    }

    #[test]
    fn neighbours_in_all_three_tensors_are_fused() {
        let modes = [mode(2, 4, 0, 2), mode(2, 2, 0, 1), mode(2, 1, 1, 0), mode(1, 9, 9, 9)];
        assert_eq!(simplify(&modes), vec![mode(2, 1, 1, 0), mode(4, 2, 0, 1)]);
    }

    #[test]
    fn a_gap_in_one_tensor_keeps_modes_apart() {
        assert_eq!(simplify(&[mode(2, 1, 0, 1), mode(2, 2, 0, 4)]).len(), 2);
    }

    #[test]
    fn extent_is_one_for_a_scalar() {
        assert_eq!(extent(&[mode(8, 0, 1, 1)], |mode| mode.a), 1);
        assert_eq!(extent(&[mode(8, 0, 3, 1)], |mode| mode.b), 22);
    }
}
