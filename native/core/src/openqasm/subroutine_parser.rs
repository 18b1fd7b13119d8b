//! Reads subroutines: `def`, `return` and calls.

use super::error::{counted, fault, shown, Outcome};
use super::lexer::Kind;
use super::limits::{MAX_DEFINITIONS, MAX_SUBROUTINE_NESTING};
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{Argument, Base, BitsAssigned, Condition, Formal, Operand, Statement, Subroutine};
use super::unsupported;

/// What a subroutine being read has said of its result.
#[derive(Debug, Default)]
pub(crate) struct Defining {
    /// The bits that it returns, if it returns any.
    result: Option<Operand>,
    /// Length of the longest chain of subroutines that it calls.
    depth: usize,
    /// In how many scopes its own statements are.
    level: usize,
}

impl<'a> Parser<'a> {
    /// `def name(qubit a, float angle) -> bit { … }`
    pub(crate) fn subroutine_definition(&mut self) -> Outcome<Statement> {
        // Stage 1: the name.
        let start = self.token.start;
        self.only_outside("def")?;
        self.advance()?;
        let (name, offset) = self.name("the name of a subroutine")?;
        if self.subroutine_places.contains_key(name) || self.scope.find(name).is_some() {
            return Err(fault!(
                offset,
                "the name {} is declared twice; choose another name",
                shown(name)
            ));
        }
        if self.subroutines.len() >= MAX_DEFINITIONS {
            return Err(fault!(
                start,
                "the file defines more than {MAX_DEFINITIONS} subroutines; define fewer"
            ));
        }
        // Stage 2: what it is given and what it returns, names of a scope of their own.
        self.scope.enter();
        self.expect(Kind::LeftParenthesis, "'(' after the name of a subroutine")?;
        let mut formals = Vec::new();
        while self.token.kind != Kind::RightParenthesis {
            self.count_part()?;
            formals.push(self.formal()?);
            if !self.accept(Kind::Comma)? {
                break;
            }
        }
        self.expect(Kind::RightParenthesis, "')' after what a subroutine is given")?;
        let mut result = None;
        if self.accept(Kind::Arrow)? {
            let at = self.token.start;
            if !self.is_word("bit") {
                return Err(fault!(
                    at,
                    "a subroutine returns bits or nothing; other types are not supported"
                ));
            }
            self.advance()?;
            let length = self.optional_length()?;
            result = Some(self.own_bits("result", length, at)?);
        }
        // Stage 3: the body.
        self.expect(Kind::LeftBrace, "'{' before the body of a subroutine")?;
        self.subroutine = Some(Defining {
            result: result.clone(),
            depth: 0,
            level: self.scope.depth(),
        });
        let body = self.statements_in_braces("a subroutine");
        let depth = 1 + self.subroutine.take().map_or(0, |defining| defining.depth);
        self.scope.leave();
        let body = body?;
        if depth > MAX_SUBROUTINE_NESTING {
            return Err(fault!(
                start,
                "the subroutine {} depends on a chain of more than {MAX_SUBROUTINE_NESTING} subroutines; use fewer",
                shown(name)
            ));
        }
        if result.is_some() && !self.returned {
            return Err(fault!(
                start,
                "the subroutine {} returns nothing, but its head says that it returns bits; end it with 'return'",
                shown(name)
            ));
        }
        self.returned = false;
        self.subroutine_places.insert(name, self.subroutines.len());
        self.subroutines.push(Subroutine {
            name: name.to_owned(),
            formals,
            body,
            result,
            depth,
        });
        Ok(Statement::Nothing)
    }

    /// In how many scopes the statements of the subroutine being read are.
    pub(crate) fn level_of_subroutine(&self) -> Option<usize> {
        self.subroutine.as_ref().map(|defining| defining.level)
    }

    fn formal(&mut self) -> Outcome<Formal> {
        let (word, at) = (self.lexer.text_of(self.token), self.token.start);
        self.expect(Kind::Identifier, "a type such as qubit, bit, int or float")?;
        match word {
            "qubit" => {
                let length = self.optional_length()?;
                let (name, offset) = self.name("the name of a qubit")?;
                let alias = self.num_aliases;
                self.num_aliases += 1;
                self.scope.declare(name, Symbol::Qubits(Base::Alias(alias)), offset)?;
                Ok(Formal::Qubits {
                    alias,
                    length: length.unwrap_or(1),
                })
            }
            "bit" => {
                let length = self.optional_length()?;
                let (name, offset) = self.name("the name of a bit")?;
                let own = self.own_bits(name, length, offset)?;
                self.scope.declare(name, Symbol::Bits(own.base), offset)?;
                Ok(Formal::Bits {
                    own,
                    length: length.unwrap_or(1),
                })
            }
            _ => {
                let Some(kind) = self.type_named(word, at)? else {
                    unsupported::check(word, self.lexer.version, at)?;
                    return Err(fault!(
                        at,
                        "{} is not a supported type here; use qubit, bit, int, uint, float, angle or bool",
                        shown(word)
                    ));
                };
                let (name, offset) = self.name("the name of a value")?;
                let slot = self.num_variables;
                self.num_variables += 1;
                let symbol = Symbol::Variable {
                    slot,
                    kind,
                    fixed: false,
                };
                self.scope.declare(name, symbol, offset)?;
                Ok(Formal::Value { slot, kind })
            }
        }
    }

