//! Angles that depend on the inputs of a file: sums of `input` variables times numbers, and a number.
//!
//! Each expression is kept once and values refer to it by number, so that values stay small. All arithmetic with
//! expressions is here: what does not give such a sum again is refused.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::error::{fault, Outcome, Problem};
use super::function::Function;
use super::limits::{MAX_AFFINE_EXPRESSIONS, MAX_AFFINE_TERMS, MAX_WORK};
use super::value::{finite, Binary, Unary, Value};

/// The parameter of a gate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Angle {
    /// A finite number.
    Number(f64),
    /// The number of an expression of inputs.
    Affine(u32),
}

/// Numbers are finite, so that the words of other reals are free for expressions.
const AFFINE_WORD: u64 = 0x7FF8_0001_0000_0000;

impl Angle {
    /// A word that differs for different angles.
    pub(crate) fn to_bits(self) -> u64 {
        match self {
            Angle::Number(number) => number.to_bits(),
            Angle::Affine(place) => AFFINE_WORD | u64::from(place),
        }
    }

    /// The angle of a word.
    pub(crate) fn from_bits(word: u64) -> Self {
        match word & !u64::from(u32::MAX) {
            AFFINE_WORD => Angle::Affine(word as u32),
            _ => Angle::Number(f64::from_bits(word)),
        }
    }

    /// The angle as a value.
    pub(crate) fn value(self) -> Value {
        match self {
            Angle::Number(number) => Value::Real(number),
            Angle::Affine(place) => Value::Affine(place),
        }
    }
}

/// A sum of inputs times numbers, and a number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Affine {
    /// Inputs, by number in order of their declaration, ascending, each with its factor, which is not zero.
    pub terms: Vec<(u32, f64)>,
    /// The number that is added.
    pub constant: f64,
}

/// The expressions so far.
#[derive(Debug, Default)]
pub(crate) struct AffineTable {
    expressions: Vec<Affine>,
    places: HashMap<Rc<[u64]>, u32>,
    terms: usize,
    work: u64,
}

impl AffineTable {
    /// The value of an input.
    pub fn input(&mut self, number: u32, offset: usize) -> Outcome<Value> {
        self.keep(
            Affine {
                terms: vec![(number, 1.0)],
                constant: 0.0,
            },
            offset,
        )
    }

    /// Applies an operator before a value.
    pub fn unary(&mut self, operator: Unary, value: Value, offset: usize) -> Outcome<Value> {
        match operator {
            Unary::Plus => Ok(value),
            Unary::Negate => self.scaled(value, -1.0, offset),
            Unary::Not | Unary::Complement => Err(not_affine(offset)),
        }
    }

    /// Applies an operator between values, of which at least one is an expression.
    pub fn binary(&mut self, operator: Binary, left: Value, right: Value, offset: usize) -> Outcome<Value> {
        match (operator, number_of(left), number_of(right)) {
            (Binary::Add, _, _) => self.sum(left, right, 1.0, offset),
            (Binary::Subtract, _, _) => self.sum(left, right, -1.0, offset),
            (Binary::Multiply, Some(factor), None) => self.scaled(right, factor, offset),
            (Binary::Multiply, None, Some(factor)) => self.scaled(left, factor, offset),
            (Binary::Divide, None, Some(divisor)) if divisor != 0.0 => {
                self.map(left, |number| number / divisor, offset)
            }
            (Binary::Divide, None, Some(_)) => Err(fault!(
                offset,
                "an expression of inputs is divided by zero; divide by something else"
            )),
            _ => Err(not_affine(offset)),
        }
    }

    /// Refuses a function of an expression.
    pub fn call(function: Function, offset: usize) -> Problem {
        fault!(
            offset,
            "the function {} of an input is not supported: angles may be sums of inputs times numbers only; declare an input for its value",
            function.name()
        )
    }

