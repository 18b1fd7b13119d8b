//! Long sums into a few numbers: the lanes of a vector run along the summed loops.

use super::copy_list::moves;
use super::lanes::{cut_lanes_of, lanes_at, Lanes};
use super::reference::offsets;
use super::tensors::Tensors;
use crate::number::{larger, Complex, Real};
use crate::program::loops::{cut_block, table};
use crate::program::modes::{volume, Mode};
use crate::simd::instructions::Kernel;
use crate::simd::instructions::VectorReal;
use crate::simd::level::SimdLevel;
use crate::simd::level::{dispatch, lanes};
use crate::simd::vector::{sum_of_lanes, Simd};
use std::marker::PhantomData;

/// Most output elements for which this kernel is chosen, and fewest terms.
const FEW_KEPT: (usize, usize) = (8, 256);
/// The same where the lanes are consecutive in both operands, as in derivatives by small tensors: sums over all of the
/// others' elements, which packing would transpose.
const SOME_KEPT: (usize, usize) = (64, 2048);
/// Vectors summed in registers before the sum is stored.
const CHUNK_VECTORS: usize = 1024;

/// A contraction to a few numbers.
#[derive(Clone, Debug)]
pub struct Dot<T: Real> {
    level: SimdLevel,
    lanes_a: Lanes,
    lanes_b: Lanes,
    /// Offsets in both operands of each vector of a chunk, by address in the first.
    vectors: Vec<[u32; 2]>,
    /// Loops over chunks.
    chunks: Vec<Mode>,
    /// Offsets in the three tensors of each output element.
    kept: Vec<(usize, usize, usize)>,
    number: PhantomData<T>,
}

impl<T: Real> Dot<T> {
    /// Complex elements of workspace: the sum of every chunk.
    pub fn workspace_len(&self) -> usize {
        self.kept.len() * volume(&self.chunks)
    }
}

impl<T: VectorReal> Dot<T> {
    /// `None` if the step has many outputs, few terms, or terms that do not fill vectors.
    pub fn compile(modes: &[Mode], level: SimdLevel) -> Option<Self> {
        let (mut summed, kept): (Vec<Mode>, Vec<Mode>) = modes.iter().copied().partition(|mode| mode.out == 0);
        let (kept_len, terms) = (volume(&kept), volume(&summed));
        let within = |(most, fewest): (usize, usize)| kept_len <= most && terms >= fewest;
        if !within(FEW_KEPT) && !within(SOME_KEPT) {
            return None;
        }
        let width = lanes::<T>(level);
        let inner = cut_lanes_of(&mut summed, width)?;
        let (lanes_a, lanes_b) = (
            lanes_at(table(&inner, |mode| mode.a)),
            lanes_at(table(&inner, |mode| mode.b)),
        );
        let gathered = matches!(lanes_a, Lanes::Pattern(_)) || matches!(lanes_b, Lanes::Pattern(_));
        if gathered && !within(FEW_KEPT) {
            return None;
        }
        let chunk = cut_block(&mut summed, CHUNK_VECTORS, &[|mode| mode.a, |mode| mode.b]);
        let from_a = moves([&chunk, &[], &[]], |mode| mode.a, |[point, _, _]| point);
        let from_b = table(&chunk, |mode| mode.b);
        Some(Self {
            level,
            lanes_a,
            lanes_b,
            vectors: from_a
                .iter()
                .map(|item| [item.from, from_b[item.to as usize] as u32])
                .collect(),
            chunks: summed,
            kept: (0..kept_len).map(|point| offsets(&kept, point)).collect(),
            number: PhantomData,
        })
    }

    /// See [`super::step::StepKernel::run`], which checks the lengths.
    ///
    /// # Safety
    ///
    /// The tensors are as long as the modes say.
    pub unsafe fn run(&self, tensors: Tensors<'_, T>, threads: usize) -> T {
        let Tensors {
            a,
            b,
            out,
            scale,
            workspace,
        } = tensors;
        // Stage 1: the sum of every chunk, the chunks spread over the threads.
        let chunks = volume(&self.chunks);
        let sums = &mut workspace[..self.kept.len() * chunks];
        let sum_chunks = |first: usize, sums: &mut [Complex<T>]| {
            dispatch(
                self.level,
                SumChunks {
                    dot: self,
                    a,
                    b,
                    first,
                    sums,
                },
            )
        };
        let threads = threads.min(sums.len());
        if threads <= 1 {
            sum_chunks(0, sums);
        } else {
            let part = sums.len().div_ceil(threads);
            let sum_chunks = &sum_chunks;
            rayon::scope(|scope| {
                for (index, sums) in sums.chunks_mut(part).enumerate() {
                    scope.spawn(move |_| sum_chunks(index * part, sums));
                }
            });
        }
        // Stage 2: add up the chunks of each output element, in order and in double precision.
        let mut largest = T::ZERO;
        for ((_, _, kept_out), sums) in self.kept.iter().zip(sums.chunks(chunks)) {
            let add = |(re, im): (f64, f64), sum: &Complex<T>| (re + sum.re.to_f64(), im + sum.im.to_f64());
            let (re, im) = sums.iter().fold((0.0, 0.0), add);
            let (re, im) = (T::from_f64(re) * scale, T::from_f64(im) * scale);
            largest = larger(larger(largest, re.abs()), im.abs());
            out[*kept_out] = Complex::new(re, im);
        }
        largest
    }
}

