//! Reads the statements that are no gates: registers, aliases, measurements, variables and loops.

use super::error::{counted, fault, shown, Outcome};
use super::expression::{Evaluated, Expression};
use super::expression_parser::binary_operator;
use super::lexer::{Kind, Version};
use super::limits::{MAX_LOOP_NESTING, MAX_QUBITS};
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{Base, Index, Operand, Statement, Values};
use super::value::Type;

impl<'a> Parser<'a> {
    /// `qreg q[2];` or `creg c[2];`
    pub(crate) fn register(&mut self, of_qubits: bool) -> Outcome<Statement> {
        self.only_outside("a declaration of a register")?;
        self.advance()?;
        let (name, offset) = self.name("the name of a register")?;
        let mut length = None;
        if self.lexer.version == Version::Two || self.token.kind == Kind::LeftBracket {
            length = Some(self.length_in_brackets()?);
        }
        let base = self.allot(of_qubits, length, offset)?;
        self.scope.declare(
            name,
            if of_qubits {
                Symbol::Qubits(base)
            } else {
                Symbol::Bits(base)
            },
            offset,
        )?;
        self.end_of_statement()
    }

    /// `qubit[2] q;`, `bit[2] c;` or `bit[2] c = measure q;`
    pub(crate) fn typed_register(&mut self, of_qubits: bool) -> Outcome<Statement> {
        self.only_outside("a declaration of a register")?;
        self.advance()?;
        let mut length = None;
        if self.token.kind == Kind::LeftBracket {
            length = Some(self.length_in_brackets()?);
        }
        let (name, offset) = self.name("the name of a register")?;
        let base = self.allot(of_qubits, length, offset)?;
        self.scope.declare(
            name,
            if of_qubits {
                Symbol::Qubits(base)
            } else {
                Symbol::Bits(base)
            },
            offset,
        )?;
        if of_qubits || self.token.kind != Kind::Equal {
            return self.end_of_statement();
        }
        self.advance()?;
        if self.token.kind == Kind::Text {
            // A first value of bits has no effect: nothing may read them.
            self.advance()?;
            return self.end_of_statement();
        }
        if self.token.kind == Kind::Identifier && self.lexer.text_of(self.token) == "measure" {
            return self.measurement_into(Operand {
                offset,
                base,
                indices: Vec::new(),
            });
        }
        self.expression()?;
        self.end_of_statement()
    }

    fn length_in_brackets(&mut self) -> Outcome<usize> {
        self.expect(Kind::LeftBracket, "'[' and the length of the register")?;
        let offset = self.token.start;
        let length = self.constant_integer("the length of the register")?;
        self.expect(Kind::RightBracket, "']' after the length of the register")?;
        match usize::try_from(length) {
            Ok(length) if (1..=MAX_QUBITS).contains(&length) => Ok(length),
            _ => Err(fault!(
                offset,
                "a register of {length} was given, but its length must be between 1 and {MAX_QUBITS}; declare a smaller one"
            )),
        }
    }

    fn allot(&mut self, of_qubits: bool, length: Option<usize>, offset: usize) -> Outcome<Base> {
        let (used, what) = if of_qubits {
            (&mut self.num_qubits, "qubits")
        } else {
            (&mut self.num_bits, "bits")
        };
        let start = *used;
        *used += length.unwrap_or(1);
        if *used > MAX_QUBITS {
            return Err(fault!(
                offset,
                "the file declares {used} {what}, but at most {MAX_QUBITS} are allowed; declare fewer"
            ));
        }
        Ok(Base::Register {
            start,
            length: length.unwrap_or(1),
            single: length.is_none(),
        })
    }

    /// `measure q -> c;` or `measure q;`
    pub(crate) fn arrow_measurement(&mut self) -> Outcome<Statement> {
        let offset = self.token.start;
        self.advance()?;
        let source = self.operand_of(true)?;
        let mut target = None;
        if self.lexer.version == Version::Two || self.token.kind == Kind::Arrow {
            self.expect(Kind::Arrow, "'->' and the bits to measure into")?;
            target = Some(self.operand_of(false)?);
        }
        self.end_of_statement()?;
        Ok(Statement::Measure { offset, source, target })
    }

    /// `measure q;` after `c =`
    fn measurement_into(&mut self, target: Operand) -> Outcome<Statement> {
        let offset = self.token.start;
        self.advance()?;
        let source = self.operand_of(true)?;
        self.end_of_statement()?;
        Ok(Statement::Measure {
            offset,
            source,
            target: Some(target),
        })
    }

