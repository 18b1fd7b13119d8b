//! Classical values and their arithmetic: integers that never wrap, reals that are always finite.
//!
//! OpenQASM 2 knows reals only, so its reader makes no other value. The types `int`, `uint`, `float` and `angle` of
//! OpenQASM 3 are kept with 64 bits; an `angle` is a real number that is not reduced modulo 2π, as the parameters of
//! gates are in practice (`rz` differs by a sign between 0 and 2π).

use std::fmt;

use super::error::{fault, Outcome, Problem};

/// A classical value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    Real(f64),
    Truth(bool),
    /// A span of time. How long it is changes no state, and is not kept.
    Duration,
    /// The number of an expression of inputs; see `affine`.
    Affine(u32),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(number) => write!(formatter, "{number}"),
            Value::Real(number) => write!(formatter, "{number:?}"),
            Value::Truth(truth) => write!(formatter, "{truth}"),
            Value::Duration => write!(formatter, "a duration"),
            Value::Affine(_) => write!(formatter, "an input without a value"),
        }
    }
}

/// A classical type: its kind, and for integers the number of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Signed(u32),
    Unsigned(u32),
    Real,
    Truth,
    Duration,
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Signed(bits) => write!(formatter, "int[{bits}]"),
            Type::Unsigned(bits) => write!(formatter, "uint[{bits}]"),
            Type::Real => write!(formatter, "float"),
            Type::Truth => write!(formatter, "bool"),
            Type::Duration => write!(formatter, "duration"),
        }
    }
}

impl Type {
    /// The value as this type: the meaning of a cast, and of an assignment.
    pub fn convert(self, value: Value, offset: usize) -> Outcome<Value> {
        let refuse = || {
            fault!(
                offset,
                "the value {value} does not fit the type {self}; give a value within its range"
            )
        };
        if (self == Type::Duration) != (value == Value::Duration) {
            return Err(refuse());
        }
        if let Value::Affine(_) = value {
            return match self {
                Type::Real => Ok(value),
                _ => Err(fault!(
                    offset,
                    "an input has no value that could be of the type {self}: inputs may be used in angles only; write its value"
                )),
            };
        }
        Ok(match self {
            Type::Duration => Value::Duration,
            Type::Truth => Value::Truth(match value {
                Value::Truth(truth) => truth,
                Value::Integer(number) => number != 0,
                Value::Real(number) => number != 0.0,
                Value::Duration | Value::Affine(_) => return Err(refuse()),
            }),
            Type::Real => Value::Real(match value {
                Value::Truth(truth) => f64::from(u8::from(truth)),
                Value::Integer(number) => number as f64,
                Value::Real(number) => number,
                Value::Duration | Value::Affine(_) => return Err(refuse()),
            }),
            Type::Signed(bits) => {
                let number = whole(value).ok_or_else(refuse)?;
                let shift = 64 - bits.clamp(1, 64);
                if number << shift >> shift != number {
                    return Err(refuse());
                }
                Value::Integer(number)
            }
            Type::Unsigned(bits) => {
                let number = whole(value).ok_or_else(refuse)?;
                if number < 0 || bits < 63 && number >> bits != 0 {
                    return Err(refuse());
                }
                Value::Integer(number)
            }
        })
    }
}

/// The value as an integer, reals cut towards zero; None where it does not fit.
fn whole(value: Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(number),
        Value::Truth(truth) => Some(i64::from(truth)),
        Value::Real(number) if number.abs() < 9.0e18 => Some(number as i64),
        Value::Real(_) | Value::Duration | Value::Affine(_) => None,
    }
}

