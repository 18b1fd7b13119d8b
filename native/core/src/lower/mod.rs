//! Compiling a plan for a number to a program, with the derivatives of the value by some inputs.
//!
//! Reverse mode along the tree: for a step C = Σ A·B the derivatives of the value are Ā = Σ C̄·B and B̄ = Σ C̄·A, again
//! pair contractions, without conjugates, as the value is a polynomial of the elements. An index of A alone that the step
//! sums is one of Ā that the product does not depend on. So a program has its steps, then the same backwards, two for one;
//! every intermediate is kept until it has been used the second time.
//!
//! Many small plans are compiled at once, in microseconds each; what makes long contractions fast on top of this (blocks,
//! rows) is in `taizhang/program`.

mod arena;
mod walk;

use crate::program::modes::Mode;
use crate::program::{Adjoint, Place, Program, Region, Step};
use arena::{assign, Lifetime};
use std::collections::BTreeMap;
use walk::{walk, Pair, Walked};

/// Every input starts at a multiple of this many elements.
const INPUT_ALIGNMENT: usize = 4;

/// A plan for a network whose value is a number.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The indices of each tensor.
    pub inputs: &'a [Vec<u32>],
    /// The size of each index.
    pub sizes: &'a [usize],
    /// Pairs of tensors; step k makes number `inputs.len() + k`.
    pub path: &'a [[u32; 2]],
    /// Sliced indices, the slowest first.
    pub sliced: &'a [u32],
}

/// What steps have in common that decides how long they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figures {
    /// Values of the indices that only the first operand keeps.
    pub rows: usize,
    /// Values of the indices that only the second operand keeps.
    pub columns: usize,
    /// Values of the indices that are summed.
    pub summed: usize,
    /// Complex multiply-adds.
    pub multiply_adds: usize,
    /// Elements read and written.
    pub moved: usize,
    /// Times that the step runs.
    pub runs: usize,
}

/// A compiled plan.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The program; its adjoints are those of the wanted inputs, in order.
    pub program: Program,
    /// For each element of the inputs its tensor and its place in that, in row-major order; gaps have the number after the
    /// last tensor.
    pub layout: Vec<(u32, u32)>,
    /// Its steps: their figures, and how many have these.
    pub figures: BTreeMap<Figures, usize>,
}

/// A step: its operands, its output and its level.
#[derive(Clone, Copy, Debug)]
struct Move {
    a: usize,
    b: Option<usize>,
    out: usize,
    level: usize,
}

/// Compiles a plan; `Err` says why that cannot be.
pub fn lower(plan: Plan<'_>, wanted: &[u32]) -> Result<Lowered, String> {
    check(plan, wanted)?;
    // Stage 1: the steps, forwards and backwards; a derivative is laid out like the tensor it belongs to.
    let walked = walk(plan);
    let num_inputs = plan.inputs.len();
    let (moves, like, adjoint_of) = all_moves(&walked, num_inputs, plan.sliced.len(), wanted);

    // Stage 2: places.
    let mut places: Vec<Place> = Vec::with_capacity(like.len());
    let mut strides: Vec<Vec<(u32, usize)>> = Vec::with_capacity(like.len());
    let (mut slice_strides, mut layout) = (vec![Vec::new(); plan.sliced.len()], Vec::new());
    for (number, term) in plan.inputs.iter().enumerate() {
        let place = place_input(plan, &walked, number, term, &mut slice_strides, &mut layout);
        strides.push(place.1);
        places.push(place.0);
    }
    let arena = assign(&lifetimes(&moves, num_inputs, &walked.lengths, &like));
    for (number, &model) in like.iter().enumerate().skip(num_inputs) {
        let order = &walked.orders[model];
        strides.push(contiguous(order, plan.sizes));
        places.push(Place {
            region: Region::Arena,
            offset: arena.offsets[number - num_inputs],
            num_elements: walked.lengths[model],
        });
    }

    // Stage 3: steps with their loops, and their figures.
    let mut figures = BTreeMap::new();
    let mut steps = Vec::with_capacity(moves.len());
    let runs: Vec<usize> = (0..=plan.sliced.len())
        .map(|level| {
            plan.sliced[..level]
                .iter()
                .fold(1_usize, |runs, &index| runs.saturating_mul(plan.sizes[index as usize]))
        })
        .collect();
    for step in &moves {
        let modes = modes_of(*step, &strides, plan.sizes);
        *figures
            .entry(figures_of(*step, &modes, &places, runs[step.level]))
            .or_insert(0) += 1;
        steps.push(Step {
            a: step.a,
            b: step.b,
            out: step.out,
            modes,
            loops: Vec::new(),
            block: None,
            level: step.level,
            rows: None,
        });
    }
    let adjoints = wanted.iter().map(|&input| {
        let input = input as usize;
        let stride_in = |index: u32| {
            strides[input]
                .iter()
                .find(|entry| entry.0 == index)
                .map_or(0, |entry| entry.1)
        };
        Adjoint {
            tensor: adjoint_of[&input],
            input,
            axes: walked.orders[input]
                .iter()
                .map(|&index| (plan.sizes[index as usize], stride_in(index)))
                .collect(),
        }
    });
    Ok(Lowered {
        program: Program {
            adjoints: adjoints.collect(),
            num_inputs,
            steps,
            result: walked.pairs.last().map(|pair| pair.out),
            slice_sizes: plan.sliced.iter().map(|&index| plan.sizes[index as usize]).collect(),
            slice_strides,
            output_slice_strides: vec![0; plan.sliced.len()],
            output_axes: Vec::new(),
            input_elements: layout.len(),
            arena_elements: arena.length,
            shared_elements: arena.shared,
            sliced_elements: arena.sliced,
            block_elements: 0,
            num_rows: 0,
            row_sizes: Vec::new(),
            places,
        },
        layout,
        figures,
    })
}

