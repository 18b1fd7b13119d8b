//! Sparse-state steps: each row of the output is made of a row of each operand, which are looked up.
//!
//! Rows that meet the same row of the second operand are done together: their rows of the first operand are brought next to
//! each other in the cache, as many as fit, and one contraction makes their rows of the output, which are then put where they
//! belong. So few rows of the second operand make large products, and no row of a large tensor leaves the cache in between.
//! The sparse state of Pan, Chen & Zhang, arXiv:2111.03011.

use super::step::{StepKernel, StepReal};
use super::tensors::Tensors;
use super::workers::Workers;
use crate::number::{larger, Complex, Real};
use crate::program::modes::{volume, Mode};
use crate::program::RowPick;
use crate::simd::level::SimdLevel;
use std::sync::{Mutex, PoisonError};

/// Elements of operand and output that are in the cache at once.
const CACHE_ELEMENTS: usize = 1 << 14;
/// Most rows of one contraction, as a power of two.
const MOST_ROWS_LOG2: u32 = 8;
/// Multiply-adds that are worth another thread.
const WORTH_A_THREAD: usize = 1 << 17;
/// Contractions that a thread takes at once.
const PORTION: usize = 16;

/// The rows to compute.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The values of the first row index in all rows, then those of the second, and so on.
    pub digits: &'a [u8],
    /// Number of rows.
    pub num_rows: usize,
    /// Size of each row index.
    pub sizes: &'a [usize],
}

impl Rows<'_> {
    fn of(&self, index: usize) -> &[u8] {
        &self.digits[index * self.num_rows..][..self.num_rows]
    }

    /// Where each row starts.
    fn starts(&self, terms: &[(Option<usize>, usize)]) -> Vec<usize> {
        let mut starts = vec![0; self.num_rows];
        for &(index, stride) in terms {
            match index {
                Some(index) => {
                    for (start, digit) in starts.iter_mut().zip(self.of(index)) {
                        *start += usize::from(*digit) * stride;
                    }
                }
                None => (0..self.num_rows)
                    .zip(&mut starts)
                    .for_each(|(row, start)| *start += row * stride),
            }
        }
        starts
    }

    /// The rows sorted by the row of an operand that they meet, and where the rows of each next one start; the number of
    /// that row counts through its digits.
    fn group(&self, terms: &[(Option<usize>, usize)]) -> (Vec<u32>, Vec<usize>) {
        let mut count = 1;
        let mut numbers = vec![0usize; self.num_rows];
        for &(index, _) in terms {
            match index {
                Some(index) => {
                    for (number, digit) in numbers.iter_mut().zip(self.of(index)) {
                        *number += usize::from(*digit) * count;
                    }
                    count *= self.sizes[index];
                }
                None => {
                    (0..self.num_rows)
                        .zip(&mut numbers)
                        .for_each(|(row, number)| *number += row * count);
                    count *= self.num_rows;
                }
            }
        }
        let mut ends = vec![0usize; count + 1];
        numbers.iter().for_each(|&number| ends[number + 1] += 1);
        for number in 0..count {
            ends[number + 1] += ends[number];
        }
        let starts = ends.clone();
        let mut order = vec![0u32; self.num_rows];
        for (row, &number) in numbers.iter().enumerate() {
            order[ends[number]] = row as u32;
            ends[number] += 1;
        }
        (order, starts)
    }
}

/// A sparse-state step, compiled.
#[derive(Clone, Debug)]
pub struct RowKernel<T: Real> {
    pick: RowPick,
    /// For 1, 2, 4, … rows at once.
    kernels: Vec<StepKernel<T>>,
    row_work: usize,
}

/// Rows made by one contraction: those of the output with their numbers, and the start of the row they all meet.
struct Portion<'a, 'b, T> {
    rows: &'a mut [(u32, &'b mut [Complex<T>])],
    start_b: usize,
}

/// The operands that all portions read, and the factor on what they write.
#[derive(Clone, Copy)]
struct RowOperands<'a, T> {
    a: &'a [Complex<T>],
    b: &'a [Complex<T>],
    /// Where the row of `a` starts for each row of the output.
    starts_a: &'a [usize],
    scale: T,
}

