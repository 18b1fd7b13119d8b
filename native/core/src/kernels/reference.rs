//! The reference contraction: two nested counters, sums in double precision. Every fast kernel is tested against it.

use crate::number::{larger, Complex, Real};
use crate::program::modes::{volume, Mode};

/// `out = scale * sum(a * b)`; returns the largest magnitude of a real or imaginary part written.
///
/// Every output element is summed on its own, in `f64`, in the order of `modes` (the first one fastest).
pub fn contract<T: Real>(modes: &[Mode], a: &[Complex<T>], b: &[Complex<T>], out: &mut [Complex<T>], scale: T) -> T {
    let (summed, kept): (Vec<Mode>, Vec<Mode>) = modes.iter().copied().partition(|mode| mode.out == 0);
    let mut largest = T::ZERO;
    for point in 0..volume(&kept) {
        let (kept_a, kept_b, kept_out) = offsets(&kept, point);
        let (mut re, mut im) = (0.0, 0.0);
        for term in 0..volume(&summed) {
            let (summed_a, summed_b, _) = offsets(&summed, term);
            let (x, y) = (a[kept_a + summed_a], b[kept_b + summed_b]);
            let (x_re, x_im, y_re, y_im) = (x.re.to_f64(), x.im.to_f64(), y.re.to_f64(), y.im.to_f64());
            re += x_re * y_re - x_im * y_im;
            im += x_re * y_im + x_im * y_re;
        }
        let value = Complex::new(T::from_f64(re * scale.to_f64()), T::from_f64(im * scale.to_f64()));
        largest = larger(larger(largest, value.re.abs()), value.im.abs());
        out[kept_out] = value;
    }
    largest
}

/// Where the point with number `point` (first mode fastest) lies in the three tensors.
pub fn offsets(modes: &[Mode], mut point: usize) -> (usize, usize, usize) {
    let (mut a, mut b, mut out) = (0, 0, 0);
    for mode in modes {
        let digit = point % mode.size;
        point /= mode.size;
        a += digit * mode.a;
        b += digit * mode.b;
        out += digit * mode.out;
    }
    (a, b, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_product_is_what_it_should_be() {
        // [[1, 2], [3, i]] * [[1, 0], [1, 2]] = [[3, 4], [3 + i, 2i]]
        let number = |re: f64, im: f64| Complex::new(re, im);
        let a = [number(1.0, 0.0), number(2.0, 0.0), number(3.0, 0.0), number(0.0, 1.0)];
        let b = [number(1.0, 0.0), number(0.0, 0.0), number(1.0, 0.0), number(2.0, 0.0)];
        let modes = [
            Mode {
                size: 2,
                a: 2,
                b: 0,
                out: 2,
            },
            Mode {
                size: 2,
                a: 0,
                b: 1,
                out: 1,
            },
            Mode {
                size: 2,
                a: 1,
                b: 2,
                out: 0,
            },
        ];
        let mut out = [number(0.0, 0.0); 4];
        let largest = contract(&modes, &a, &b, &mut out, 2.0);
        assert_eq!(
            out,
            [number(6.0, 0.0), number(8.0, 0.0), number(6.0, 2.0), number(0.0, 4.0)]
        );
        assert_eq!(largest, 8.0);
    }
}