/// Operators between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Binary {
    pub fn symbol(self) -> &'static str {
        match self {
            Binary::Add => "+",
            Binary::Subtract => "-",
            Binary::Multiply => "*",
            Binary::Divide => "/",
            Binary::Remainder => "%",
            Binary::Power => "to the power of",
            Binary::BitAnd => "&",
            Binary::BitOr => "|",
            Binary::BitXor => "^",
            Binary::ShiftLeft => "<<",
            Binary::ShiftRight => ">>",
            Binary::And => "&&",
            Binary::Or => "||",
            Binary::Equal => "==",
            Binary::NotEqual => "!=",
            Binary::Less => "<",
            Binary::LessEqual => "<=",
            Binary::Greater => ">",
            Binary::GreaterEqual => ">=",
        }
    }

    /// Applies the operator.
    pub fn apply(self, left: Value, right: Value, offset: usize) -> Outcome<Value> {
        match (self, left, right) {
            (Binary::And, Value::Truth(a), Value::Truth(b)) => Ok(Value::Truth(a && b)),
            (Binary::Or, Value::Truth(a), Value::Truth(b)) => Ok(Value::Truth(a || b)),
            (Binary::Equal, Value::Truth(a), Value::Truth(b)) => Ok(Value::Truth(a == b)),
            (Binary::NotEqual, Value::Truth(a), Value::Truth(b)) => Ok(Value::Truth(a != b)),
            (Binary::Add | Binary::Subtract, Value::Duration, Value::Duration)
            | (Binary::Multiply | Binary::Divide, Value::Duration, Value::Integer(_) | Value::Real(_))
            | (Binary::Multiply, Value::Integer(_) | Value::Real(_), Value::Duration) => Ok(Value::Duration),
            (_, Value::Duration, Value::Duration) => Err(fault!(
                offset,
                "the operator {} between two durations is not supported: how long they are is not kept; write the number",
                self.symbol()
            )),
            (_, Value::Integer(a), Value::Integer(b)) => self.on_integers(a, b, offset),
            (_, Value::Integer(a), Value::Real(b)) => self.on_reals(a as f64, b, offset),
            (_, Value::Real(a), Value::Integer(b)) => self.on_reals(a, b as f64, offset),
            (_, Value::Real(a), Value::Real(b)) => self.on_reals(a, b, offset),
            _ => Err(self.misfit(left, right, offset)),
        }
    }

    fn on_integers(self, a: i64, b: i64, offset: usize) -> Outcome<Value> {
        let small = |count: i64| u32::try_from(count).ok().filter(|&count| count < 64);
        let result = match self {
            Binary::Add => a.checked_add(b),
            Binary::Subtract => a.checked_sub(b),
            Binary::Multiply => a.checked_mul(b),
            Binary::Divide | Binary::Remainder if b == 0 => return Err(self.by_zero(Value::Integer(a), offset)),
            Binary::Divide => a.checked_div(b),
            Binary::Remainder => a.checked_rem(b),
            Binary::Power if b < 0 => return self.on_reals(a as f64, b as f64, offset),
            Binary::Power => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            Binary::BitAnd => Some(a & b),
            Binary::BitOr => Some(a | b),
            Binary::BitXor => Some(a ^ b),
            Binary::ShiftLeft if b == 63 => None,
            Binary::ShiftLeft => small(b).and_then(|b| a.checked_mul(1_i64.checked_shl(b)?)),
            Binary::ShiftRight => small(b).map(|b| a >> b),
            Binary::And | Binary::Or => return Err(self.misfit(Value::Integer(a), Value::Integer(b), offset)),
            Binary::Equal => return Ok(Value::Truth(a == b)),
            Binary::NotEqual => return Ok(Value::Truth(a != b)),
            Binary::Less => return Ok(Value::Truth(a < b)),
            Binary::LessEqual => return Ok(Value::Truth(a <= b)),
            Binary::Greater => return Ok(Value::Truth(a > b)),
            Binary::GreaterEqual => return Ok(Value::Truth(a >= b)),
        };
        result.map(Value::Integer).ok_or_else(|| {
            fault!(
                offset,
                "{a} {} {b} is not an integer of 64 bits; use smaller numbers, or real ones such as {a}.0",
                self.symbol()
            )
        })
    }

    fn on_reals(self, a: f64, b: f64, offset: usize) -> Outcome<Value> {
        let result = match self {
            Binary::Add => a + b,
            Binary::Subtract => a - b,
            Binary::Multiply => a * b,
            Binary::Divide | Binary::Remainder if b == 0.0 => return Err(self.by_zero(Value::Real(a), offset)),
            Binary::Divide => a / b,
            Binary::Remainder => a % b,
            Binary::Power => a.powf(b),
            Binary::Equal => return Ok(Value::Truth(a == b)),
            Binary::NotEqual => return Ok(Value::Truth(a != b)),
            Binary::Less => return Ok(Value::Truth(a < b)),
            Binary::LessEqual => return Ok(Value::Truth(a <= b)),
            Binary::Greater => return Ok(Value::Truth(a > b)),
            Binary::GreaterEqual => return Ok(Value::Truth(a >= b)),
            _ => return Err(self.misfit(Value::Real(a), Value::Real(b), offset)),
        };
        finite(result, offset, || format!("{a:?} {} {b:?}", self.symbol()))
    }

    fn by_zero(self, left: Value, offset: usize) -> Problem {
        fault!(
            offset,
            "{left} {} 0 divides by zero; divide by something else",
            self.symbol()
        )
    }

    fn misfit(self, left: Value, right: Value, offset: usize) -> Problem {
        let hint = match self {
            Binary::BitXor => "; use ** for powers",
            _ => "; convert one of them, as in float(x), int(x) or bool(x)",
        };
        fault!(
            offset,
            "the operator {} does not join {left} and {right}{hint}",
            self.symbol()
        )
    }
}

