//! 128-bit vectors of 64-bit Arm, where every processor has them.

use super::instructions::{Instructions, Kernel, VectorReal, WordKernel};
use super::vector::{Order, Simd};
use super::words::Words;
use std::arch::aarch64::*;

/// The vectors of Advanced SIMD.
#[derive(Clone, Copy, Debug)]
pub struct Neon;

/// Sets of bits, counted by `cnt`, to which compilers turn counting the bits of a word.
#[derive(Clone, Copy, Debug)]
pub struct NeonWords(());

impl Words for NeonWords {}

impl Instructions for Neon {
    type F32 = NeonF32;
    type F64 = NeonF64;

    fn available() -> bool {
        std::arch::is_aarch64_feature_detected!("neon")
    }

    #[target_feature(enable = "neon")]
    unsafe fn enter<T: VectorReal, K: Kernel<T>>(kernel: K) -> K::Output {
        // SAFETY: this function has the features, by its own contract.
        unsafe { kernel.run::<T::Vectors<Self>>() }
    }

    fn has_words() -> bool {
        Self::available()
    }

    #[target_feature(enable = "neon")]
    unsafe fn enter_words<K: WordKernel>(kernel: K) -> K::Output {
        kernel.run(NeonWords(()))
    }
}

/// Four lanes of `f32`.
#[derive(Clone, Copy, Debug)]
pub struct NeonF32;

/// Two lanes of `f64`.
#[derive(Clone, Copy, Debug)]
pub struct NeonF64;

// SAFETY of every block below: the contract of `Simd` gives the instructions and valid pointers.

/// Code that differs between the number types only by the names of intrinsics. There are 32 registers: room for a pair of
/// vectors in a panel.
macro_rules! neon_basics {
    ($real:ty, $vector:ty, $pair:ident, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident,
        $fma:ident, $fms:ident, $max:ident, $abs:ident, $even:ident, $odd:ident, $load_pairs:ident, $store_pairs:ident) => {
        type Real = $real;
        type Vector = $vector;
        const LANES: usize = size_of::<$vector>() / size_of::<$real>();
        const PANEL_VECTORS: usize = 2;

        #[inline(always)]
        unsafe fn splat(value: $real) -> $vector {
            // SAFETY: see above.
            unsafe { $splat(value) }
        }
        #[inline(always)]
        unsafe fn load(from: *const $real) -> $vector {
            // SAFETY: see above.
            unsafe { $load(from) }
        }
        #[inline(always)]
        unsafe fn store(to: *mut $real, value: $vector) {
            // SAFETY: see above.
            unsafe { $store(to, value) }
        }
        #[inline(always)]
        unsafe fn add(a: $vector, b: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $add(a, b) }
        }
        #[inline(always)]
        unsafe fn sub(a: $vector, b: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $sub(a, b) }
        }
        #[inline(always)]
        unsafe fn mul(a: $vector, b: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $mul(a, b) }
        }
        #[inline(always)]
        unsafe fn mul_add(a: $vector, b: $vector, c: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $fma(c, a, b) }
        }
        #[inline(always)]
        unsafe fn mul_sub_from(a: $vector, b: $vector, c: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $fms(c, a, b) }
        }
        #[inline(always)]
        unsafe fn max_abs(a: $vector, b: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $max($abs(a), $abs(b)) }
        }
        #[inline(always)]
        unsafe fn unzip(low: $vector, high: $vector) -> ($vector, $vector) {
            // SAFETY: see above.
            unsafe { ($even(low, high), $odd(low, high)) }
        }
        #[inline(always)]
        unsafe fn load_complex(from: *const $real) -> ($vector, $vector) {
            // SAFETY: see above.
            unsafe {
                let $pair(re, im) = $load_pairs(from);
                (re, im)
            }
        }
        #[inline(always)]
        unsafe fn store_complex(to: *mut $real, re: $vector, im: $vector) {
            // SAFETY: see above.
            unsafe { $store_pairs(to, $pair(re, im)) }
        }
    };
}

impl Simd for NeonF32 {
    neon_basics!(
        f32,
        float32x4_t,
        float32x4x2_t,
        vdupq_n_f32,
        vld1q_f32,
        vst1q_f32,
        vaddq_f32,
        vsubq_f32,
        vmulq_f32,
        vfmaq_f32,
        vfmsq_f32,
        vmaxq_f32,
        vabsq_f32,
        vuzp1q_f32,
        vuzp2q_f32,
        vld2q_f32,
        vst2q_f32
    );

    #[inline(always)]
    unsafe fn exchange<const BIT: u32>(low: float32x4_t, high: float32x4_t) -> (float32x4_t, float32x4_t) {
        // A register holds two complex numbers, so that there is one bit to exchange by.
        // SAFETY: see above.
        unsafe {
            let (low, high) = (vreinterpretq_f64_f32(low), vreinterpretq_f64_f32(high));
            (
                vreinterpretq_f32_f64(vzip1q_f64(low, high)),
                vreinterpretq_f32_f64(vzip2q_f64(low, high)),
            )
        }
    }
    #[inline(always)]
    unsafe fn ordered_parts(low: float32x4_t, high: float32x4_t, order: &Order) -> (float32x4_t, float32x4_t) {
        // SAFETY: see above; the tables hold sixteen numbers, of which four are read.
        unsafe {
            let both = uint8x16x2_t(vreinterpretq_u8_f32(low), vreinterpretq_u8_f32(high));
            (picked(both, order.re.as_ptr()), picked(both, order.im.as_ptr()))
        }
    }
}

/// Four of the eight numbers of 32 bits in two registers.
#[inline(always)]
unsafe fn picked(both: uint8x16x2_t, places: *const u32) -> float32x4_t {
    // SAFETY: see above.
    unsafe {
        // Byte k of the number at place p is byte 4 p + k.
        let bytes = vmlaq_u32(vdupq_n_u32(0x0302_0100), vld1q_u32(places), vdupq_n_u32(0x0404_0404));
        vreinterpretq_f32_u8(vqtbl2q_u8(both, vreinterpretq_u8_u32(bytes)))
    }
}

impl Simd for NeonF64 {
    neon_basics!(
        f64,
        float64x2_t,
        float64x2x2_t,
        vdupq_n_f64,
        vld1q_f64,
        vst1q_f64,
        vaddq_f64,
        vsubq_f64,
        vmulq_f64,
        vfmaq_f64,
        vfmsq_f64,
        vmaxq_f64,
        vabsq_f64,
        vuzp1q_f64,
        vuzp2q_f64,
        vld2q_f64,
        vst2q_f64
    );
}
