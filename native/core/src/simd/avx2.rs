//! 256-bit vectors with fused multiply-add.

use super::instructions::{Instructions, Kernel, VectorReal, WordKernel};
use super::vector::{Order, Simd};
use super::words::Words;
use super::x86::x86_basics;
use std::arch::x86_64::*;

/// Eight lanes of `f32`.
#[derive(Clone, Copy, Debug)]
pub struct Avx2F32;

/// Four lanes of `f64`.
#[derive(Clone, Copy, Debug)]
pub struct Avx2F64;

/// AVX2 with fused multiply-add and the bit instructions that came with it (x86-64-v3).
#[derive(Clone, Copy, Debug)]
pub struct Avx2;

/// Sets of bits, counted by `popcnt`. Exists only where the machine has it.
#[derive(Clone, Copy, Debug)]
pub struct Avx2Words(());

impl Words for Avx2Words {}

impl Instructions for Avx2 {
    type F32 = Avx2F32;
    type F64 = Avx2F64;

    fn available() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn enter<T: VectorReal, K: Kernel<T>>(kernel: K) -> K::Output {
        // SAFETY: this function has the features, by its own contract.
        unsafe { kernel.run::<T::Vectors<Self>>() }
    }

    fn has_words() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
    }

    #[target_feature(enable = "avx2,popcnt,bmi1,bmi2")]
    unsafe fn enter_words<K: WordKernel>(kernel: K) -> K::Output {
        kernel.run(Avx2Words(()))
    }
}

// SAFETY of every block below: the contract of `Simd` gives the instructions and valid pointers.

impl Simd for Avx2F32 {
    x86_basics!(
        f32,
        __m256,
        _mm256_set1_ps,
        _mm256_loadu_ps,
        _mm256_storeu_ps,
        _mm256_add_ps,
        _mm256_sub_ps,
        _mm256_mul_ps,
        _mm256_fmadd_ps,
        _mm256_fnmadd_ps,
        interleaved_f32,
        _mm256_stream_ps
    );
    const PANEL_VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn max_abs(a: __m256, b: __m256) -> __m256 {
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_ps(-0.0);
            _mm256_max_ps(_mm256_andnot_ps(sign, a), _mm256_andnot_ps(sign, b))
        }
    }
    #[inline(always)]
    unsafe fn unzip(low: __m256, high: __m256) -> (__m256, __m256) {
        // SAFETY: see above.
        unsafe {
            // Within 128-bit halves: (0 2 8 10 | 4 6 12 14); then the 64-bit quarters go to their places.
            let even = _mm256_castps_pd(_mm256_shuffle_ps::<0b10_00_10_00>(low, high));
            let odd = _mm256_castps_pd(_mm256_shuffle_ps::<0b11_01_11_01>(low, high));
            (
                _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(even)),
                _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(odd)),
            )
        }
    }
    #[inline(always)]
    unsafe fn exchange<const BIT: u32>(low: __m256, high: __m256) -> (__m256, __m256) {
        // SAFETY: see above.
        unsafe {
            if BIT > 0 {
                return (
                    _mm256_permute2f128_ps::<0x20>(low, high),
                    _mm256_permute2f128_ps::<0x31>(low, high),
                );
            }
            let (low, high) = (_mm256_castps_pd(low), _mm256_castps_pd(high));
            (
                _mm256_castpd_ps(_mm256_unpacklo_pd(low, high)),
                _mm256_castpd_ps(_mm256_unpackhi_pd(low, high)),
            )
        }
    }
    #[inline(always)]
    unsafe fn ordered_parts(low: __m256, high: __m256, order: &Order) -> (__m256, __m256) {
        // SAFETY: see above; the tables hold sixteen numbers, of which eight are read.
        unsafe {
            (
                picked_f32(low, high, order.re.as_ptr()),
                picked_f32(low, high, order.im.as_ptr()),
            )
        }
    }
}

/// Eight of the sixteen lanes of two vectors.
#[inline(always)]
unsafe fn picked_f32(low: __m256, high: __m256, places: *const u32) -> __m256 {
    // SAFETY: see above.
    unsafe {
        let places = _mm256_loadu_si256(places.cast());
        let from_high = _mm256_castsi256_ps(_mm256_cmpgt_epi32(places, _mm256_set1_epi32(7)));
        _mm256_blendv_ps(
            _mm256_permutevar8x32_ps(low, places),
            _mm256_permutevar8x32_ps(high, places),
            from_high,
        )
    }
}

#[inline(always)]
unsafe fn interleaved_f32(re: __m256, im: __m256) -> (__m256, __m256) {
    // SAFETY: see above.
    unsafe {
        let (low, high) = (_mm256_unpacklo_ps(re, im), _mm256_unpackhi_ps(re, im));
        (
            _mm256_permute2f128_ps::<0x20>(low, high),
            _mm256_permute2f128_ps::<0x31>(low, high),
        )
    }
}

#[inline(always)]
unsafe fn interleaved_f64(re: __m256d, im: __m256d) -> (__m256d, __m256d) {
    // SAFETY: see above.
    unsafe {
        let (low, high) = (_mm256_unpacklo_pd(re, im), _mm256_unpackhi_pd(re, im));
        (
            _mm256_permute2f128_pd::<0x20>(low, high),
            _mm256_permute2f128_pd::<0x31>(low, high),
        )
    }
}

impl Simd for Avx2F64 {
    x86_basics!(
        f64,
        __m256d,
        _mm256_set1_pd,
        _mm256_loadu_pd,
        _mm256_storeu_pd,
        _mm256_add_pd,
        _mm256_sub_pd,
        _mm256_mul_pd,
        _mm256_fmadd_pd,
        _mm256_fnmadd_pd,
        interleaved_f64,
        _mm256_stream_pd
    );
    const PANEL_VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn max_abs(a: __m256d, b: __m256d) -> __m256d {
        // SAFETY: see above.
        unsafe {
            let sign = _mm256_set1_pd(-0.0);
            _mm256_max_pd(_mm256_andnot_pd(sign, a), _mm256_andnot_pd(sign, b))
        }
    }
    #[inline(always)]
    unsafe fn unzip(low: __m256d, high: __m256d) -> (__m256d, __m256d) {
        // SAFETY: see above.
        unsafe {
            (
                _mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_unpacklo_pd(low, high)),
                _mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_unpackhi_pd(low, high)),
            )
        }
    }
    #[inline(always)]
    unsafe fn exchange<const BIT: u32>(low: __m256d, high: __m256d) -> (__m256d, __m256d) {
        // SAFETY: see above.
        unsafe {
            (
                _mm256_permute2f128_pd::<0x20>(low, high),
                _mm256_permute2f128_pd::<0x31>(low, high),
            )
        }
    }
}
