//! How large tensors are: each carries a power of two, so that no number of steps underflows or overflows.

use super::accumulate::power_of_two;
use crate::number::Real;

/// The magnitude of a tensor while running: values are its elements times `2^exponent`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Magnitude {
    pub(super) exponent: i64,
    /// Exponent of the largest part among the elements.
    pub(super) largest: i64,
}

/// The power of two that brings a product of two tensors of that size to about 1, as an exponent and as a factor.
pub(super) fn shift_and_scale<T: Real>(largest: i64) -> (i64, T) {
    let most = if size_of::<T>() == 4 { 100 } else { 900 };
    let shift = largest.clamp(-most, most);
    (shift, T::from_f64(power_of_two(-shift)))
}

/// The `e` for which `x` is at least `2^(e-1)` and less than `2^e`; 0 for zero and for what is not finite.
pub fn exponent_of(x: f64) -> i64 {
    if x == 0.0 || !x.is_finite() {
        return 0;
    }
    let biased = (x.to_bits() >> 52) & 0x7ff;
    if biased == 0 {
        return exponent_of(x * power_of_two(64)) - 64;
    }
    biased as i64 - 1022
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_frexp() {
        for (x, exponent) in [
            (1.0, 1),
            (0.5, 0),
            (0.75, 0),
            (3.0, 2),
            (-2.0, 2),
            (0.0, 0),
            (5e-324, -1073),
        ] {
            assert_eq!(exponent_of(f64::abs(x)), exponent, "{x}");
        }
        assert_eq!(exponent_of(f64::NAN), 0);
    }
}
