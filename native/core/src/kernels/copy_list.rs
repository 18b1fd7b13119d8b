//! Packing as a list of moves, sorted by where they read.

use crate::program::modes::Mode;

/// One move of packing: from an offset in the tensor (in elements) to one in the panels (in reals).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// Element offset from the first element of the block.
    pub from: u32,
    /// Real offset into the packed block; the imaginary part is one lane group further.
    pub to: u32,
}

/// Moves of every point of three groups of loops, in the order of the strides; `place` returns the destination of a point
/// (given by its number in each group).
pub(crate) fn moves(
    groups: [&[Mode]; 3],
    stride: fn(&Mode) -> usize,
    place: impl Fn([usize; 3]) -> usize,
) -> Vec<Move> {
    let mut loops: Vec<(usize, usize, [usize; 3])> = Vec::new(); // stride, size, step in each group
    for (group, modes) in groups.iter().enumerate() {
        let mut step = 1;
        for mode in *modes {
            let mut steps = [0; 3];
            steps[group] = step;
            loops.push((stride(mode), mode.size, steps));
            step *= mode.size;
        }
    }
    loops.sort_unstable();
    let mut points = vec![(0, [0; 3])];
    for (stride, size, steps) in loops {
        let before = points.len();
        for digit in 1..size {
            for index in 0..before {
                let (from, at) = points[index];
                points.push((
                    from + digit * stride,
                    std::array::from_fn(|group| at[group] + digit * steps[group]),
                ));
            }
        }
    }
    let narrow = |offset: usize| u32::try_from(offset).expect("blocks of longer tensors are not made");
    points
        .into_iter()
        .map(|(from, at)| Move {
            from: narrow(from),
            to: narrow(place(at)),
        })
        .collect()
}
