//! 512-bit vectors.

use super::lines::Order;
use super::simd::Simd;
use std::arch::x86_64::*;

/// Sixteen lanes of `f32`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512F32;

/// Eight lanes of `f64`.
#[derive(Clone, Copy, Debug)]
pub struct Avx512F64;

/// `range` of the larger magnitude, with the sign cleared.
const LARGER_MAGNITUDE: i32 = 0b10_11;

// SAFETY of every block below: the contract of `Simd` gives the instructions and valid pointers.

impl Simd for Avx512F32 {
    type Real = f32;
    type Vector = __m512;
    const LANES: usize = 16;
    const PANEL_VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn splat(value: f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, value: __m512) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn mul_sub_from(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fnmadd_ps(a, b, c) }
    }
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
    unsafe fn store_complex(to: *mut f32, re: __m512, im: __m512) {
        // SAFETY: see above.
        unsafe {
            let (low, high) = interleaved_f32(re, im);
            _mm512_storeu_ps(to, low);
            _mm512_storeu_ps(to.add(16), high);
        }
    }
    #[inline(always)]
    unsafe fn stream_complex(to: *mut f32, re: __m512, im: __m512) {
        // SAFETY: see above.
        unsafe {
            let (low, high) = interleaved_f32(re, im);
            _mm512_stream_ps(to, low);
            _mm512_stream_ps(to.add(16), high);
        }
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
    #[inline(always)]
    unsafe fn prefetch(address: *const Self::Real) {
        // SAFETY: see above; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(address.cast()) }
    }
    #[inline(always)]
    unsafe fn prefetch_read(address: *const Self::Real) {
        // SAFETY: see above; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: see above.
        unsafe { _mm_sfence() }
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
    type Real = f64;
    type Vector = __m512d;
    const LANES: usize = 8;
    const PANEL_VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn splat(value: f64) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_set1_pd(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_loadu_pd(from) }
    }
    #[inline(always)]
    unsafe fn store(to: *mut f64, value: __m512d) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_pd(to, value) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_add_pd(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_sub_pd(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512d, b: __m512d) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_mul_pd(a, b) }
    }
    #[inline(always)]
    unsafe fn mul_add(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_pd(a, b, c) }
    }
    #[inline(always)]
    unsafe fn mul_sub_from(a: __m512d, b: __m512d, c: __m512d) -> __m512d {
        // SAFETY: see above.
        unsafe { _mm512_fnmadd_pd(a, b, c) }
    }
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
    unsafe fn store_complex(to: *mut f64, re: __m512d, im: __m512d) {
        // SAFETY: see above.
        unsafe {
            let (low, high) = interleaved_f64(re, im);
            _mm512_storeu_pd(to, low);
            _mm512_storeu_pd(to.add(8), high);
        }
    }
    #[inline(always)]
    unsafe fn stream_complex(to: *mut f64, re: __m512d, im: __m512d) {
        // SAFETY: see above.
        unsafe {
            let (low, high) = interleaved_f64(re, im);
            _mm512_stream_pd(to, low);
            _mm512_stream_pd(to.add(8), high);
        }
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
    #[inline(always)]
    unsafe fn prefetch(address: *const Self::Real) {
        // SAFETY: see above; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(address.cast()) }
    }
    #[inline(always)]
    unsafe fn prefetch_read(address: *const Self::Real) {
        // SAFETY: see above; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: see above.
        unsafe { _mm_sfence() }
    }
}
