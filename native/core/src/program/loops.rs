//! Loops cut into inner and outer parts, and the offsets of all their values.

use super::modes::Mode;

/// The largest divisor of `size` that is at most `limit`.
pub(crate) fn largest_divisor(size: usize, limit: usize) -> usize {
    if size <= limit {
        return size;
    }
    if size.is_power_of_two() {
        return 1 << limit.ilog2();
    }
    (1..=limit)
        .rev()
        .find(|divisor| size.is_multiple_of(*divisor))
        .unwrap_or(1)
}

/// Cuts the innermost `factor` values off `modes[index]` and returns them as a loop of their own.
pub(crate) fn cut(modes: &mut Vec<Mode>, index: usize, factor: usize) -> Mode {
    let uncut = modes[index];
    let inner = Mode { size: factor, ..uncut };
    if uncut.size == factor {
        modes.remove(index);
    } else {
        modes[index] = Mode {
            size: uncut.size / factor,
            a: uncut.a * factor,
            b: uncut.b * factor,
            out: uncut.out * factor,
        };
    }
    inner
}

/// Index of the mode with the smallest stride that is not 0, among those that `allowed` accepts.
pub(crate) fn nearest(
    modes: &[Mode],
    stride: impl Fn(&Mode) -> usize,
    allowed: impl Fn(&Mode) -> bool,
) -> Option<usize> {
    (0..modes.len())
        .filter(|index| allowed(&modes[*index]))
        .min_by_key(|index| stride(&modes[*index]).wrapping_sub(1))
}

/// Cuts loops off `modes` until they fill `budget`, by the strides in turn, smallest first.
pub(crate) fn cut_block(modes: &mut Vec<Mode>, mut budget: usize, strides: &[fn(&Mode) -> usize]) -> Vec<Mode> {
    let mut inner = Vec::new();
    let mut closed = vec![false; strides.len()];
    for turn in 0.. {
        let which = turn % strides.len();
        if closed.iter().all(|done| *done) {
            break;
        }
        let Some(index) = nearest(modes, strides[which], |_| true) else {
            break;
        };
        // Take a few values at a time, so that the strides really take turns.
        let step = if strides.len() > 1 { budget.min(8) } else { budget };
        let factor = largest_divisor(modes[index].size, step.max(1));
        if factor == 1 {
            closed[which] = true;
            continue;
        }
        closed.iter_mut().for_each(|done| *done = false);
        inner.push(cut(modes, index, factor));
        budget /= factor;
    }
    merge(inner)
}

/// Merges pieces of one loop that were cut off one after the other.
fn merge(pieces: Vec<Mode>) -> Vec<Mode> {
    let mut loops: Vec<Mode> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let continued = loops.iter_mut().find(|inner| {
            piece.a == inner.size * inner.a && piece.b == inner.size * inner.b && piece.out == inner.size * inner.out
        });
        match continued {
            Some(inner) => inner.size *= piece.size,
            None => loops.push(piece),
        }
    }
    loops
}

/// Offsets of all values of `modes` (the first fastest) by one stride.
pub(crate) fn table(modes: &[Mode], stride: impl Fn(&Mode) -> usize) -> Vec<usize> {
    let mut offsets = vec![0];
    for mode in modes {
        let before = offsets.len();
        offsets.reserve(before * (mode.size - 1));
        for digit in 1..mode.size {
            for index in 0..before {
                offsets.push(offsets[index] + digit * stride(mode));
            }
        }
    }
    offsets
}
