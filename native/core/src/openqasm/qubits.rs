//! Which qubits an operand selects: registers, aliases, indices, ranges and sets.

use std::rc::Rc;

use super::error::{fault, Outcome};
use super::expression::{Expression, Names};
use super::syntax::{Base, Index, Operand};

/// An ordered selection of qubits (or bits).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selection {
    kind: Kind,
    /// One qubit, not a register of one: it is repeated where a gate is broadcast over registers.
    pub single: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Span { start: i64, step: i64, length: usize },
    List(Rc<[u32]>),
}

impl Selection {
    pub fn of_register(start: usize, length: usize, single: bool) -> Self {
        Selection {
            kind: Kind::Span {
                start: start as i64,
                step: 1,
                length,
            },
            single,
        }
    }

    pub fn of_list(qubits: Vec<u32>) -> Self {
        Selection {
            kind: Kind::List(qubits.into()),
            single: false,
        }
    }

    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::Span { length, .. } => *length,
            Kind::List(qubits) => qubits.len(),
        }
    }

    /// The qubit at a place below `len()`.
    pub fn at(&self, place: usize) -> u32 {
        match &self.kind {
            Kind::Span { start, step, .. } => (start + step * place as i64) as u32,
            Kind::List(qubits) => qubits[place],
        }
    }

    /// The part of the selection at an index, a set or a range.
    fn index(&self, index: &Index, names: Names<'_>) -> Outcome<Self> {
        match index {
            Index::At(expression) => {
                let place = self.place(expression, names)?;
                Ok(Selection::of_register(self.at(place) as usize, 1, true))
            }
            Index::Set(members) => {
                let mut qubits = Vec::with_capacity(members.len());
                for member in members {
                    qubits.push(self.at(self.place(member, names)?));
                }
                Ok(Selection::of_list(qubits))
            }
            Index::Range {
                start,
                step,
                stop,
                offset,
            } => {
                // Stage 1: step and ends; open ends are those of the register, negative ones count from its end.
                let length = self.len() as i64;
                let step = match step {
                    Some(step) => step.integer(names)?,
                    None => 1,
                };
                let ends = if step > 0 { (0, length - 1) } else { (length - 1, 0) };
                let end = |given: &Option<Expression>, default: i64| match given {
                    None => Ok(default),
                    Some(given) => given
                        .integer(names)
                        .map(|at| if at < 0 { at.saturating_add(length) } else { at }),
                };
                let (start, stop) = (end(start, ends.0)?, end(stop, ends.1)?);
                // Stage 2: the number of values, all within the register.
                let count = count_of_range(start, step, stop, *offset)?;
                if count == 0 {
                    return Ok(Selection::of_list(Vec::new()));
                }
                let last = start as i128 + (count as i128 - 1) * step as i128;
                if start < 0 || start >= length || last < 0 || last >= length as i128 {
                    return Err(fault!(
                        *offset,
                        "the range goes from {start} to {last}, but this register has {length} qubits or bits, with numbers from 0; correct it"
                    ));
                }
                // Stage 3: a range of a range is a range.
                Ok(match &self.kind {
                    Kind::Span {
                        start: first,
                        step: stride,
                        ..
                    } => Selection {
                        kind: Kind::Span {
                            start: first + stride * start,
                            step: stride * step,
                            length: count as usize,
                        },
                        single: false,
                    },
                    Kind::List(qubits) => Selection::of_list(
                        (0..count as i64)
                            .map(|at| qubits[(start + at * step) as usize])
                            .collect(),
                    ),
                })
            }
        }
    }

    fn place(&self, expression: &Expression, names: Names<'_>) -> Outcome<usize> {
        let given = expression.integer(names)?;
        let length = self.len() as i64;
        if self.single {
            return Err(fault!(
                expression.offset,
                "one qubit or bit is given the index {given}, but it has none; remove it"
            ));
        }
        let place = if given < 0 { given.saturating_add(length) } else { given };
        match usize::try_from(place) {
            Ok(place) if place < self.len() => Ok(place),
            _ => Err(fault!(
                expression.offset,
                "the index {given} is outside a register of length {length}; {}",
                match length {
                    0 => "it has no qubits or bits".to_owned(),
                    _ => format!("use one from 0 to {}", length - 1),
                }
            )),
        }
    }
}

/// Number of values of a range with both ends included.
pub(crate) fn count_of_range(start: i64, step: i64, stop: i64, offset: usize) -> Outcome<u64> {
    if step == 0 {
        return Err(fault!(
            offset,
            "the step of a range is 0; use a positive or negative one"
        ));
    }
    let distance = (stop as i128 - start as i128) * step.signum() as i128;
    if distance < 0 {
        return Ok(0);
    }
    Ok(u64::try_from(distance / (step as i128).abs())
        .unwrap_or(u64::MAX)
        .saturating_add(1))
}

/// The qubits of an operand.
pub(crate) fn select(operand: &Operand, aliases: &[Option<Selection>], names: Names<'_>) -> Outcome<Selection> {
    let mut selection = match operand.base {
        Base::Register { start, length, single } => Selection::of_register(start, length, single),
        Base::Alias(slot) => match aliases.get(slot).cloned().flatten() {
            Some(selection) => selection,
            None => {
                return Err(fault!(
                    operand.offset,
                    "this alias is not set here; set it with 'let' before using it"
                ))
            }
        },
    };
    for index in &operand.indices {
        if selection.single && !matches!(index, Index::At(_)) {
            return Err(fault!(
                operand.offset,
                "one qubit or bit is given a range, but it has no parts; remove it"
            ));
        }
        selection = selection.index(index, names)?;
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_include_both_ends() {
        assert_eq!(count_of_range(0, 1, 3, 0), Ok(4));
        assert_eq!(count_of_range(0, 2, 5, 0), Ok(3));
        assert_eq!(count_of_range(3, -1, 0, 0), Ok(4));
        assert_eq!(count_of_range(3, 1, 0, 0), Ok(0));
        assert_eq!(count_of_range(i64::MIN, 1, i64::MAX, 0), Ok(u64::MAX));
        assert_eq!(count_of_range(i64::MAX, i64::MIN, i64::MIN, 0), Ok(2));
        assert!(count_of_range(0, 0, 3, 0).is_err());
    }
}
