//! Reads which qubits or bits a statement is about: names of registers and aliases, with indices.

use super::error::{fault, shown, Outcome};
use super::expression::Expression;
use super::lexer::{Kind, Version};
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{Index, Operand};
use super::value::Value;

impl Parser<'_> {
    /// `q[0], r, s[1:3]`
    pub(crate) fn operands(&mut self) -> Outcome<Vec<Operand>> {
        let mut operands = Vec::with_capacity(2);
        loop {
            operands.push(self.operand_of(true)?);
            if !self.accept(Kind::Comma)? {
                return Ok(operands);
            }
        }
    }

    /// A register or alias of qubits, or a register of bits, with its indices.
    pub(crate) fn operand_of(&mut self, qubits: bool) -> Outcome<Operand> {
        self.count_part()?;
        let token = self.token;
        let noun = if qubits { "qubits" } else { "bits" };
        if token.kind == Kind::HardwareQubit {
            return Err(super::unsupported::fault("a hardware qubit ('$')", token.start));
        }
        let wanted = if qubits {
            "a register of qubits"
        } else {
            "a register of bits"
        };
        self.expect(Kind::Identifier, wanted)?;
        let name = self.lexer.text_of(token);
        let base = match (self.scope.find(name), qubits) {
            (Some(Symbol::Qubits(base)), true) | (Some(Symbol::Bits(base)), false) => base,
            (Some(_), _) => {
                return Err(fault!(
                    token.start,
                    "{} is not a register of {noun}; use one that is",
                    shown(name)
                ));
            }
            (None, _) => {
                return Err(fault!(
                    token.start,
                    "the register {} is not known; declare it before using it, as in '{}'",
                    shown(name),
                    match (self.lexer.version, qubits) {
                        (Version::Two, true) => "qreg q[2];",
                        (Version::Two, false) => "creg c[2];",
                        (Version::Three, true) => "qubit[2] q;",
                        (Version::Three, false) => "bit[2] c;",
                    }
                ));
            }
        };
        Ok(Operand {
            offset: token.start,
            base,
            indices: self.indices()?,
        })
    }

    pub(crate) fn indices(&mut self) -> Outcome<Vec<Index>> {
        let mut indices = Vec::new();
        while self.token.kind == Kind::LeftBracket {
            self.advance()?;
            let index = match self.lexer.version {
                Version::Two => self.plain_index()?,
                Version::Three if self.token.kind == Kind::LeftBrace => Index::Set(self.set()?),
                Version::Three => self.index_or_range()?,
            };
            indices.push(index);
            self.expect(Kind::RightBracket, "']' after an index")?;
            if indices.len() > 64 {
                return Err(fault!(
                    self.token.start,
                    "an operand has more than 64 indices; use fewer"
                ));
            }
        }
        Ok(indices)
    }

    fn plain_index(&mut self) -> Outcome<Index> {
        let token = self.expect(Kind::Integer, "a qubit's or bit's number")?;
        let number = Value::Integer(self.integer_literal(token)?);
        Ok(Index::At(Expression::of_constant(number, token.start)))
    }

    pub(crate) fn index_or_range(&mut self) -> Outcome<Index> {
        let offset = self.token.start;
        let ends = |kind| matches!(kind, Kind::Colon | Kind::RightBracket);
        let mut parts: Vec<Option<Expression>> = Vec::with_capacity(1);
        loop {
            parts.push(if ends(self.token.kind) {
                None
            } else {
                Some(self.expression()?)
            });
            if parts.len() == 3 || !self.accept(Kind::Colon)? {
                break;
            }
        }
        let last = parts.pop().flatten();
        Ok(match (parts.pop(), parts.pop()) {
            (None, _) => match last {
                Some(expression) => Index::At(expression),
                None => {
                    return Err(fault!(
                        offset,
                        "an index is missing between '[' and ']'; write a number or a range"
                    ))
                }
            },
            (Some(start), None) => Index::Range {
                start,
                step: None,
                stop: last,
                offset,
            },
            (Some(step), Some(start)) => Index::Range {
                start,
                step,
                stop: last,
                offset,
            },
        })
    }

    /// `{1, 2, 4}`
    pub(crate) fn set(&mut self) -> Outcome<Vec<Expression>> {
        self.expect(Kind::LeftBrace, "'{'")?;
        let mut members = Vec::new();
        while self.token.kind != Kind::RightBrace {
            members.push(self.expression()?);
            if !self.accept(Kind::Comma)? {
                break;
            }
        }
        self.expect(Kind::RightBrace, "'}' or ',' in a set")?;
        Ok(members)
    }
}
