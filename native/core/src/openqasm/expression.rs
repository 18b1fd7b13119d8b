//! Expressions as code for a small stack machine: how they are kept, and how they are evaluated.
//!
//! An expression without names of parameters or variables is evaluated once, when it is read.

use std::cell::RefCell;

use super::affine::{AffineTable, Angle};
use super::error::{fault, Outcome};
use super::function::Function;
use super::value::{Binary, Type, Unary, Value};

/// One step of the stack machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    Push(Value),
    /// Pushes a parameter of the gate being defined.
    Parameter(u32),
    /// Pushes a variable.
    Variable(u32),
    Unary(Unary),
    Binary(Binary),
    Call(Function),
    Cast(Type),
}

impl Operation {
    /// Number of values it takes from the stack; it pushes one.
    fn arity(self) -> usize {
        match self {
            Operation::Push(_) | Operation::Parameter(_) | Operation::Variable(_) => 0,
            Operation::Unary(_) | Operation::Cast(_) => 1,
            Operation::Binary(_) => 2,
            Operation::Call(function) => function.arity(),
        }
    }
}

/// A step and the byte of the text to blame for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Instruction {
    pub operation: Operation,
    pub offset: usize,
}

/// A value, and where on the way to it a division of two integers left a remainder, if it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evaluated {
    pub value: Value,
    pub cut_division: Option<usize>,
}

/// An expression, and the byte at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    pub offset: usize,
    pub body: Body,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Body {
    Constant(Evaluated),
    Code(Box<[Instruction]>),
}

/// The values that names stand for while an expression is evaluated.
#[derive(Clone, Copy)]
pub(crate) struct Names<'n> {
    pub parameters: &'n [Angle],
    pub variables: &'n [Option<Value>],
    /// Expressions of inputs; None where no name stands for one.
    pub affine: Option<&'n RefCell<AffineTable>>,
}

/// No names: what constants are evaluated with.
pub(crate) const NO_NAMES: Names<'static> = Names {
    parameters: &[],
    variables: &[],
    affine: None,
};

impl Expression {
    /// The expression of a value.
    pub fn of_constant(value: Value, offset: usize) -> Self {
        Expression {
            offset,
            body: Body::Constant(Evaluated {
                value,
                cut_division: None,
            }),
        }
    }

    /// The expression that is a parameter of the gate being defined.
    pub fn of_parameter(place: u32, offset: usize) -> Self {
        let operation = Operation::Parameter(place);
        Expression {
            offset,
            body: Body::Code(Box::new([Instruction { operation, offset }])),
        }
    }

    /// The value as it is assigned to a variable of a type; reals from cut divisions are refused as for parameters.
    pub fn assigned_to(&self, kind: Type, names: Names<'_>) -> Outcome<Value> {
        let value = match kind {
            Type::Real => self.parameter(names)?.value(),
            _ => self.evaluate(names)?.value,
        };
        kind.convert(value, self.offset)
    }

    /// The value.
    pub fn evaluate(&self, names: Names<'_>) -> Outcome<Evaluated> {
        match &self.body {
            Body::Constant(value) => Ok(*value),
            Body::Code(code) => run(code, names),
        }
    }

    /// How many steps an evaluation takes.
    pub fn work(&self) -> u64 {
        match &self.body {
            Body::Constant(_) => 1,
            Body::Code(code) => code.len() as u64,
        }
    }

    /// The value as the parameter of a gate.
    ///
    /// In OpenQASM 3 the quotient of two integers is cut to an integer, so that `rx(1/2)` would be `rx(0)`: more
    /// likely a mistake than intended, and refused.
    pub fn parameter(&self, names: Names<'_>) -> Outcome<Angle> {
        let evaluated = self.evaluate(names)?;
        if let Some(offset) = evaluated.cut_division {
            return Err(fault!(
                offset,
                "this division of two integers leaves a remainder, which OpenQASM 3 drops, so that 1/2 is 0; write one of them as a real number, as in 1.0/2"
            ));
        }
        match evaluated.value {
            Value::Integer(number) => Ok(Angle::Number(number as f64)),
            Value::Real(number) => Ok(Angle::Number(number)),
            Value::Affine(place) => Ok(Angle::Affine(place)),
            other @ (Value::Truth(_) | Value::Duration) => {
                Err(fault!(self.offset, "expected a number, got {other}; write a number"))
            }
        }
    }