fn check(plan: Plan<'_>, wanted: &[u32]) -> Result<(), String> {
    let count = plan.inputs.len();
    if count < 2 || plan.path.len() + 1 != count {
        return Err("the plan must be for two or more tensors, and contract them all".into());
    }
    let mut alive = vec![true; count];
    for &[a, b] in plan.path {
        let (a, b) = (a as usize, b as usize);
        if a == b || a >= alive.len() || b >= alive.len() || !alive[a] || !alive[b] {
            return Err("the path contracts a tensor that is not there".into());
        }
        (alive[a], alive[b]) = (false, false);
        alive.push(true);
    }
    let known = |index: &u32| (*index as usize) < plan.sizes.len();
    if !plan.inputs.iter().flatten().all(known) || !plan.sliced.iter().all(known) || plan.sizes.contains(&0) {
        return Err("an index is unknown or has size 0".into());
    }
    if wanted.windows(2).any(|pair| pair[0] >= pair[1]) || wanted.iter().any(|&input| input as usize >= count) {
        return Err("the wanted inputs must be in rising order".into());
    }
    Ok(())
}

/// All steps; for each tensor the one it is laid out like; and the derivative by each tensor that has one.
fn all_moves(
    walked: &Walked,
    num_inputs: usize,
    top: usize,
    wanted: &[u32],
) -> (Vec<Move>, Vec<usize>, BTreeMap<usize, usize>) {
    let forwards = walked.pairs.iter().map(|pair| Move {
        a: pair.a,
        b: Some(pair.b),
        out: pair.out,
        level: pair.level,
    });
    let mut moves: Vec<Move> = forwards.collect();
    let mut like: Vec<usize> = (0..num_inputs + moves.len()).collect();
    // A derivative is needed on the way to a wanted input.
    let mut needed = vec![false; like.len()];
    wanted.iter().for_each(|&input| needed[input as usize] = true);
    for pair in &walked.pairs {
        needed[pair.out] = needed[pair.a] || needed[pair.b];
    }
    let mut adjoint_of = BTreeMap::new();
    let root = walked.pairs[walked.pairs.len() - 1].out;
    for Pair { a, b, out, .. } in walked.pairs.iter().rev().filter(|pair| needed[pair.out]).copied() {
        for (of, other) in [(a, b), (b, a)] {
            if needed[of] {
                // The derivative of the value by itself is 1.
                let (first, second) = if out == root {
                    (other, None)
                } else {
                    (adjoint_of[&out], Some(other))
                };
                let number = like.len();
                like.push(of);
                adjoint_of.insert(of, number);
                moves.push(Move {
                    a: first,
                    b: second,
                    out: number,
                    level: top,
                });
            }
        }
    }
    (moves, like, adjoint_of)
}