    /// The angle times a number.
    pub fn scale(&mut self, angle: Angle, factor: f64, offset: usize) -> Outcome<Angle> {
        match angle {
            Angle::Number(number) => Ok(Angle::Number(number * factor)),
            Angle::Affine(_) => match self.scaled(angle.value(), factor, offset)? {
                Value::Affine(place) => Ok(Angle::Affine(place)),
                value => Ok(Angle::Number(number_of(value).unwrap_or(0.0))),
            },
        }
    }

    /// Adds an expression to a sum that changes in place.
    pub fn add_to(
        &mut self,
        sum: &mut BTreeMap<u32, f64>,
        constant: &mut f64,
        place: u32,
        offset: usize,
    ) -> Outcome<()> {
        self.spend(self.expressions[place as usize].terms.len(), offset)?;
        let Affine { terms, constant: more } = &self.expressions[place as usize];
        for &(input, factor) in terms {
            let factor = sum.get(&input).unwrap_or(&0.0) + factor;
            finite(factor, offset, || "a factor of an input".to_owned())?;
            sum.insert(input, factor);
        }
        *constant += more;
        Ok(())
    }

    /// The expressions, in the order of their numbers.
    pub fn into_expressions(self) -> Vec<Affine> {
        self.expressions
    }

    fn scaled(&mut self, value: Value, factor: f64, offset: usize) -> Outcome<Value> {
        self.map(value, |number| number * factor, offset)
    }

    fn map(&mut self, value: Value, change: impl Fn(f64) -> f64, offset: usize) -> Outcome<Value> {
        let Affine { mut terms, constant } = self.expression_of(value, offset)?;
        for (_, factor) in &mut terms {
            *factor = change(*factor);
        }
        let constant = change(constant);
        self.keep(Affine { terms, constant }, offset)
    }

    /// The left value plus `sign` times the right one.
    fn sum(&mut self, left: Value, right: Value, sign: f64, offset: usize) -> Outcome<Value> {
        let (left, right) = (self.expression_of(left, offset)?, self.expression_of(right, offset)?);
        let mut terms = Vec::with_capacity(left.terms.len() + right.terms.len());
        let mut rest = right.terms.iter().peekable();
        for (input, factor) in left.terms {
            while let Some(&(other, more)) = rest.next_if(|&&(other, _)| other < input) {
                terms.push((other, sign * more));
            }
            let more = rest
                .next_if(|&&(other, _)| other == input)
                .map_or(0.0, |&(_, more)| more);
            terms.push((input, factor + sign * more));
        }
        terms.extend(rest.map(|&(other, more)| (other, sign * more)));
        let constant = left.constant + sign * right.constant;
        self.keep(Affine { terms, constant }, offset)
    }

    fn expression_of(&mut self, value: Value, offset: usize) -> Outcome<Affine> {
        match (value, number_of(value)) {
            (Value::Affine(place), _) => {
                self.spend(self.expressions[place as usize].terms.len(), offset)?;
                Ok(self.expressions[place as usize].clone())
            }
            (_, Some(constant)) => Ok(Affine {
                terms: Vec::new(),
                constant,
            }),
            (_, None) => Err(not_affine(offset)),
        }
    }

    /// The value of an expression: a number where no input is left. A new expression is added.
    fn keep(&mut self, mut expression: Affine, offset: usize) -> Outcome<Value> {
        // Stage 1: drop what is zero; all numbers must be finite.
        expression.terms.retain(|&(_, factor)| factor != 0.0);
        for &(_, number) in &expression.terms {
            finite(number, offset, || "a factor of an input".to_owned())?;
        }
        let constant = finite(expression.constant, offset, || {
            "the number beside the inputs".to_owned()
        })?;
        if expression.terms.is_empty() {
            return Ok(constant);
        }
        // Stage 2: look it up.
        let mut key: Vec<u64> = vec![expression.constant.to_bits()];
        key.extend(
            expression
                .terms
                .iter()
                .flat_map(|&(input, factor)| [u64::from(input), factor.to_bits()]),
        );
        if let Some(&place) = self.places.get(key.as_slice()) {
            return Ok(Value::Affine(place));
        }
        // Stage 3: a new one: check the limits, and add it.
        self.terms += expression.terms.len();
        if self.expressions.len() >= MAX_AFFINE_EXPRESSIONS || self.terms > MAX_AFFINE_TERMS {
            return Err(fault!(
                offset,
                "the file has more than {MAX_AFFINE_EXPRESSIONS} different expressions of inputs, or {MAX_AFFINE_TERMS} terms in them; use fewer inputs"
            ));
        }
        let place = self.expressions.len() as u32;
        self.expressions.push(expression);
        self.places.insert(key.into(), place);
        Ok(Value::Affine(place))
    }