impl<T: StepReal> RowKernel<T> {
    /// Compiles a step for any rows.
    pub fn compile(modes: &[Mode], pick: &RowPick, level: SimdLevel) -> Self {
        let rows = (CACHE_ELEMENTS / (pick.a_elements + pick.out_elements)).max(1);
        let kernel = |log2: u32| {
            let row_mode = Mode {
                size: 1 << log2,
                a: pick.a_elements,
                b: 0,
                out: pick.out_elements,
            };
            let modes: Vec<Mode> = modes.iter().copied().chain([row_mode]).collect();
            StepKernel::compile(&modes, level)
        };
        RowKernel {
            pick: pick.clone(),
            kernels: (0..=rows.ilog2().min(MOST_ROWS_LOG2)).map(kernel).collect(),
            row_work: volume(modes),
        }
    }

    /// Length of the workspace that [`RowKernel::run`] needs, in complex elements.
    pub fn workspace_len(&self, threads: usize) -> usize {
        let one_portion = self.kernels[0].workspace_len(threads);
        one_portion.max(threads.max(1) * self.thread_workspace_len())
    }

    fn thread_workspace_len(&self) -> usize {
        let scratch = self.kernels.iter().map(|kernel| kernel.workspace_len(1)).max();
        self.gathered_len().0 + self.gathered_len().1 + scratch.unwrap_or(0).next_multiple_of(16)
    }

    /// Lengths of the places for gathered rows of the first operand and for rows of the output.
    fn gathered_len(&self) -> (usize, usize) {
        if self.kernels.len() == 1 {
            return (0, 0);
        }
        let rows = 1 << (self.kernels.len() - 1);
        let place = |len: usize| (rows * len).next_multiple_of(16);
        (place(self.pick.a_elements), place(self.pick.out_elements))
    }