/// Places an input: its axes by death, sliced ones slowest; extends the layout.
fn place_input(
    plan: Plan<'_>,
    walked: &Walked,
    number: usize,
    term: &[u32],
    slice_strides: &mut [Vec<(usize, usize)>],
    layout: &mut Vec<(u32, u32)>,
) -> (Place, Vec<(u32, usize)>) {
    // Stage 1: the order of the axes, and the stride of each index.
    let position = |index: u32| plan.sliced.iter().position(|&sliced| sliced == index);
    let mut axes: Vec<usize> = (0..term.len()).collect();
    axes.sort_by_key(|&axis| match position(term[axis]) {
        Some(place) => (0, place, 0),
        None => (1, walked.death[term[axis] as usize], term[axis]),
    });
    let mut stride = 1;
    let mut strides: Vec<(u32, usize)> = Vec::with_capacity(term.len());
    for &axis in axes.iter().rev() {
        let index = term[axis];
        match strides.iter_mut().find(|entry| entry.0 == index) {
            Some(entry) => entry.1 += stride,
            None => strides.push((index, stride)),
        }
        stride *= plan.sizes[index as usize];
    }
    for &(index, stride) in &strides {
        if let Some(place) = position(index) {
            slice_strides[place].push((number, stride));
        }
    }
    strides.retain(|entry| position(entry.0).is_none());
    // Stage 2: where each of its elements comes from.
    let place = Place {
        region: Region::Input,
        offset: layout.len(),
        num_elements: stride,
    };
    let mut row_major = vec![0; term.len()];
    let mut length = 1;
    for axis in (0..term.len()).rev() {
        row_major[axis] = length;
        length *= plan.sizes[term[axis] as usize];
    }
    let sizes: Vec<usize> = axes.iter().map(|&axis| plan.sizes[term[axis] as usize]).collect();
    let mut point = vec![0; axes.len()];
    let mut from = 0;
    for _ in 0..length {
        layout.push((number as u32, from as u32));
        for at in (0..axes.len()).rev() {
            point[at] += 1;
            from += row_major[axes[at]];
            if point[at] < sizes[at] {
                break;
            }
            from -= sizes[at] * row_major[axes[at]];
            point[at] = 0;
        }
    }
    layout.resize(
        layout.len().next_multiple_of(INPUT_ALIGNMENT),
        (plan.inputs.len() as u32, 0),
    );
    (place, strides)
}

fn contiguous(order: &[u32], sizes: &[usize]) -> Vec<(u32, usize)> {
    let mut stride = 1;
    let mut strides: Vec<(u32, usize)> = Vec::with_capacity(order.len());
    for &index in order.iter().rev() {
        strides.push((index, stride));
        stride *= sizes[index as usize];
    }
    strides
}

fn lifetimes(moves: &[Move], num_inputs: usize, lengths: &[usize], like: &[usize]) -> Vec<Lifetime> {
    let mut lifetimes: Vec<Lifetime> = (num_inputs..like.len())
        .map(|number| Lifetime {
            first: 0,
            last: moves.len(),
            num_elements: lengths[like[number]],
            level: 0,
            shared: false,
        })
        .collect();
    let mut kept = vec![false; like.len()];
    for (time, step) in moves.iter().enumerate() {
        for operand in [Some(step.a), step.b]
            .into_iter()
            .flatten()
            .filter(|&operand| operand >= num_inputs)
        {
            let life = &mut lifetimes[operand - num_inputs];
            if life.level < step.level {
                // Steps of the higher level run again and again.
                kept[operand] = true;
                life.shared |= life.level == 0;
                life.last = moves.len();
            } else if !kept[operand] {
                life.last = time;
            }
        }
        let life = &mut lifetimes[step.out - num_inputs];
        (life.first, life.level) = (time, step.level);
    }
    lifetimes
}

fn modes_of(step: Move, strides: &[Vec<(u32, usize)>], sizes: &[usize]) -> Vec<Mode> {
    let mut modes: Vec<(u32, Mode)> = Vec::new();
    let tensors = [Some(step.a), step.b, Some(step.out)];
    for (place, tensor) in tensors.into_iter().enumerate() {
        for &(index, stride) in tensor.iter().flat_map(|&tensor| &strides[tensor]) {
            let at = modes.iter().position(|entry| entry.0 == index).unwrap_or_else(|| {
                let size = sizes[index as usize];
                modes.push((
                    index,
                    Mode {
                        size,
                        a: 0,
                        b: 0,
                        out: 0,
                    },
                ));
                modes.len() - 1
            });
            let mode = &mut modes[at].1;
            *[&mut mode.a, &mut mode.b, &mut mode.out][place] = stride;
        }
    }
    modes
        .into_iter()
        .map(|entry| entry.1)
        .filter(|mode| mode.size > 1)
        .collect()
}

fn figures_of(step: Move, modes: &[Mode], places: &[Place], runs: usize) -> Figures {
    let product = |keep: &dyn Fn(&Mode) -> bool| modes.iter().filter(|mode| keep(mode)).map(|mode| mode.size).product();
    let all: usize = product(&|_| true);
    let elements = |tensor: usize| places[tensor].num_elements;
    Figures {
        rows: product(&|mode| mode.out > 0 && mode.a > 0 && mode.b == 0),
        columns: product(&|mode| mode.out > 0 && mode.a == 0),
        summed: product(&|mode| mode.out == 0),
        multiply_adds: if step.b.is_some() { all } else { 0 },
        moved: elements(step.a) + step.b.map_or(0, elements) + elements(step.out),
        runs,
    }
}
