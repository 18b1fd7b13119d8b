//! Sums of slices that have the same bits however the slices are divided among workers.
//!
//! Slices are added along a fixed binary tree over slice numbers: node `(level, index)` covers the numbers
//! `index << level .. (index + 1) << level` and is the sum of its two halves. What lies outside the range asked for is
//! left out. So the sum over an aligned block has the same bits whichever worker computes it, and blocks add up to the same bits
//! as one run over all of them. Rounding errors grow with the logarithm of the number of slices, not with the number.

use crate::number::Complex;
use std::collections::HashMap;

/// A partial sum: `values * 2^exponent`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaled {
    /// Mantissas.
    pub values: Vec<Complex<f64>>,
    /// Exponent of all of them; `None` if all are 0.
    pub exponent: Option<i64>,
}

impl Scaled {
    /// Zeros.
    pub fn zeros(len: usize) -> Self {
        Self {
            values: vec![Complex::new(0.0, 0.0); len],
            exponent: None,
        }
    }

    /// Raises the exponent to at least `exponent`; returns the factor on values of that exponent.
    pub fn make_room(&mut self, exponent: i64) -> f64 {
        match self.exponent {
            Some(ours) if ours >= exponent => power_of_two(exponent - ours),
            Some(ours) => {
                let scale = power_of_two(ours - exponent);
                for x in &mut self.values {
                    *x = Complex::new(x.re * scale, x.im * scale);
                }
                self.exponent = Some(exponent);
                1.0
            }
            None => {
                self.exponent = Some(exponent);
                1.0
            }
        }
    }

    /// Adds `other`, which has the same length, to this.
    ///
    /// Both are brought to the larger exponent; powers of two are exact, so only the addition rounds.
    pub fn add(&mut self, other: &Self) {
        let Some(theirs) = other.exponent else { return };
        let scale = self.make_room(theirs);
        for (x, y) in self.values.iter_mut().zip(&other.values) {
            *x = Complex::new(x.re + y.re * scale, x.im + y.im * scale);
        }
    }
}

/// 2 to the power of `exponent`; 0 where that is too small for an `f64`.
pub fn power_of_two(exponent: i64) -> f64 {
    f64::powi(2.0, exponent.clamp(-1100, 1023) as i32)
}

/// The sum over a range of slices, in any order of arrival.
#[derive(Debug)]
pub struct TreeSum {
    first: u64,
    last: u64,
    waiting: HashMap<(u32, u64), Scaled>,
}

impl TreeSum {
    /// An empty sum over the slices `first..=last`.
    pub fn new(first: u64, last: u64) -> Self {
        Self {
            first,
            last,
            waiting: HashMap::new(),
        }
    }

    /// Level of the lowest node that covers the whole range.
    fn top(&self) -> u32 {
        u64::BITS - (self.first ^ self.last).leading_zeros()
    }

    /// Adds the node `(level, index)`: the sum over its part of the range.
    pub fn insert(&mut self, mut level: u32, mut index: u64, mut sum: Scaled) {
        while level < self.top() {
            let sibling = index ^ 1;
            let (start, end) = (sibling << level, (sibling << level) + ((1 << level) - 1));
            if end >= self.first && start <= self.last {
                let Some(mut other) = self.waiting.remove(&(level, sibling)) else {
                    break;
                };
                if sibling < index {
                    other.add(&sum);
                    sum = other;
                } else {
                    sum.add(&other);
                }
            }
            level += 1;
            index >>= 1;
        }
        self.waiting.insert((level, index), sum);
    }

    /// The complete sum, once every slice of the range is in it.
    pub fn finish(mut self) -> Option<Scaled> {
        let top = self.top();
        self.waiting.remove(&(top, self.first.checked_shr(top).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(x: f64, exponent: i64) -> Scaled {
        Scaled {
            values: vec![Complex::new(x, 0.0)],
            exponent: Some(exponent),
        }
    }

    #[test]
    fn exponents_are_aligned() {
        let mut sum = scaled(1.0, 10);
        sum.add(&scaled(1.0, 8));
        assert_eq!(sum, scaled(1.25, 10));
        sum.add(&scaled(1.0, -5000));
        assert_eq!(sum, scaled(1.25, 10));
    }

    #[test]
    fn zeros_do_not_raise_the_exponent() {
        let mut sum = Scaled::zeros(1);
        sum.add(&scaled(3.0, -4000));
        sum.add(&Scaled::zeros(1));
        assert_eq!(sum, scaled(3.0, -4000));
    }

    fn whole(numbers: impl Iterator<Item = u64>, first: u64, last: u64) -> Scaled {
        let mut sum = TreeSum::new(first, last);
        for number in numbers {
            sum.insert(0, number, scaled(1.0 / (1.0 + number as f64), 0));
        }
        sum.finish().unwrap()
    }

    #[test]
    fn order_of_arrival_does_not_matter() {
        for (first, last) in [(0, 0), (0, 12), (3, 17), (5, 6), (7, 8)] {
            assert_eq!(
                whole(first..=last, first, last),
                whole((first..=last).rev(), first, last)
            );
        }
    }

    #[test]
    fn aligned_blocks_add_up_to_the_same_bits() {
        let mut blocks = TreeSum::new(0, 20);
        for block in [2, 0, 1] {
            let (first, last) = (block * 8, (block * 8 + 7).min(20));
            blocks.insert(3, block, whole(first..=last, first, last));
        }
        assert_eq!(blocks.finish().unwrap(), whole(0..=20, 0, 20));
    }
}