    /// Makes every row of `out`; returns the largest magnitude of a part written. The result has the same bits for any
    /// number of threads.
    ///
    /// # Panics
    ///
    /// If a tensor, the workspace or the digits of the rows are shorter than the step needs.
    pub fn run(&self, tensors: Tensors<'_, T>, workers: Workers<'_>, output_rows: Rows<'_>) -> T {
        // Stage 1: the rows of the output in the order of the row of `b` that they meet, cut into portions of a power of
        // two rows, one for each contraction.
        let threads = workers.threads;
        let starts_a = output_rows.starts(&self.pick.a);
        let starts_b = output_rows.starts(&self.pick.b);
        let (order, group_starts) = output_rows.group(&self.pick.b);
        let mut places: Vec<Option<&mut [Complex<T>]>> =
            tensors.out.chunks_exact_mut(self.pick.out_elements).map(Some).collect();
        let mut rows: Vec<(u32, &mut [Complex<T>])> = Vec::with_capacity(order.len());
        rows.extend(
            order
                .iter()
                .filter_map(|&row| places[row as usize].take().map(|place| (row, place))),
        );
        drop(places);
        let mut portions: Vec<Portion<'_, '_, T>> = Vec::new();
        let mut rest = rows.as_mut_slice();
        for group in group_starts.windows(2) {
            let mut left = group[1] - group[0];
            while left > 0 {
                let count = 1usize << left.ilog2().min(self.kernels.len() as u32 - 1);
                let (rows, later) = rest.split_at_mut(count);
                let start_b = starts_b[rows[0].0 as usize];
                portions.push(Portion { rows, start_b });
                (rest, left) = (later, left - count);
            }
        }
        let operands = RowOperands {
            a: tensors.a,
            b: tensors.b,
            starts_a: &starts_a,
            scale: tensors.scale,
        };
        let workspace = tensors.workspace;
        // Stage 2: a few large contractions: one after the other, with all threads inside each.
        let inside = threads > 1 && portions.len() < 4 * threads && self.row_work > WORTH_A_THREAD;
        let threads_over = threads.min(1 + self.row_work.saturating_mul(output_rows.num_rows) / WORTH_A_THREAD);
        if inside || threads_over <= 1 {
            let workers = workers.at_most(if inside { threads } else { 1 });
            return portions.iter_mut().fold(T::ZERO, |largest, portion| {
                larger(largest, self.run_portion(portion, operands, workspace, workers))
            });
        }
        // Stage 3: many small ones: each thread takes some at a time.
        let queue = Mutex::new(portions.chunks_mut(PORTION));
        let largest = Mutex::new(T::ZERO);
        rayon::scope(|scope| {
            for workspace in workspace
                .chunks_exact_mut(self.thread_workspace_len().max(1))
                .take(threads_over)
            {
                let (queue, largest) = (&queue, &largest);
                scope.spawn(move |_| {
                    let mut thread_largest = T::ZERO;
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(portions) = next else { break };
                        for portion in portions {
                            let alone = workers.at_most(1);
                            thread_largest =
                                larger(thread_largest, self.run_portion(portion, operands, workspace, alone));
                        }
                    }
                    let mut largest = largest.lock().unwrap_or_else(PoisonError::into_inner);
                    *largest = larger(*largest, thread_largest);
                });
            }
        });
        largest.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_portion(
        &self,
        portion: &mut Portion<'_, '_, T>,
        operands: RowOperands<'_, T>,
        workspace: &mut [Complex<T>],
        workers: Workers<'_>,
    ) -> T {
        let (a_elements, out_elements) = (self.pick.a_elements, self.pick.out_elements);
        let RowOperands { a, starts_a, scale, .. } = operands;
        let b = &operands.b[portion.start_b..];
        if let [(row, place)] = &mut portion.rows {
            let a = &a[starts_a[*row as usize]..];
            let tensors = Tensors {
                a,
                b,
                out: place,
                scale,
                workspace,
            };
            return self.kernels[0].run(tensors, workers);
        }
        let (len_a, len_out) = self.gathered_len();
        let (gathered, rest) = workspace.split_at_mut(len_a);
        let (made, scratch) = rest.split_at_mut(len_out);
        for ((row, _), target) in portion.rows.iter().zip(gathered.chunks_exact_mut(a_elements)) {
            target.copy_from_slice(&a[starts_a[*row as usize]..][..a_elements]);
        }
        let kernel = &self.kernels[portion.rows.len().ilog2() as usize];
        let tensors = Tensors {
            a: gathered,
            b,
            out: made,
            scale,
            workspace: scratch,
        };
        let largest = kernel.run(tensors, workers);
        for ((_, place), source) in portion.rows.iter_mut().zip(made.chunks_exact(out_elements)) {
            place.copy_from_slice(source);
        }
        largest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_made_of_the_rows_it_names() {
        // a[i][x], b[j][x] over two row indices i, j of sizes 2 and 3; out[r] = sum_x a[i_r][x] * b[j_r][x].
        let digits = [0, 1, 1, 0, 1, 2, 0, 1, 1, 2];
        let rows = Rows {
            digits: &digits,
            num_rows: 5,
            sizes: &[2, 3],
        };
        let pick = RowPick {
            a: vec![(Some(0), 2)],
            b: vec![(Some(1), 2)],
            a_elements: 2,
            out_elements: 1,
        };
        let complex = |values: &[f64]| values.iter().map(|x| Complex::new(*x, 0.0)).collect::<Vec<_>>();
        let a = complex(&[1.0, 2.0, 3.0, 4.0]);
        let b = complex(&[1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
        let modes = [Mode {
            size: 2,
            a: 1,
            b: 1,
            out: 0,
        }];
        let kernel = RowKernel::<f64>::compile(&modes, &pick, SimdLevel::detect());
        let mut workspace = complex(&vec![0.0; kernel.workspace_len(1)]);
        let mut out = complex(&[0.0; 5]);
        let tensors = Tensors {
            a: &a,
            b: &b,
            out: &mut out,
            scale: 1.0,
            workspace: &mut workspace,
        };
        let largest = kernel.run(tensors, 1.into(), rows);
        let actual: Vec<f64> = out.iter().map(|x| x.re).collect();
        assert_eq!(actual, [63.0, 43.0, 86.0, 42.0, 129.0]);
        assert_eq!(largest, 129.0);
    }
}
