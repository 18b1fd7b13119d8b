//! Offsets in one arena for tensors that live at different times.
//!
//! The largest are placed first, each in the gap between its already placed contemporaries that fits it best (Pisarchyk &
//! Lee, arXiv:2001.03288, "greedy by size"); small ones share a part of the arena, with a list of free places for each size.
//! See `taizhang/program/buffers.py`.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// Every place is rounded up to a multiple of this many elements, so that all start at a cache line.
pub(super) const ALIGNMENT: usize = 16;
/// Tensors of up to this many elements are small.
const SMALL: usize = 1 << 8;

/// When a tensor is alive: from the step that makes it to the last that reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetime {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) num_elements: usize,
    /// Level of the step that makes it.
    pub(super) level: usize,
    /// Whether it is the same for all slices and read in each: it lies at the start of the arena.
    pub(super) shared: bool,
}

/// Where tensors lie.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) offsets: Vec<usize>,
    /// Length of the arena.
    pub(super) length: usize,
    /// Its part that is the same for all slices.
    pub(super) shared: usize,
    /// Its part that steps of level 1 and above write.
    pub(super) sliced: usize,
}

pub(super) fn assign(lifetimes: &[Lifetime]) -> Places {
    let sizes: Vec<usize> = lifetimes
        .iter()
        .map(|life| life.num_elements.next_multiple_of(ALIGNMENT))
        .collect();
    // Stage 1: what is shared.
    let mut offsets = vec![usize::MAX; lifetimes.len()];
    let mut shared = 0;
    for number in (0..lifetimes.len()).filter(|&number| lifetimes[number].shared) {
        offsets[number] = shared;
        shared += sizes[number];
    }
    // Stage 2: small tensors, in order of birth.
    let small_at_most = (sizes.iter().max().copied().unwrap_or(0) >> 10).max(SMALL);
    let mut small: Vec<usize> = (0..sizes.len())
        .filter(|&number| offsets[number] == usize::MAX && sizes[number] <= small_at_most)
        .collect();
    small.sort_by_key(|&number| lifetimes[number].first);
    let mut end = shared;
    let mut free: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut alive: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    for number in small {
        while let Some(&Reverse((last, left))) = alive.peek() {
            if last >= lifetimes[number].first {
                break;
            }
            alive.pop();
            free.entry(sizes[left]).or_default().push(offsets[left]);
        }
        offsets[number] = free.get_mut(&sizes[number]).and_then(Vec::pop).unwrap_or_else(|| {
            end += sizes[number];
            end - sizes[number]
        });
        alive.push(Reverse((lifetimes[number].last, number)));
    }
    // Stage 3: large ones, the largest first.
    let mut large: Vec<usize> = (0..sizes.len())
        .filter(|&number| offsets[number] == usize::MAX)
        .collect();
    large.sort_by_key(|&number| (Reverse(sizes[number]), lifetimes[number].first));
    let mut placed: Vec<usize> = Vec::with_capacity(large.len());
    for number in large {
        let life = lifetimes[number];
        let mut taken: Vec<(usize, usize)> = vec![(0, end)];
        taken.extend(placed.iter().filter_map(|&other| {
            let met = lifetimes[other].first <= life.last && life.first <= lifetimes[other].last;
            met.then(|| (offsets[other], offsets[other] + sizes[other]))
        }));
        offsets[number] = best_gap(taken, sizes[number]);
        placed.push(number);
    }
    let ends = |keep: &dyn Fn(&Lifetime) -> bool| {
        let numbers = (0..sizes.len()).filter(|&number| keep(&lifetimes[number]));
        numbers.map(|number| offsets[number] + sizes[number]).max().unwrap_or(0)
    };
    Places {
        length: ends(&|_| true),
        shared,
        sliced: ends(&|life| life.level > 0),
        offsets,
    }
}

/// The start of the smallest gap of at least `length` elements, or the end if none is large enough.
fn best_gap(mut taken: Vec<(usize, usize)>, length: usize) -> usize {
    taken.sort_unstable();
    let mut best: Option<(usize, usize)> = None;
    let mut position = 0;
    for (start, end) in taken {
        if start >= position + length && best.is_none_or(|(gap, _)| start - position < gap) {
            best = Some((start - position, position));
        }
        position = position.max(end);
    }
    best.map_or(position, |(_, start)| start)
}
