//! 512-bit vectors.

use super::avx2::Avx2;
use super::instructions::{Instructions, Kernel, VectorReal, WordKernel};
use super::vector::{Order, Simd};
use super::words::Words;
use super::x86::x86_basics;
use std::arch::x86_64::*;

/// Sixteen lanes of `f32`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512F32;

/// Eight lanes of `f64`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512F64;

/// The foundation of AVX-512 with what widens AVX2 (x86-64-v4).
#[derive(Clone, Copy, Debug)]
pub struct Avx512;

/// Sets of bits, eight words at once. Exists only where the machine counts the bits of vectors.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Words(());

impl Words for Avx512Words {
    #[inline(always)]
    fn count<const W: usize>(self, sets: [&[u64]; 5]) -> [i32; 3] {
        let words = if W == 0 { sets[4].len() } else { W };
        assert!(sets.iter().all(|set| set.len() == words));
        // SAFETY: a value of this type is proof of the features; the lengths are right.
        unsafe { count_words(sets, words) }
    }

    #[inline(always)]
    fn add(self, word: u64, number: f32, sums: &mut [f32]) {
        if word != 0 {
            // SAFETY: a value of this type is proof of the features.
            unsafe { add_number(word, number, sums) }
        }
    }
}

impl Instructions for Avx512 {
    type F32 = Avx512F32;
    type F64 = Avx512F64;

    fn available() -> bool {
        Avx2::available()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
    unsafe fn enter<T: VectorReal, K: Kernel<T>>(kernel: K) -> K::Output {
        // SAFETY: this function has the features, by its own contract.
        unsafe { kernel.run::<T::Vectors<Self>>() }
    }

    fn has_words() -> bool {
        Avx2::has_words()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vpopcntdq")
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
    unsafe fn enter_words<K: WordKernel>(kernel: K) -> K::Output {
        kernel.run(Avx512Words(()))
    }
}

/// `range` of the larger magnitude, with the sign cleared.
const LARGER_MAGNITUDE: i32 = 0b10_11;

// SAFETY of every block below: the contract of `Simd` gives the instructions and valid pointers.

impl Simd for Avx512F32 {
    x86_basics!(
        f32,
        __m512,
        _mm512_set1_ps,
        _mm512_loadu_ps,
        _mm512_storeu_ps,
        _mm512_add_ps,
        _mm512_sub_ps,
        _mm512_mul_ps,
        _mm512_fmadd_ps,
        _mm512_fnmadd_ps,
        interleaved_f32,
        _mm512_stream_ps
    );
    const PANEL_VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn max_abs(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_range_ps::<LARGER_MAGNITUDE>(a, b) }
    }
    #[inline(always)]
    unsafe fn unzip(low: __m512, high: __m512) -> (__m512, __m512) {
        // SAFETY: see above.
        unsafe { parts_f32(low, high) }
    }
    #[inline(always)]
    unsafe fn gather_complex(from: *const f32, offsets: *const i64) -> (__m512, __m512) {
        // A complex number is 64 bits: two gathers of eight.
        // SAFETY: see above.
        unsafe {
            let pairs = from.cast::<f64>();
            let low = _mm512_i64gather_pd::<8>(_mm512_loadu_epi64(offsets), pairs);
            let high = _mm512_i64gather_pd::<8>(_mm512_loadu_epi64(offsets.add(8)), pairs);
            parts_f32(_mm512_castpd_ps(low), _mm512_castpd_ps(high))
        }
    }
    #[inline(always)]
    unsafe fn scatter_complex(to: *mut f32, offsets: *const i64, re: __m512, im: __m512) {
        // SAFETY: see above.
        unsafe {
            let (low, high) = interleaved_f32(re, im);
            let pairs = to.cast::<f64>();
            _mm512_i64scatter_pd::<8>(pairs, _mm512_loadu_epi64(offsets), _mm512_castps_pd(low));
            _mm512_i64scatter_pd::<8>(pairs, _mm512_loadu_epi64(offsets.add(8)), _mm512_castps_pd(high));
        }
    }
    #[inline(always)]
    unsafe fn exchange<const BIT: u32>(low: __m512, high: __m512) -> (__m512, __m512) {
        // SAFETY: see above.
        unsafe {
            let (low, high) = (_mm512_castps_pd(low), _mm512_castps_pd(high));
            let (low, high) = match BIT {
                0 => (_mm512_unpacklo_pd(low, high), _mm512_unpackhi_pd(low, high)),
                1 => exchanged_quarters(low, high),
                _ => exchanged_halves(low, high),
            };
            (_mm512_castpd_ps(low), _mm512_castpd_ps(high))
        }
    }
    #[inline(always)]
    unsafe fn ordered_parts(low: __m512, high: __m512, order: &Order) -> (__m512, __m512) {
        // SAFETY: see above; the tables hold sixteen numbers.
        unsafe {
            let (re, im) = (
                _mm512_loadu_si512(order.re.as_ptr().cast()),
                _mm512_loadu_si512(order.im.as_ptr().cast()),
            );
            (
                _mm512_permutex2var_ps(low, re, high),
                _mm512_permutex2var_ps(low, im, high),
            )
        }
    }
}

/// Exchanges 128-bit quarters: the even ones of `high` with the odd ones of `low`.
#[inline(always)]
unsafe fn exchanged_quarters(low: __m512d, high: __m512d) -> (__m512d, __m512d) {
    // SAFETY: see above.
    unsafe {
        let even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
        let odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
        (
            _mm512_permutex2var_pd(low, even, high),
            _mm512_permutex2var_pd(low, odd, high),
        )
    }
}

/// Exchanges 256-bit halves: the first one of `high` with the second one of `low`.
#[inline(always)]
unsafe fn exchanged_halves(low: __m512d, high: __m512d) -> (__m512d, __m512d) {
    // SAFETY: see above.
    unsafe {
        (
            _mm512_shuffle_f64x2::<0x44>(low, high),
            _mm512_shuffle_f64x2::<0xee>(low, high),
        )
    }
}

#[inline(always)]
unsafe fn parts_f32(low: __m512, high: __m512) -> (__m512, __m512) {
    // SAFETY: see above.
    unsafe {
        let even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        let odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
        (
            _mm512_permutex2var_ps(low, even, high),
            _mm512_permutex2var_ps(low, odd, high),
        )
    }
}

#[inline(always)]
unsafe fn interleaved_f32(re: __m512, im: __m512) -> (__m512, __m512) {
    // SAFETY: see above.
    unsafe {
        let first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        let second = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        (
            _mm512_permutex2var_ps(re, first, im),
            _mm512_permutex2var_ps(re, second, im),
        )
    }
}

#[inline(always)]
unsafe fn parts_f64(low: __m512d, high: __m512d) -> (__m512d, __m512d) {
    // SAFETY: see above.
    unsafe {
        let even = _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14);
        let odd = _mm512_setr_epi64(1, 3, 5, 7, 9, 11, 13, 15);
        (
            _mm512_permutex2var_pd(low, even, high),
            _mm512_permutex2var_pd(low, odd, high),
        )
    }
}

