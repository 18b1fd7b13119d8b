//! 512-bit vectors.

use super::moves::Move;
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
    unsafe fn transpose_complex(from: *const f32, offsets: *const i64, places: &[Move], to: *mut f32) {
        // SAFETY: see above.
        unsafe {
            let mut halves = [[_mm512_setzero_pd(); 8]; 2];
            for (half, columns) in halves.iter_mut().enumerate() {
                let mut pairs = [_mm512_setzero_pd(); 8];
                for pair in 0..4 {
                    let even = line_of(from.cast(), offsets.add(8 * half + 2 * pair), 1);
                    let odd = line_of(from.cast(), offsets.add(8 * half + 2 * pair + 1), 1);
                    pairs[2 * pair] = _mm512_unpacklo_pd(even, odd);
                    pairs[2 * pair + 1] = _mm512_unpackhi_pd(even, odd);
                }
                for odd in 0..2 {
                    // Columns 0 and 4, 2 and 6 (1 and 5, 3 and 7) of four rows each.
                    let low = (pairs[odd], pairs[odd + 2]);
                    let high = (pairs[odd + 4], pairs[odd + 6]);
                    let first = (
                        _mm512_shuffle_f64x2::<0x88>(low.0, low.1),
                        _mm512_shuffle_f64x2::<0x88>(high.0, high.1),
                    );
                    let second = (
                        _mm512_shuffle_f64x2::<0xdd>(low.0, low.1),
                        _mm512_shuffle_f64x2::<0xdd>(high.0, high.1),
                    );
                    columns[odd] = _mm512_shuffle_f64x2::<0x88>(first.0, first.1);
                    columns[odd + 4] = _mm512_shuffle_f64x2::<0xdd>(first.0, first.1);
                    columns[odd + 2] = _mm512_shuffle_f64x2::<0x88>(second.0, second.1);
                    columns[odd + 6] = _mm512_shuffle_f64x2::<0xdd>(second.0, second.1);
                }
            }
            for (item, place) in places.iter().enumerate().take(8) {
                let (re, im) = parts_f32(_mm512_castpd_ps(halves[0][item]), _mm512_castpd_ps(halves[1][item]));
                _mm512_storeu_ps(to.add(place.to as usize), re);
                _mm512_storeu_ps(to.add(place.to as usize + 16), im);
            }
        }
    }
    #[inline(always)]
    unsafe fn prefetch(address: *const Self::Real) {
        // SAFETY: see above; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(address.cast()) }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: see above.
        unsafe { _mm_sfence() }
    }
}

/// A cache line at an offset that counts items of `unit` doubles.
#[inline(always)]
unsafe fn line_of(from: *const f64, offset: *const i64, unit: isize) -> __m512d {
    // SAFETY: see above.
    unsafe { _mm512_loadu_pd(from.offset(unit * *offset as isize)) }
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
    unsafe fn transpose_complex(from: *const f64, offsets: *const i64, places: &[Move], to: *mut f64) {
        // SAFETY: see above.
        unsafe {
            let mut halves = [[_mm512_setzero_pd(); 4]; 2];
            for (half, columns) in halves.iter_mut().enumerate() {
                let mut rows = [_mm512_setzero_pd(); 4];
                for (index, row) in rows.iter_mut().enumerate() {
                    *row = line_of(from, offsets.add(4 * half + index), 2);
                }
                let even = (
                    _mm512_shuffle_f64x2::<0x88>(rows[0], rows[1]),
                    _mm512_shuffle_f64x2::<0x88>(rows[2], rows[3]),
                );
                let odd = (
                    _mm512_shuffle_f64x2::<0xdd>(rows[0], rows[1]),
                    _mm512_shuffle_f64x2::<0xdd>(rows[2], rows[3]),
                );
                columns[0] = _mm512_shuffle_f64x2::<0x88>(even.0, even.1);
                columns[2] = _mm512_shuffle_f64x2::<0xdd>(even.0, even.1);
                columns[1] = _mm512_shuffle_f64x2::<0x88>(odd.0, odd.1);
                columns[3] = _mm512_shuffle_f64x2::<0xdd>(odd.0, odd.1);
            }
            for (item, place) in places.iter().enumerate().take(4) {
                let (re, im) = parts_f64(halves[0][item], halves[1][item]);
                _mm512_storeu_pd(to.add(place.to as usize), re);
                _mm512_storeu_pd(to.add(place.to as usize + 8), im);
            }
        }
    }
    #[inline(always)]
    unsafe fn prefetch(address: *const Self::Real) {
        // SAFETY: see above; a prefetch never faults.
        unsafe { _mm_prefetch::<_MM_HINT_ET0>(address.cast()) }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: see above.
        unsafe { _mm_sfence() }
    }
}