    pub(crate) fn barrier(&mut self) -> Outcome<Statement> {
        self.advance()?;
        if self.token.kind == Kind::Semicolon {
            return self.end_of_statement();
        }
        let operands = self.operands()?;
        self.end_of_statement()?;
        Ok(Statement::Barrier(operands))
    }

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
    fn operand_of(&mut self, qubits: bool) -> Outcome<Operand> {
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

    fn indices(&mut self) -> Outcome<Vec<Index>> {
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
        let number = super::value::Value::Integer(self.integer_literal(token)?);
        Ok(Index::At(Expression::of_constant(number, token.start)))
    }

    fn index_or_range(&mut self) -> Outcome<Index> {
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
    fn set(&mut self) -> Outcome<Vec<Expression>> {
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

    /// `let name = q[0:2] ++ r;`
    pub(crate) fn alias(&mut self) -> Outcome<Statement> {
        self.advance()?;
        let (name, offset) = self.name("the name of an alias")?;
        self.expect(Kind::Equal, "'=' after the name of an alias")?;
        let mut parts = vec![self.operand_of(true)?];
        while self.accept(Kind::Concatenate)? {
            parts.push(self.operand_of(true)?);
        }
        self.end_of_statement()?;
        let slot = self.num_aliases;
        self.num_aliases += 1;
        self.scope.declare(name, Symbol::Qubits(Base::Alias(slot)), offset)?;
        Ok(Statement::Alias { slot, parts })
    }

    /// `const int n = 4;`
    pub(crate) fn constant(&mut self) -> Outcome<Statement> {
        self.advance()?;
        let (word, at) = (self.lexer.text_of(self.token), self.token.start);
        self.expect(Kind::Identifier, "a type after 'const'")?;
        let Some(kind) = self.type_named(word, at)? else {
            super::unsupported::check(word, self.lexer.version, at)?;
            return Err(fault!(
                at,
                "{} is no type of constants; use int, uint, float, angle or bool",
                shown(word)
            ));
        };
        let (name, offset) = self.name("the name of a constant")?;
        self.expect(Kind::Equal, "'=' and the value of the constant")?;
        let value = self.expression()?;
        self.end_of_statement()?;
        match value.constant() {
            Some(_) => {
                let value = value.assigned_to(kind, super::expression::NO_NAMES)?;
                let found = Evaluated {
                    value,
                    cut_division: None,
                };
                self.scope.declare(name, Symbol::Constant(found), offset)?;
                Ok(Statement::Nothing)
            }
            None if self.scope.depth() == 0 => Err(fault!(
                value.offset,
                "the value of the constant {} depends on a variable; declare that one 'const' too",
                shown(name)
            )),
            None => {
                let slot = self.new_variable(name, kind, true, offset)?;
                Ok(Statement::Assign {
                    slot,
                    kind,
                    operator: None,
                    value,
                    offset,
                })
            }
        }
    }

    /// `int n;` or `int n = 4;`, after the type
    pub(crate) fn variable(&mut self, kind: Type) -> Outcome<Statement> {
        let (name, offset) = self.name("the name of a variable")?;
        if !self.accept(Kind::Equal)? {
            self.new_variable(name, kind, false, offset)?;
            return self.end_of_statement();
        }
        self.refuse_measurement()?;
        let value = self.expression()?;
        self.end_of_statement()?;
        let slot = self.new_variable(name, kind, false, offset)?;
        Ok(Statement::Assign {
            slot,
            kind,
            operator: None,
            value,
            offset,
        })
    }

    fn new_variable(&mut self, name: &'a str, kind: Type, fixed: bool, offset: usize) -> Outcome<usize> {
        let slot = self.num_variables;
        self.num_variables += 1;
        self.scope
            .declare(name, Symbol::Variable { slot, kind, fixed }, offset)?;
        Ok(slot)
    }

    fn refuse_measurement(&self) -> Outcome<()> {
        if self.token.kind == Kind::Identifier && self.lexer.text_of(self.token) == "measure" {
            return Err(fault!(
                self.token.start,
                "a measurement is assigned to a variable, but it may only go to bits; declare the target as 'bit'"
            ));
        }
        Ok(())
    }

    /// `name = value;`, `name += value;` or `bits[0] = measure q[0];`, after the name
    pub(crate) fn assignment(&mut self, name: &'a str, offset: usize) -> Outcome<Statement> {
        match self.scope.find(name) {
            Some(Symbol::Bits(base)) => {
                let target = Operand {
                    offset,
                    base,
                    indices: self.indices()?,
                };
                self.expect(Kind::Equal, "'=' and a measurement")?;
                if self.token.kind == Kind::Identifier && self.lexer.text_of(self.token) == "measure" {
                    return self.measurement_into(target);
                }
                Err(fault!(
                    self.token.start,
                    "bits are assigned a value, which is not supported: they may only be measured into; use an int or bool variable"
                ))
            }
            Some(Symbol::Variable {
                slot,
                kind,
                fixed: false,
            }) => {
                let token = self.token;
                let mut operator = None;
                if token.kind == Kind::CompoundEqual {
                    operator = compound_operator(self.lexer.text_of(token));
                    if operator.is_none() {
                        return Err(fault!(
                            token.start,
                            "{} is not supported; write 'x = …' in full",
                            self.token_shown()
                        ));
                    }
                    self.advance()?;
                } else {
                    self.expect(Kind::Equal, "'=' after a variable")?;
                }
                self.refuse_measurement()?;
                let value = self.expression()?;
                self.end_of_statement()?;
                Ok(Statement::Assign {
                    slot,
                    kind,
                    operator,
                    value,
                    offset,
                })
            }
            Some(Symbol::Qubits(_)) => Err(fault!(
                offset,
                "{} is a register of qubits and cannot be assigned; apply gates to it",
                shown(name)
            )),
            Some(_) => Err(fault!(
                offset,
                "{} is constant and cannot be assigned; declare it without 'const'",
                shown(name)
            )),
            None => Err(fault!(
                offset,
                "the name {} is not known; declare it first, as in 'int n = 0;'",
                shown(name)
            )),
        }
    }

    /// `for int i in [0:3] { … }`
    pub(crate) fn for_loop(&mut self) -> Outcome<Statement> {
        let offset = self.token.start;
        if self.scope.depth() >= MAX_LOOP_NESTING {
            return Err(fault!(
                offset,
                "loops are nested more than {MAX_LOOP_NESTING} levels deep; use fewer levels"
            ));
        }
        self.advance()?;
        let (word, at) = (self.lexer.text_of(self.token), self.token.start);
        self.expect(Kind::Identifier, "the type of the loop's variable")?;
        let mut kind = Type::Signed(64);
        let (mut name, mut name_offset) = (word, at);
        // The type was optional in early versions of OpenQASM 3.
        if let Some(named) = self.type_named(word, at)? {
            kind = named;
            (name, name_offset) = self.name("the name of the loop's variable")?;
        } else if super::unsupported::is_reserved(word, self.lexer.version) {
            return Err(fault!(
                at,
                "{} is no type of a loop's variable; use int, uint, float or angle",
                shown(word)
            ));
        }
        let token = self.expect(Kind::Identifier, "'in'")?;
        if self.lexer.text_of(token) != "in" {
            return Err(fault!(
                token.start,
                "'in' is wanted here, but {} was given; write 'for int i in [0:3]'",
                shown(self.lexer.text_of(token))
            ));
        }
        let values = self.loop_values()?;
        self.scope.enter();
        let slot = self.new_variable(name, kind, true, name_offset)?;
        let mut body = Vec::new();
        if self.accept(Kind::LeftBrace)? {
            while !self.accept(Kind::RightBrace)? {
                if self.token.kind == Kind::End {
                    return Err(fault!(
                        self.token.start,
                        "the file ends within a loop; close it with '}}'"
                    ));
                }
                body.push(self.statement()?);
            }
        } else {
            body.push(self.statement()?);
        }
        self.scope.leave();
        Ok(Statement::For {
            slot,
            kind,
            values,
            body,
            offset,
        })
    }

    fn loop_values(&mut self) -> Outcome<Values> {
        let offset = self.token.start;
        if self.token.kind == Kind::LeftBrace {
            return Ok(Values::Set(self.set()?));
        }
        self.expect(Kind::LeftBracket, "a range such as [0:3] or a set such as {0, 1}")?;
        let index = self.index_or_range()?;
        self.expect(Kind::RightBracket, "']' after a range")?;
        match index {
            Index::Range {
                start: Some(start),
                step,
                stop: Some(stop),
                ..
            } => Ok(Values::Range { start, step, stop }),
            _ => Err(fault!(
                offset,
                "the range of a loop needs a first and a last value; write them, as in [0:3]"
            )),
        }
    }
}

fn compound_operator(text: &str) -> Option<super::value::Binary> {
    let kind = match text.trim_end_matches('=') {
        "+" => Kind::Plus,
        "-" => Kind::Minus,
        "*" => Kind::Star,
        "/" => Kind::Slash,
        "%" => Kind::Percent,
        "**" => Kind::DoubleStar,
        "^" => Kind::Caret,
        "&" => Kind::Ampersand,
        "|" => Kind::Bar,
        "<<" => Kind::ShiftLeft,
        ">>" => Kind::ShiftRight,
        _ => return None,
    };
    binary_operator(kind, Version::Three)
}

/// `3 qubits into 2 bits`, for errors.
pub(crate) fn sizes(qubits: usize, bits: usize) -> String {
    format!("{} into {}", counted(qubits, "qubit"), counted(bits, "bit"))
}
