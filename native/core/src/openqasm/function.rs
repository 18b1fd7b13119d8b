//! The functions of expressions, such as `sin` and `sqrt`.

use super::error::Outcome;
use super::value::{finite, Binary, Type, Value};

/// Functions that expressions may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Sine,
    Cosine,
    Tangent,
    ArcSine,
    ArcCosine,
    ArcTangent,
    Exponential,
    Logarithm,
    SquareRoot,
    Ceiling,
    Floor,
    Modulo,
    Power,
}

impl Function {
    /// The function of that name; both languages' names are known in both.
    pub fn from_name(name: &str) -> Option<Function> {
        Some(match name {
            "sin" => Function::Sine,
            "cos" => Function::Cosine,
            "tan" => Function::Tangent,
            "asin" | "arcsin" => Function::ArcSine,
            "acos" | "arccos" => Function::ArcCosine,
            "atan" | "arctan" => Function::ArcTangent,
            "exp" => Function::Exponential,
            "ln" | "log" => Function::Logarithm,
            "sqrt" => Function::SquareRoot,
            "ceiling" => Function::Ceiling,
            "floor" => Function::Floor,
            "mod" => Function::Modulo,
            "pow" => Function::Power,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Function::Sine => "sin",
            Function::Cosine => "cos",
            Function::Tangent => "tan",
            Function::ArcSine => "arcsin",
            Function::ArcCosine => "arccos",
            Function::ArcTangent => "arctan",
            Function::Exponential => "exp",
            Function::Logarithm => "the logarithm ln",
            Function::SquareRoot => "sqrt",
            Function::Ceiling => "ceiling",
            Function::Floor => "floor",
            Function::Modulo => "mod",
            Function::Power => "pow",
        }
    }

    /// How many values it takes.
    pub fn arity(self) -> usize {
        if matches!(self, Function::Modulo | Function::Power) {
            2
        } else {
            1
        }
    }

    /// Applies a function of two values.
    pub fn apply_two(self, left: Value, right: Value, offset: usize) -> Outcome<Value> {
        let operator = if self == Function::Modulo {
            Binary::Remainder
        } else {
            Binary::Power
        };
        operator.apply(left, right, offset)
    }

    /// Applies a function of one value.
    pub fn apply(self, value: Value, offset: usize) -> Outcome<Value> {
        let Value::Real(x) = Type::Real.convert(value, offset)? else {
            return Ok(value);
        };
        let result = match self {
            Function::Sine => x.sin(),
            Function::Cosine => x.cos(),
            Function::Tangent => x.tan(),
            Function::ArcSine => x.asin(),
            Function::ArcCosine => x.acos(),
            Function::ArcTangent => x.atan(),
            Function::Exponential => x.exp(),
            Function::Logarithm => x.ln(),
            Function::SquareRoot => x.sqrt(),
            Function::Ceiling => x.ceil(),
            Function::Floor => x.floor(),
            Function::Modulo | Function::Power => x,
        };
        finite(result, offset, || format!("{}({value})", self.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_finite_or_refused() {
        assert!(Function::SquareRoot.apply(Value::Real(-1.0), 0).is_err());
        assert!(Function::Logarithm.apply(Value::Integer(0), 0).is_err());
        assert_eq!(Function::Cosine.apply(Value::Integer(0), 0), Ok(Value::Real(1.0)));
    }
}
