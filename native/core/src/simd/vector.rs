//! Vectors of real numbers: one small interface to the instructions of every level.

use crate::number::Real;

/// Vectors of one real type. Complex numbers are kept as a vector of real and one of imaginary parts.
///
/// # Safety
///
/// Every function needs the instructions of its level (guaranteed inside [`Kernel::run`](super::instructions::Kernel::run)), and pointers that are valid
/// for what it reads or writes. Complex pointers point to interleaved (re, im) pairs; offsets count pairs.
#[allow(clippy::missing_safety_doc)] // one contract for all, above
pub trait Simd: Copy + 'static {
    /// What a lane holds.
    type Real: Real;
    /// A vector of `LANES` reals.
    type Vector: Copy;
    /// Lanes of a vector, at most [`MAX_LANES`].
    const LANES: usize;
    /// Complex numbers in a cache line of 64 bytes.
    const LINE_ITEMS: usize = 64 / size_of::<Self::Real>() / 2;
    /// Vectors of a full panel of the microkernel: as many as its registers allow.
    const PANEL_VECTORS: usize;

    /// Whether a full panel is a pair of vectors.
    const PAIRS: bool = Self::PANEL_VECTORS == 2;

    /// All lanes `value`.
    unsafe fn splat(value: Self::Real) -> Self::Vector;
    /// `LANES` reals in a row.
    unsafe fn load(from: *const Self::Real) -> Self::Vector;
    /// `LANES` reals in a row.
    unsafe fn store(to: *mut Self::Real, value: Self::Vector);
    /// `a + b`.
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a - b`.
    unsafe fn sub(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `a * b`.
    unsafe fn mul(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// `c + a * b`.
    unsafe fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// `c - a * b`.
    unsafe fn mul_sub_from(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
    /// The larger magnitude in each lane.
    unsafe fn max_abs(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Of the `2 * LANES` reals of two vectors, those at even and those at odd places.
    unsafe fn unzip(low: Self::Vector, high: Self::Vector) -> (Self::Vector, Self::Vector);
    /// `LANES` complex numbers in a row, as (re, im).
    #[inline(always)]
    unsafe fn load_complex(from: *const Self::Real) -> (Self::Vector, Self::Vector) {
        // SAFETY: the contract of the trait.
        unsafe { Self::unzip(Self::load(from), Self::load(from.add(Self::LANES))) }
    }
    /// `LANES` complex numbers in a row.
    unsafe fn store_complex(to: *mut Self::Real, re: Self::Vector, im: Self::Vector);
    /// As `store_complex`, with non-temporal stores; `to` must be aligned to 64 bytes.
    #[inline(always)]
    unsafe fn stream_complex(to: *mut Self::Real, re: Self::Vector, im: Self::Vector) {
        // SAFETY: the contract of the trait.
        unsafe { Self::store_complex(to, re, im) }
    }
    /// Complex numbers at `from + offsets[lane]`.
    #[inline(always)]
    unsafe fn gather_complex(from: *const Self::Real, offsets: *const i64) -> (Self::Vector, Self::Vector) {
        // SAFETY: the contract of the trait; the buffers hold LANES <= MAX_LANES reals.
        unsafe {
            let (mut re, mut im) = ([Self::Real::ZERO; MAX_LANES], [Self::Real::ZERO; MAX_LANES]);
            for lane in 0..Self::LANES {
                let pair = from.offset(2 * *offsets.add(lane) as isize);
                re[lane] = *pair;
                im[lane] = *pair.add(1);
            }
            (Self::load(re.as_ptr()), Self::load(im.as_ptr()))
        }
    }
    /// Complex numbers to `to + offsets[lane]`.
    #[inline(always)]
    unsafe fn scatter_complex(to: *mut Self::Real, offsets: *const i64, re: Self::Vector, im: Self::Vector) {
        // SAFETY: the contract of the trait; the buffers hold LANES <= MAX_LANES reals.
        unsafe {
            let (mut re_lanes, mut im_lanes) = ([Self::Real::ZERO; MAX_LANES], [Self::Real::ZERO; MAX_LANES]);
            Self::store(re_lanes.as_mut_ptr(), re);
            Self::store(im_lanes.as_mut_ptr(), im);
            for lane in 0..Self::LANES {
                let pair = to.offset(2 * *offsets.add(lane) as isize);
                *pair = re_lanes[lane];
                *pair.add(1) = im_lanes[lane];
            }
        }
    }
    /// Exchanges complex numbers between two registers: those of `high` whose place has `BIT` clear with those of `low`
    /// whose place has it set.
    #[inline(always)]
    unsafe fn exchange<const BIT: u32>(low: Self::Vector, high: Self::Vector) -> (Self::Vector, Self::Vector) {
        // SAFETY: the contract of the trait; the buffers hold LANES <= MAX_LANES reals.
        unsafe {
            let (mut x, mut y) = ([Self::Real::ZERO; MAX_LANES], [Self::Real::ZERO; MAX_LANES]);
            Self::store(x.as_mut_ptr(), low);
            Self::store(y.as_mut_ptr(), high);
            for item in (0..Self::LANES / 2).filter(|item| item >> BIT & 1 == 1) {
                for part in [2 * item, 2 * item + 1] {
                    std::mem::swap(&mut x[part], &mut y[part - (2 << BIT)]);
                }
            }
            (Self::load(x.as_ptr()), Self::load(y.as_ptr()))
        }
    }
    /// Real and imaginary parts of the complex numbers in two registers, in a given order.
    #[inline(always)]
    unsafe fn ordered_parts(low: Self::Vector, high: Self::Vector, order: &Order) -> (Self::Vector, Self::Vector) {
        // SAFETY: the contract of the trait; the buffers hold 2 * LANES <= 2 * MAX_LANES reals.
        unsafe {
            let mut reals = [Self::Real::ZERO; 2 * MAX_LANES];
            Self::store(reals.as_mut_ptr(), low);
            Self::store(reals.as_mut_ptr().add(Self::LANES), high);
            let re: [Self::Real; MAX_LANES] = std::array::from_fn(|lane| reals[order.re[lane] as usize]);
            let im: [Self::Real; MAX_LANES] = std::array::from_fn(|lane| reals[order.im[lane] as usize]);
            (Self::load(re.as_ptr()), Self::load(im.as_ptr()))
        }
    }
    /// Prefetches the cache line at `address`, which need not be valid, for writing.
    #[inline(always)]
    unsafe fn prefetch(_address: *const Self::Real) {}
    /// Prefetches the cache line at `address`, which need not be valid, for reading.
    #[inline(always)]
    unsafe fn prefetch_read(_address: *const Self::Real) {}
    /// Makes earlier `stream_complex` stores visible to other threads.
    #[inline(always)]
    unsafe fn fence() {}
}

/// The most lanes a vector has at any level.
pub const MAX_LANES: usize = 16;

/// Lanes summed in a fixed order.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
pub unsafe fn sum_of_lanes<S: Simd>(vector: S::Vector) -> S::Real {
    let mut lanes = [S::Real::ZERO; MAX_LANES];
    // SAFETY: the buffer holds LANES <= MAX_LANES reals.
    unsafe { S::store(lanes.as_mut_ptr(), vector) };
    let mut width = S::LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    lanes[0]
}

/// The largest lane.
///
/// # Safety
///
/// As for [`Simd`].
#[inline(always)]
pub unsafe fn largest_lane<S: Simd>(vector: S::Vector) -> S::Real {
    let mut lanes = [S::Real::ZERO; MAX_LANES];
    // SAFETY: the buffer holds LANES <= MAX_LANES reals.
    unsafe { S::store(lanes.as_mut_ptr(), vector) };
    lanes[..S::LANES].iter().fold(
        S::Real::ZERO,
        |largest, lane| if *lane > largest { *lane } else { largest },
    )
}

/// Where the real and the imaginary part of each lane are among the reals of two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Real parts.
    pub re: [u32; MAX_LANES],
    /// Imaginary parts.
    pub im: [u32; MAX_LANES],
}
