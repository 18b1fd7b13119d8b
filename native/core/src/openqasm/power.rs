//! Powers of gates: the meaning of nested `inv @` and `pow(k) @`.
//!
//! Integer powers multiply: (Uᵃ)ᵏ = Uᵃᵏ for integer k. A fractional power is the principal one (phases of eigenvalues
//! in (-π, π]), and (Uᵃ)ᵏ may then differ from Uᵃᵏ; so a list of exponents is kept, the innermost first.

use super::error::{fault, Outcome};
use super::expression::Names;
use super::syntax::Modifier;

/// Exponents applied in order; every one but the first is a fraction. An empty list is the gate itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Powers(pub Vec<f64>);

/// Exponents beyond this are not distinguished from their neighbours (2^53 = 9.007e15).
const LARGEST_EXPONENT: f64 = 9.0e15;

impl Powers {
    /// Applies a modifier; controls change no power.
    pub fn modify(&mut self, modifier: &Modifier, names: Names<'_>) -> Outcome<()> {
        match modifier {
            Modifier::Control { .. } => Ok(()),
            Modifier::Inverse => {
                self.raise(-1.0);
                Ok(())
            }
            Modifier::Power(exponent) => {
                let power = exponent.number(names)?;
                self.raise(power);
                match self.0.iter().all(|power| power.abs() <= LARGEST_EXPONENT) && self.0.len() <= 16 {
                    true => Ok(()),
                    false => Err(fault!(
                        exponent.offset,
                        "the exponent {power:?} is too large, or one of too many; use exponents below 9e15 and at most 16 fractional ones"
                    )),
                }
            }
        }
    }

    /// Raises to a further power.
    pub fn raise(&mut self, power: f64) {
        let exponents = &mut self.0;
        match exponents.last().copied() {
            None => exponents.push(power),
            Some(last) if power.fract() == 0.0 => {
                exponents.pop();
                // A product that is an integer is multiplied into the exponent below it.
                match last * power {
                    product if product.fract() == 0.0 && !exponents.is_empty() => self.raise(product),
                    product => exponents.push(product),
                }
            }
            Some(_) => exponents.push(power),
        }
        if self.0.contains(&0.0) {
            // U to the power 0, and every power of it, is the identity.
            self.0 = vec![0.0];
        } else if self.0 == [1.0] {
            self.0.clear();
        }
    }

    /// The exponent, where it is one integer.
    pub fn integer(&self) -> Option<i64> {
        match self.0.as_slice() {
            [] => Some(1),
            [power] if power.fract() == 0.0 => Some(*power as i64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(exponents: &[f64]) -> Vec<f64> {
        let mut powers = Powers::default();
        exponents.iter().for_each(|&power| powers.raise(power));
        powers.0
    }

    #[test]
    fn integer_powers_multiply_and_fractions_are_kept_apart() {
        assert_eq!(chain(&[-1.0, -1.0]), [0.0; 0]);
        assert_eq!(chain(&[2.0, 0.5]), [2.0, 0.5]);
        assert_eq!(chain(&[0.5, 2.0]), [0.0; 0]);
        assert_eq!(chain(&[0.5, -1.0]), [-0.5]);
        assert_eq!(chain(&[2.0, 0.25, 4.0, 3.0]), [6.0]);
        assert_eq!(chain(&[2.0, 0.25, 8.0]), [4.0]);
        assert_eq!(chain(&[0.5, 0.0, 0.3]), [0.0]);
    }
}