    fn spend(&mut self, terms: usize, offset: usize) -> Outcome<()> {
        self.work += 1 + terms as u64;
        match self.work > MAX_WORK {
            true => Err(fault!(
                offset,
                "the expressions of inputs up to here have more than {MAX_WORK} terms altogether; make them shorter"
            )),
            false => Ok(()),
        }
    }
}

fn number_of(value: Value) -> Option<f64> {
    match value {
        Value::Integer(number) => Some(number as f64),
        Value::Real(number) => Some(number),
        Value::Truth(_) | Value::Duration | Value::Affine(_) => None,
    }
}

fn not_affine(offset: usize) -> Problem {
    fault!(
        offset,
        "this operation on an input is not supported: angles may be sums of inputs times numbers only; declare an input for its value"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Value::{Integer, Real};

    fn shown(table: &AffineTable, value: Value) -> (Vec<(u32, f64)>, f64) {
        match value {
            Value::Affine(place) => {
                let expression = &table.expressions[place as usize];
                (expression.terms.clone(), expression.constant)
            }
            other => (Vec::new(), number_of(other).expect("a number")),
        }
    }

    #[test]
    fn sums_and_multiples_of_inputs_are_kept_once() {
        let mut table = AffineTable::default();
        let (a, b) = (table.input(0, 0).expect("a"), table.input(1, 0).expect("b"));
        let double = table.binary(Binary::Multiply, Integer(2), a, 0).expect("2a");
        let sum = table.binary(Binary::Subtract, double, b, 0).expect("2a-b");
        let sum = table.binary(Binary::Add, Real(0.5), sum, 0).expect("2a-b+0.5");
        assert_eq!(shown(&table, sum), (vec![(0, 2.0), (1, -1.0)], 0.5));
        let again = table.binary(Binary::Divide, double, Integer(2), 0).expect("a");
        assert_eq!(again, a);
        let rest = table.binary(Binary::Subtract, a, again, 0).expect("0");
        assert_eq!(rest, Real(0.0));
        let negative = table.unary(Unary::Negate, sum, 0).expect("-(2a-b+0.5)");
        assert_eq!(shown(&table, negative), (vec![(0, -2.0), (1, 1.0)], -0.5));
    }

    #[test]
    fn what_is_no_sum_of_multiples_is_refused() {
        let mut table = AffineTable::default();
        let (a, b) = (table.input(0, 0).expect("a"), table.input(1, 0).expect("b"));
        for (operator, left, right) in [
            (Binary::Multiply, a, b),
            (Binary::Divide, Real(1.0), a),
            (Binary::Divide, a, Integer(0)),
            (Binary::Power, a, Integer(2)),
            (Binary::Less, a, Real(0.0)),
            (Binary::Add, a, Value::Truth(true)),
            (Binary::Multiply, a, Value::Duration),
        ] {
            assert!(table.binary(operator, left, right, 0).is_err(), "{}", operator.symbol());
        }
        let huge = table.binary(Binary::Multiply, a, Real(1e308), 0).expect("1e308 a");
        assert!(table.binary(Binary::Multiply, huge, Real(10.0), 0).is_err());
    }

    #[test]
    fn angles_have_words() {
        for angle in [
            Angle::Number(-0.5),
            Angle::Number(0.0),
            Angle::Affine(0),
            Angle::Affine(u32::MAX),
        ] {
            assert_eq!(Angle::from_bits(angle.to_bits()), angle);
        }
    }
}