    /// The value as a real number that depends on no input: an exponent.
    pub fn number(&self, names: Names<'_>) -> Outcome<f64> {
        match self.parameter(names)? {
            Angle::Number(number) => Ok(number),
            Angle::Affine(_) => Err(fault!(
                self.offset,
                "expected a number, got an input without a value: inputs may be used in angles only; write a number"
            )),
        }
    }

    /// The value as an integer: an index, a size, a bound.
    pub fn integer(&self, names: Names<'_>) -> Outcome<i64> {
        match self.evaluate(names)?.value {
            Value::Integer(number) => Ok(number),
            other => Err(fault!(
                self.offset,
                "expected an integer, got {other}; write an integer, or convert with int(x)"
            )),
        }
    }

    /// The value where it depends on no name.
    pub fn constant(&self) -> Option<Evaluated> {
        match self.body {
            Body::Constant(value) => Some(value),
            Body::Code(_) => None,
        }
    }
}

/// Applies an operator between two values, numbers or expressions of inputs.
pub(crate) fn join(operator: Binary, left: Value, right: Value, names: Names<'_>, offset: usize) -> Outcome<Value> {
    match names.affine {
        Some(table) if is_affine(left) || is_affine(right) => table.borrow_mut().binary(operator, left, right, offset),
        _ => operator.apply(left, right, offset),
    }
}

fn is_affine(value: Value) -> bool {
    matches!(value, Value::Affine(_))
}

/// Runs code that the parser emitted, which gives every operator its values.
pub(crate) fn run(code: &[Instruction], names: Names<'_>) -> Outcome<Evaluated> {
    // Stage 1: a stack of sufficient size: an instruction adds at most one value.
    let mut small = [Value::Integer(0); 16];
    let mut large = Vec::new();
    let stack = if code.len() <= small.len() {
        small.as_mut_slice()
    } else {
        large.resize(code.len(), Value::Integer(0));
        large.as_mut_slice()
    };
    // Stage 2: execute the instructions; remember where a division of integers left a remainder.
    let mut height = 0;
    let mut cut_division = None;
    for &Instruction { operation, offset } in code {
        let values = operation.arity();
        if height < values {
            return Err(fault!(offset, "a value is missing here; complete the expression"));
        }
        height -= values;
        let (first, second) = (stack[height], stack[(height + 1).min(stack.len() - 1)]);
        stack[height] = match operation {
            Operation::Push(value) => value,
            Operation::Parameter(at) => {
                let angle = names.parameters.get(at as usize).copied();
                angle.unwrap_or(Angle::Number(0.0)).value()
            }
            Operation::Variable(at) => names.variables.get(at as usize).copied().flatten().ok_or_else(|| {
                fault!(
                    offset,
                    "this variable is used before it has a value; assign it one first"
                )
            })?,
            Operation::Unary(operator) => match (first, names.affine) {
                (Value::Affine(_), Some(table)) => table.borrow_mut().unary(operator, first, offset)?,
                _ => operator.apply(first, offset)?,
            },
            Operation::Call(function) if is_affine(first) || function.arity() == 2 && is_affine(second) => {
                return Err(AffineTable::call(function, offset));
            }
            Operation::Call(function) if function.arity() == 2 => function.apply_two(first, second, offset)?,
            Operation::Call(function) => function.apply(first, offset)?,
            Operation::Cast(kind) => kind.convert(first, offset)?,
            Operation::Binary(operator) => {
                if let (Binary::Divide, Value::Integer(a), Value::Integer(b)) = (operator, first, second) {
                    if a.checked_rem(b) != Some(0) {
                        cut_division = Some(offset);
                    }
                }
                join(operator, first, second, names, offset)?
            }
        };
        height += 1;
    }
    // Stage 3: exactly one value must be left.
    if height != 1 {
        return Err(fault!(
            code.first().map_or(0, |step| step.offset),
            "an expression is not complete; write a number"
        ));
    }
    Ok(Evaluated {
        value: stack[0],
        cut_division,
    })
}