    fn optional_length(&mut self) -> Outcome<Option<usize>> {
        if self.token.kind == Kind::LeftBracket {
            return self.length_in_brackets().map(Some);
        }
        Ok(None)
    }

    /// Bits that are no result of the circuit.
    pub(crate) fn own_bits(&mut self, name: &str, length: Option<usize>, offset: usize) -> Outcome<Operand> {
        Ok(Operand {
            offset,
            base: self.allot(false, &format!("__{name}"), length, offset)?,
            indices: Vec::new(),
        })
    }

    /// `return measure q;`, the last statement of a subroutine.
    pub(crate) fn return_statement(&mut self) -> Outcome<Statement> {
        // Stage 1: it stands at the end of a subroutine.
        let start = self.token.start;
        let Some(Defining { result, level, .. }) = &self.subroutine else {
            return Err(fault!(start, "'return' stands in a subroutine only; remove it"));
        };
        if *level != self.scope.depth() {
            return Err(fault!(
                start,
                "'return' is supported as the last statement of a subroutine only; assign to a bit and return that"
            ));
        }
        let result = result.clone();
        self.advance()?;
        // Stage 2: the result is assigned to bits of its own.
        let statement = match result {
            None => {
                self.end_of_statement()?;
                Statement::Block(Vec::new())
            }
            Some(target) if self.is_word("measure") => self.measurement_into(target)?,
            Some(target) => self.bits_assigned(target, start)?,
        };
        if self.token.kind != Kind::RightBrace {
            return Err(fault!(
                self.token.start,
                "'return' is supported as the last statement of a subroutine only; remove what follows it"
            ));
        }
        self.returned = true;
        Ok(statement)
    }

    /// `name(q[0], 0.5)`, after the name; its result goes into the target.
    pub(crate) fn subroutine_call(
        &mut self,
        place: usize,
        target: Option<Operand>,
        offset: usize,
    ) -> Outcome<Statement> {
        let (depth, name) = (self.subroutines[place].depth, self.subroutines[place].name.clone());
        let formals = self.subroutines[place].formals.clone();
        if let Some(defining) = &mut self.subroutine {
            defining.depth = defining.depth.max(depth);
        }
        if target.is_some() && self.subroutines[place].result.is_none() {
            return Err(fault!(
                offset,
                "the subroutine {} returns nothing that could be assigned; call it alone",
                shown(&name)
            ));
        }
        self.expect(Kind::LeftParenthesis, "'(' after the name of a subroutine")?;
        let mut arguments = Vec::new();
        while self.token.kind != Kind::RightParenthesis {
            self.count_part()?;
            arguments.push(match formals.get(arguments.len()) {
                Some(Formal::Qubits { .. }) => Argument::Qubits(self.operand_of(true)?),
                Some(Formal::Bits { .. }) => Argument::Bits(self.operand_of(false)?),
                _ => Argument::Value(self.expression()?),
            });
            if !self.accept(Kind::Comma)? {
                break;
            }
        }
        self.expect(Kind::RightParenthesis, "')' or ',' after what is given to a subroutine")?;
        if arguments.len() != formals.len() {
            return Err(fault!(
                offset,
                "the subroutine {} takes {}, but {} were given; give as many",
                shown(&name),
                counted(formals.len(), "argument"),
                arguments.len()
            ));
        }
        self.end_of_statement()?;
        Ok(Statement::Subroutine {
            place,
            arguments,
            target,
            offset,
        })
    }

    /// What is assigned to bits, after `=`, other than a measurement.
    pub(crate) fn bits_assigned(&mut self, target: Operand, offset: usize) -> Outcome<Statement> {
        let name = self.lexer.text_of(self.token);
        if let Some(&place) = self.subroutine_places.get(name) {
            let at = self.token.start;
            self.advance()?;
            return self.subroutine_call(place, Some(target), at);
        }
        let value = if self.token.kind == Kind::Text {
            BitsAssigned::Text(self.bit_digits()?)
        } else {
            // `bit(…)` changes nothing.
            BitsAssigned::Condition(self.condition()?)
        };
        self.end_of_statement()?;
        Ok(Statement::SetBits { target, value, offset })
    }

    /// Bits that are declared in a loop or subroutine: 0 each time.
    pub(crate) fn zeros(target: Operand, offset: usize) -> Statement {
        Statement::SetBits {
            target,
            value: BitsAssigned::Zeros,
            offset,
        }
    }

    /// `c ^= d;` as `c = c ^ d;`, after the sign
    pub(crate) fn bits_changed(&mut self, target: Operand, sign: &str, offset: usize) -> Outcome<Statement> {
        let (own, given) = (Condition::Bits(target.clone()), self.condition()?);
        let value = match sign {
            "^=" => Condition::Odd(vec![own, given]),
            "&=" => Condition::All {
                parts: vec![own, given],
                bitwise: true,
            },
            "|=" => {
                let parts = [own, given]
                    .map(|part| super::condition_parser::negated(part, true))
                    .to_vec();
                super::condition_parser::negated(Condition::All { parts, bitwise: true }, true)
            }
            _ => {
                return Err(fault!(
                    offset,
                    "{} is not supported for bits; write 'x = …' in full",
                    shown(sign)
                ))
            }
        };
        self.end_of_statement()?;
        Ok(Statement::SetBits {
            target,
            value: BitsAssigned::Condition(value),
            offset,
        })
    }
}
