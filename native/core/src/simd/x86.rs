//! Code that the vectors of x86 share for all widths and number types.

/// The types, the number of lanes and the functions of [`Simd`](super::vector::Simd) that need nothing but the names of
/// a few intrinsics. `$interleaved` gives the two vectors of (re, im) pairs that `$stream` and `$store` write.
macro_rules! x86_basics {
    ($real:ty, $vector:ty, $splat:ident, $load:ident, $store:ident, $add:ident, $sub:ident, $mul:ident, $fmadd:ident,
        $fnmadd:ident, $interleaved:ident, $stream:ident) => {
        type Real = $real;
        type Vector = $vector;
        const LANES: usize = size_of::<$vector>() / size_of::<$real>();

        // SAFETY of every block below: the contract of `Simd` gives the instructions and valid pointers.
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
            unsafe { $fmadd(a, b, c) }
        }
        #[inline(always)]
        unsafe fn mul_sub_from(a: $vector, b: $vector, c: $vector) -> $vector {
            // SAFETY: see above.
            unsafe { $fnmadd(a, b, c) }
        }
        #[inline(always)]
        unsafe fn store_complex(to: *mut $real, re: $vector, im: $vector) {
            // SAFETY: see above.
            unsafe {
                let (low, high) = $interleaved(re, im);
                $store(to, low);
                $store(to.add(Self::LANES), high);
            }
        }
        #[inline(always)]
        unsafe fn stream_complex(to: *mut $real, re: $vector, im: $vector) {
            // SAFETY: see above; the place is aligned.
            unsafe {
                let (low, high) = $interleaved(re, im);
                $stream(to, low);
                $stream(to.add(Self::LANES), high);
            }
        }
        #[inline(always)]
        unsafe fn prefetch(address: *const $real) {
            // SAFETY: see above; a prefetch never faults.
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(address.cast()) }
        }
        #[inline(always)]
        unsafe fn prefetch_read(address: *const $real) {
            // SAFETY: see above; a prefetch never faults.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
        }
        #[inline(always)]
        unsafe fn fence() {
            // SAFETY: see above.
            unsafe { _mm_sfence() }
        }
    };
}

pub(super) use x86_basics;
