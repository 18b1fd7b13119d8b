//! Reads the operands of statements, qubits or bits: names of registers and aliases, with indices.

use super::error::{fault, shown, Outcome};
use super::expression::Expression;
use super::lexer::{Kind, Version};
use super::limits::MAX_QUBITS;
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{Base, Index, Operand};
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
        // Stage 1: hardware qubits, and the name.
        self.count_part()?;
        let token = self.token;
        let noun = if qubits { "qubits" } else { "bits" };
        if token.kind == Kind::HardwareQubit && qubits {
            return self.hardware_qubit();
        }
        let expected = if qubits {
            "a register of qubits"
        } else {
            "a register of bits"
        };
        let place = self.place_of_missing();
        self.expect(Kind::Identifier, expected)?;
        let name = self.lexer.text_of(token);
        // Stage 2: what the name stands for. A word that begins a statement means that an operand is missing.
        let base = match (self.scope.find(name), qubits) {
            (Some(Symbol::Qubits(base)), true) | (Some(Symbol::Bits(base)), false) => base,
            (Some(_), _) => {
                return Err(fault!(
                    token.start,
                    "{} is not a register of {noun}; use one that is",
                    shown(name)
                ));
            }
            (None, _) if self.begins_statement(name, place != token.start) => {
                return Err(self.unexpected(expected, name, place))
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

    /// `$3`. Its number is offset past those of registers until their number is known.
    fn hardware_qubit(&mut self) -> Outcome<Operand> {
        let token = self.token;
        let number = self.lexer.text_of(token)[1..].parse::<usize>();
        let Some(count) = number
            .ok()
            .and_then(|number| number.checked_add(1))
            .filter(|&count| count <= MAX_QUBITS)
        else {
            return Err(fault!(
                token.start,
                "the hardware qubit {} is out of range; use numbers from 0 to {}",
                self.token_shown(),
                MAX_QUBITS - 1
            ));
        };
        self.num_hardware_qubits = self.num_hardware_qubits.max(count);
        if self.num_qubits + self.num_hardware_qubits > MAX_QUBITS {
            return Err(fault!(
                token.start,
                "the file uses {} qubits of registers and {} hardware qubits, but at most {MAX_QUBITS} together are allowed; use fewer",
                self.num_qubits,
                self.num_hardware_qubits
            ));
        }
        self.advance()?;
        if self.token.kind == Kind::LeftBracket {
            return Err(fault!(
                self.token.start,
                "a hardware qubit is one qubit and has no index; remove it"
            ));
        }
        Ok(Operand {
            offset: token.start,
            base: Base::Register {
                start: MAX_QUBITS + count - 1,
                length: 1,
                single: true,
            },
            indices: Vec::new(),
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
