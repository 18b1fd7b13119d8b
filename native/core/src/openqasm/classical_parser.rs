//! Reads the classical statements: constants, variables, assignments and loops.

use super::error::{fault, shown, Outcome};
use super::expression::{Evaluated, NO_NAMES};
use super::expression_parser::binary_operator;
use super::lexer::{Kind, Version};
use super::limits::MAX_INPUT_NAME;
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{Base, Index, Operand, Statement, Values};
use super::unsupported;
use super::value::{Binary, Type};

impl<'a> Parser<'a> {
    /// `const int n = 4;`
    pub(crate) fn constant(&mut self) -> Outcome<Statement> {
        // Stage 1: the type, the name and the value.
        self.advance()?;
        let (word, at) = (self.lexer.text_of(self.token), self.token.start);
        self.expect(Kind::Identifier, "a type after 'const'")?;
        let Some(kind) = self.type_named(word, at)? else {
            unsupported::check(word, self.lexer.version, at)?;
            return Err(fault!(
                at,
                "{} is not a supported type of a constant; use int, uint, float, angle, bool or duration",
                shown(word)
            ));
        };
        let (name, offset) = self.name("the name of a constant")?;
        self.expect(Kind::Equal, "'=' and the value of the constant")?;
        let value = self.expression()?;
        self.end_of_statement()?;
        // Stage 2: in a loop the value may depend on the loop's variable; then it is a variable that keeps its value.
        match value.constant() {
            Some(_) => {
                let value = value.assigned_to(kind, NO_NAMES)?;
                let converted = Evaluated {
                    value,
                    cut_division: None,
                };
                self.scope.declare(name, Symbol::Constant(converted), offset)?;
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
        if let Some(length) = self.length_of_bits(kind)? {
            return self.number_of_bits(name, length, false, offset);
        }
        let value = self.expression()?;
        self.end_of_statement()?;
        let slot = self.new_variable(name, kind, false, offset)?;
        self.assigned.insert(slot);
        Ok(Statement::Assign {
            slot,
            kind,
            operator: None,
            value,
            offset,
        })
    }

    /// `input float[64] theta;`: an angle whose value is given when the circuit is used.
    pub(crate) fn input(&mut self) -> Outcome<Statement> {
        // Stage 1: the type.
        self.only_outside("input")?;
        self.advance()?;
        let (word, at) = (self.lexer.text_of(self.token), self.token.start);
        self.expect(Kind::Identifier, "a type after 'input'")?;
        if !matches!(word, "float" | "angle") {
            return Err(fault!(
                at,
                "an input of the type {} is not supported: only angles may be without a value; use float or angle, or write its value",
                shown(word)
            ));
        }
        self.type_named(word, at)?;
        // Stage 2: the name.
        let (name, offset) = self.name("the name of an input")?;
        if name.chars().count() > MAX_INPUT_NAME {
            return Err(fault!(
                offset,
                "the name of an input has more than {MAX_INPUT_NAME} characters; choose a shorter one"
            ));
        }
        self.end_of_statement()?;
        // Stage 3: it is a variable whose value is itself.
        let slot = self.num_variables;
        self.num_variables += 1;
        self.scope.declare(name, Symbol::Input(slot), offset)?;
        self.inputs.push(name.to_owned());
        Ok(Statement::Input {
            slot,
            number: self.inputs.len() as u32 - 1,
            offset,
        })
    }

    /// The length of the register or bit that the next token names, if it is assigned as a whole to a variable.
    fn length_of_bits(&self, kind: Type) -> Outcome<Option<usize>> {
        let name = self.lexer.text_of(self.token);
        let Some(Symbol::Bits(base)) = self.scope.find(name) else {
            return Ok(None);
        };
        let mut ahead = self.lexer.clone();
        let next = ahead.next_token()?.kind;
        let length = match (base, next) {
            (Base::Register { length, .. }, Kind::Semicolon) => length,
            _ => return Ok(None),
        };
        let room = match kind {
            Type::Signed(bits) => bits as usize - 1,
            Type::Unsigned(bits) => bits as usize,
            _ => return Ok(None),
        };
        Ok((length <= room).then_some(length))
    }

    /// A variable that is assigned a register: bits of its own, compared as a number. One that is `fresh` has had no
    /// value yet, so that it is such a number wherever it was declared.
    fn number_of_bits(&mut self, name: &'a str, length: usize, fresh: bool, offset: usize) -> Outcome<Statement> {
        let own = self.own_bits(name, Some(length), offset)?;
        let statement = self.bits_assigned(own.clone(), offset)?;
        self.scope.replace(name, Symbol::Bits(own.base), fresh, offset)?;
        Ok(statement)
    }

    fn new_variable(&mut self, name: &'a str, kind: Type, fixed: bool, offset: usize) -> Outcome<usize> {
        let slot = self.num_variables;
        self.num_variables += 1;
        self.scope
            .declare(name, Symbol::Variable { slot, kind, fixed }, offset)?;
        Ok(slot)
    }

    fn refuse_measurement(&self) -> Outcome<()> {
        if self.is_word("measure") {
            return Err(fault!(
                self.token.start,
                "a measurement may only be assigned to bits, not to a variable; declare the target as 'bit'"
            ));
        }
        Ok(())
    }

    /// `name = value;`, `name += value;` or `bits[0] = measure q[0];`, after the name
    pub(crate) fn assignment(&mut self, name: &'a str, offset: usize) -> Outcome<Statement> {
        match self.scope.find(name) {
            // Bits: measurements, results of subroutines, and what is computed from bits.
            Some(Symbol::Bits(base)) => {
                let target = Operand {
                    offset,
                    base,
                    indices: self.indices()?,
                };
                if self.token.kind == Kind::CompoundEqual {
                    let (sign, at) = (self.lexer.text_of(self.token), self.token.start);
                    self.advance()?;
                    return self.bits_changed(target, sign, at);
                }
                self.expect(Kind::Equal, "'=' and a measurement or bits")?;
                if self.is_word("measure") {
                    return self.measurement_into(target);
                }
                self.bits_assigned(target, offset)
            }
            // Variables: a value, perhaps with an operator.
            Some(Symbol::Variable {
                slot,
                kind,
                fixed: false,
            }) => {
                self.refuse_index()?;
                if self
                    .level_of_subroutine()
                    .is_some_and(|level| self.scope.depth_of(name) < level)
                {
                    return Err(fault!(
                        offset,
                        "{} is a variable outside of the subroutine, which may change its own only; declare one there",
                        shown(name)
                    ));
                }
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
                if let (None, Some(length)) = (operator, self.length_of_bits(kind)?) {
                    let fresh = !self.assigned.contains(&slot);
                    return self.number_of_bits(name, length, fresh, offset);
                }
                self.assigned.insert(slot);
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
            // Nothing else can be assigned.
            Some(Symbol::Input(_)) => Err(fault!(
                offset,
                "{} is an input and cannot be assigned; assign to another variable",
                shown(name)
            )),
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
        // Stage 1: the type, if any, and the name of the variable.
        let offset = self.token.start;
        self.check_nesting()?;
        self.advance()?;
        let (word, at) = (self.lexer.text_of(self.token), self.token.start);
        self.expect(Kind::Identifier, "the type of the loop's variable")?;
        let mut kind = Type::Signed(64);
        let (mut name, mut name_offset) = (word, at);
        // The type was optional in early versions of OpenQASM 3.
        if let Some(named) = self.type_named(word, at)? {
            kind = named;
            (name, name_offset) = self.name("the name of the loop's variable")?;
        } else if unsupported::is_reserved(word, self.lexer.version) {
            return Err(fault!(
                at,
                "{} is not a supported type of a loop variable; use int, uint, float or angle",
                shown(word)
            ));
        }
        // Stage 2: 'in' and the values.
        let token = self.expect(Kind::Identifier, "'in'")?;
        if self.lexer.text_of(token) != "in" {
            return Err(fault!(
                token.start,
                "expected 'in', got {}; write 'for int i in [0:3]'",
                shown(self.lexer.text_of(token))
            ));
        }
        let values = self.loop_values()?;
        // Stage 3: the body, in a scope of its own.
        self.scope.enter();
        let slot = self.new_variable(name, kind, true, name_offset)?;
        let body = if self.accept(Kind::LeftBrace)? {
            self.statements_in_braces("a loop")?
        } else {
            vec![self.statement()?]
        };
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

fn compound_operator(text: &str) -> Option<Binary> {
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