#[inline(always)]
unsafe fn interleaved_f64(re: __m512d, im: __m512d) -> (__m512d, __m512d) {
    // SAFETY: see above.
    unsafe {
        let first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
        let second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
        (
            _mm512_permutex2var_pd(re, first, im),
            _mm512_permutex2var_pd(re, second, im),
        )
    }
}

impl Simd for Avx512F64 {
    x86_basics!(
        f64,
        __m512d,
        _mm512_set1_pd,
        _mm512_loadu_pd,
        _mm512_storeu_pd,
        _mm512_add_pd,
        _mm512_sub_pd,
        _mm512_mul_pd,
        _mm512_fmadd_pd,
        _mm512_fnmadd_pd,
        interleaved_f64,
        _mm512_stream_pd
    );
    const PANEL_VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn max_abs(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_range_pd::<LARGER_MAGNITUDE>(a, b) }
    }
    #[inline(always)]
    unsafe fn unzip(low: __m512d, high: __m512d) -> (__m512d, __m512d) {
        // SAFETY: see above.
        unsafe { parts_f64(low, high) }
    }
    #[inline(always)]
    unsafe fn gather_complex(from: *const f64, offsets: *const i64) -> (__m512d, __m512d) {
        // Offsets count pairs of 16 bytes; the scale of a gather ends at 8.
        // SAFETY: see above.
        unsafe {
            let pairs = _mm512_slli_epi64::<1>(_mm512_loadu_epi64(offsets));
            (
                _mm512_i64gather_pd::<8>(pairs, from),
                _mm512_i64gather_pd::<8>(pairs, from.add(1)),
            )
        }
    }
    #[inline(always)]
    unsafe fn exchange<const BIT: u32>(low: __m512d, high: __m512d) -> (__m512d, __m512d) {
        // SAFETY: see above.
        unsafe {
            match BIT {
                0 => exchanged_quarters(low, high),
                _ => exchanged_halves(low, high),
            }
        }
    }
    #[inline(always)]
    unsafe fn ordered_parts(low: __m512d, high: __m512d, order: &Order) -> (__m512d, __m512d) {
        // SAFETY: see above; the tables hold sixteen numbers, of which eight are read.
        unsafe {
            let (re, im) = (
                _mm512_cvtepu32_epi64(_mm256_loadu_si256(order.re.as_ptr().cast())),
                _mm512_cvtepu32_epi64(_mm256_loadu_si256(order.im.as_ptr().cast())),
            );
            (
                _mm512_permutex2var_pd(low, re, high),
                _mm512_permutex2var_pd(low, im, high),
            )
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
unsafe fn count_words(sets: [&[u64]; 5], words: usize) -> [i32; 3] {
    let mut counts = [_mm512_setzero_si512(); 3];
    for first in (0..words).step_by(8) {
        let lanes = if words - first >= 8 {
            0xFF
        } else {
            (1u8 << (words - first)) - 1
        };
        // SAFETY: each set has `words` words, and only lanes below that are read.
        let [a, b, c, p, mask] =
            sets.map(|set| unsafe { _mm512_maskz_loadu_epi64(lanes, set.as_ptr().add(first).cast()) });
        let inner = _mm512_and_si512(_mm512_or_si512(a, c), mask);
        let made = _mm512_and_si512(inner, _mm512_or_si512(b, p));
        let outer = _mm512_or_si512(made, _mm512_and_si512(b, mask));
        for (count, set) in counts.iter_mut().zip([inner, made, outer]) {
            *count = _mm512_add_epi64(*count, _mm512_popcnt_epi64(set));
        }
    }
    counts.map(|count| _mm512_reduce_add_epi64(count) as i32)
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl,avx512vpopcntdq,avx2,popcnt,bmi1,bmi2")]
fn add_number(word: u64, number: f32, sums: &mut [f32]) {
    let numbers = _mm512_set1_ps(number);
    for (part, lanes) in sums.chunks_exact_mut(16).enumerate() {
        let mask = (word >> (16 * part)) as u16;
        // SAFETY: there are 16 lanes.
        unsafe {
            let old = _mm512_loadu_ps(lanes.as_ptr());
            _mm512_storeu_ps(lanes.as_mut_ptr(), _mm512_mask_add_ps(old, mask, old, numbers));
        }
    }
}