/// Sums of consecutive chunks, the chunks of an output element one after the other.
pub struct SumChunks<'a, T: Real> {
    dot: &'a Dot<T>,
    a: &'a [Complex<T>],
    b: &'a [Complex<T>],
    first: usize,
    sums: &'a mut [Complex<T>],
}

impl<T: Real> Kernel<T> for SumChunks<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd<Real = T>>(self) {
        let chunks = volume(&self.dot.chunks);
        for (number, sum) in (self.first..).zip(self.sums.iter_mut()) {
            let (kept_a, kept_b, _) = self.dot.kept[number / chunks];
            let (chunk_a, chunk_b, _) = offsets(&self.dot.chunks, number % chunks);
            let a = self.a[kept_a + chunk_a..].as_ptr().cast::<T>();
            let b = self.b[kept_b + chunk_b..].as_ptr().cast::<T>();
            // SAFETY: offsets come from the modes, which the tensors hold; the caller has the instructions.
            *sum = unsafe {
                match (&self.dot.lanes_a, &self.dot.lanes_b) {
                    (Lanes::Pattern(x), Lanes::Pattern(y)) => {
                        chunk_sum::<S, true, true>(&self.dot.vectors, a, b, x.as_ptr(), y.as_ptr())
                    }
                    (Lanes::Pattern(x), _) => {
                        chunk_sum::<S, true, false>(&self.dot.vectors, a, b, x.as_ptr(), std::ptr::null())
                    }
                    (_, Lanes::Pattern(y)) => {
                        chunk_sum::<S, false, true>(&self.dot.vectors, a, b, std::ptr::null(), y.as_ptr())
                    }
                    _ => chunk_sum::<S, false, false>(&self.dot.vectors, a, b, std::ptr::null(), std::ptr::null()),
                }
            };
        }
    }
}

#[inline(always)]
unsafe fn chunk_sum<S: Simd, const GATHER_A: bool, const GATHER_B: bool>(
    vectors: &[[u32; 2]],
    a: *const S::Real,
    b: *const S::Real,
    lanes_a: *const i64,
    lanes_b: *const i64,
) -> Complex<S::Real> {
    // SAFETY: the contract of the caller.
    unsafe {
        let zero = S::splat(S::Real::ZERO);
        // Stage 1: sum the terms, vector by vector. Two sets of sums, so that additions do not wait for each other. (No closure: it would not be inlined.)
        let (mut re, mut im) = ([zero; 4], [zero; 4]);
        macro_rules! add {
            ($set:literal, $vector:expr) => {
                let (a, b) = (a.add(2 * $vector[0] as usize), b.add(2 * $vector[1] as usize));
                let (a_re, a_im) = if GATHER_A {
                    S::gather_complex(a, lanes_a)
                } else {
                    S::load_complex(a)
                };
                let (b_re, b_im) = if GATHER_B {
                    S::gather_complex(b, lanes_b)
                } else {
                    S::load_complex(b)
                };
                re[$set] = S::mul_add(a_re, b_re, re[$set]);
                re[$set + 1] = S::mul_sub_from(a_im, b_im, re[$set + 1]);
                im[$set] = S::mul_add(a_re, b_im, im[$set]);
                im[$set + 1] = S::mul_add(a_im, b_re, im[$set + 1]);
            };
        }
        let mut pairs = vectors.chunks_exact(2);
        for pair in &mut pairs {
            add!(0, pair[0]);
            add!(2, pair[1]);
        }
        for vector in pairs.remainder() {
            add!(0, vector);
        }
        // Stage 2: add up the sets, then the lanes.
        let re = S::add(S::add(re[0], re[1]), S::add(re[2], re[3]));
        let im = S::add(S::add(im[0], im[1]), S::add(im[2], im[3]));
        Complex::new(sum_of_lanes::<S>(re), sum_of_lanes::<S>(im))
    }
}