/// Operators before one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Plus,
    Negate,
    Not,
    Complement,
}

impl Unary {
    /// Applies the operator.
    pub fn apply(self, value: Value, offset: usize) -> Outcome<Value> {
        match (self, value) {
            (Unary::Plus, Value::Integer(_) | Value::Real(_)) | (Unary::Plus | Unary::Negate, Value::Duration) => {
                Ok(value)
            }
            (Unary::Negate, Value::Integer(number)) => number.checked_neg().map(Value::Integer).ok_or_else(|| {
                fault!(
                    offset,
                    "the negative of {number} is not an integer of 64 bits; use a smaller number"
                )
            }),
            (Unary::Negate, Value::Real(number)) => Ok(Value::Real(-number)),
            (Unary::Not, Value::Truth(truth)) => Ok(Value::Truth(!truth)),
            (Unary::Complement, Value::Integer(number)) => Ok(Value::Integer(!number)),
            _ => {
                let symbol = match self {
                    Unary::Plus => "+",
                    Unary::Negate => "-",
                    Unary::Not => "!",
                    Unary::Complement => "~",
                };
                Err(fault!(
                    offset,
                    "the operator {symbol} does not apply to {value}; convert the value first, as in int(x) or bool(x)"
                ))
            }
        }
    }
}

/// The result as a value, or a fault that names the operation.
pub(crate) fn finite(result: f64, offset: usize, what: impl Fn() -> String) -> Outcome<Value> {
    if result.is_finite() {
        return Ok(Value::Real(result));
    }
    let outcome = if result.is_nan() {
        "not a real number"
    } else {
        "too large for a number of 64 bits"
    };
    Err(fault!(
        offset,
        "{} is {outcome}; give values for which it is finite",
        what()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Value::{Integer, Real, Truth};

    #[test]
    fn integers_stay_integers_and_never_wrap() {
        assert_eq!(Binary::Divide.apply(Integer(7), Integer(2), 0), Ok(Integer(3)));
        assert_eq!(Binary::Power.apply(Integer(2), Integer(10), 0), Ok(Integer(1024)));
        assert_eq!(Binary::Power.apply(Integer(2), Integer(-1), 0), Ok(Real(0.5)));
        assert_eq!(Binary::ShiftLeft.apply(Integer(3), Integer(2), 0), Ok(Integer(12)));
        for (operator, a, b) in [
            (Binary::Add, i64::MAX, 1),
            (Binary::Multiply, i64::MAX, 2),
            (Binary::Power, 9, 99),
            (Binary::Divide, i64::MIN, -1),
            (Binary::Remainder, i64::MIN, -1),
            (Binary::Divide, 1, 0),
            (Binary::Remainder, 1, 0),
            (Binary::ShiftLeft, 1, 63),
            (Binary::ShiftLeft, 1, 64),
            (Binary::ShiftRight, 1, -1),
        ] {
            assert!(
                operator.apply(Integer(a), Integer(b), 0).is_err(),
                "{a} {} {b}",
                operator.symbol()
            );
        }
    }

    #[test]
    fn reals_stay_finite() {
        assert!(Binary::Power.apply(Real(9.0), Real(1e9), 0).is_err());
        assert!(Binary::Divide.apply(Real(1.0), Real(0.0), 0).is_err());
    }

    #[test]
    fn types_keep_their_range() {
        assert_eq!(Type::Unsigned(8).convert(Integer(255), 0), Ok(Integer(255)));
        assert!(Type::Unsigned(8).convert(Integer(256), 0).is_err());
        assert!(Type::Unsigned(8).convert(Integer(-1), 0).is_err());
        assert_eq!(Type::Signed(8).convert(Real(-127.9), 0), Ok(Integer(-127)));
        assert!(Type::Signed(8).convert(Integer(128), 0).is_err());
        assert!(Type::Signed(64).convert(Real(1e19), 0).is_err());
        assert_eq!(Type::Truth.convert(Integer(2), 0), Ok(Truth(true)));
    }
}
