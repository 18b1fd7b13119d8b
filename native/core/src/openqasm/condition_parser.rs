//! Reads `if` and its conditions on measured bits.

use super::error::{fault, shown, Outcome};
use super::expression::Expression;
use super::lexer::{Kind, Version};
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{BitsValue, Condition, Statement};
use super::value::Value;

/// Most digits of a number that bits are compared with.
const MAX_DIGITS: usize = 4000;

impl Parser<'_> {
    /// `if (c == 1) x q[0];`, or with braces and `else`
    pub(crate) fn conditional(&mut self) -> Outcome<Statement> {
        self.check_nesting()?;
        self.advance()?;
        self.expect(Kind::LeftParenthesis, "'(' and a condition after 'if'")?;
        let condition = self.condition()?;
        self.expect(Kind::RightParenthesis, "')' after the condition")?;
        let then = self.branch("a condition")?;
        let mut otherwise = Vec::new();
        if self.lexer.version == Version::Three && self.is_word("else") {
            self.advance()?;
            otherwise = self.branch("'else'")?;
        }
        Ok(Statement::If {
            condition,
            then,
            otherwise,
        })
    }

    fn branch(&mut self, what: &str) -> Outcome<Vec<Statement>> {
        self.scope.enter();
        let body = if self.lexer.version == Version::Three && self.accept(Kind::LeftBrace)? {
            self.statements_in_braces(what)
        } else {
            self.statement().map(|statement| vec![statement])
        };
        self.scope.leave();
        body
    }

    /// Conditions joined by `||`.
    fn condition(&mut self) -> Outcome<Condition> {
        let first = self.conjunction()?;
        if self.token.kind != Kind::DoubleBar {
            return Ok(first);
        }
        // One of them holds: not all of the negations.
        let mut parts = vec![negated(first)];
        while self.accept(Kind::DoubleBar)? {
            self.count_part()?;
            parts.push(negated(self.conjunction()?));
        }
        Ok(negated(Condition::All(parts)))
    }

    fn conjunction(&mut self) -> Outcome<Condition> {
        let first = self.negation()?;
        if self.token.kind != Kind::DoubleAmpersand {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.accept(Kind::DoubleAmpersand)? {
            self.count_part()?;
            parts.push(self.negation()?);
        }
        Ok(Condition::All(parts))
    }

    fn negation(&mut self) -> Outcome<Condition> {
        if matches!(self.token.kind, Kind::Exclamation | Kind::Tilde) {
            self.advance()?;
            let inner = self.nested(Self::negation)?;
            return Ok(negated(inner));
        }
        if self.token.kind == Kind::LeftParenthesis {
            self.advance()?;
            let inner = self.nested(Self::condition)?;
            self.expect(Kind::RightParenthesis, "')' after a condition")?;
            return Ok(inner);
        }
        let name = self.lexer.text_of(self.token);
        if !matches!(self.scope.find(name), Some(Symbol::Bits(_))) {
            return Ok(Condition::Static(self.expression()?));
        }
        self.comparison()
    }

    /// Reads a condition within another, which counts as a level of nesting.
    fn nested(&mut self, read: fn(&mut Self) -> Outcome<Condition>) -> Outcome<Condition> {
        self.check_nesting()?;
        self.scope.enter();
        let inner = read(self);
        self.scope.leave();
        inner
    }

    /// `c == 5`, `c[0]`, `c[0] ^ c[1]`
    fn comparison(&mut self) -> Outcome<Condition> {
        // Stage 1: bits alone hold where one is 1.
        let bits = self.operand_of(false)?;
        let offset = bits.offset;
        if self.token.kind == Kind::Caret {
            let mut all = vec![bits];
            while self.accept(Kind::Caret)? {
                all.push(self.operand_of(false)?);
            }
            return Ok(Condition::Odd(all));
        }
        let comparison = match self.token.kind {
            Kind::DoubleEqual => "==",
            Kind::NotEqual => "!=",
            Kind::Less => "<",
            Kind::LessEqual => "<=",
            Kind::Greater => ">",
            Kind::GreaterEqual => ">=",
            _ => {
                return Ok(Condition::Compare {
                    bits,
                    comparison: "!=",
                    value: BitsValue::Small(Expression::of_constant(Value::Integer(0), offset)),
                })
            }
        };
        // Stage 2: the value.
        self.advance()?;
        let (start, word) = (self.token.start, self.lexer.text_of(self.token));
        let value = match self.token.kind {
            Kind::Integer if is_long(word) => {
                // A register may have more bits than a number of the language.
                if word.len() > MAX_DIGITS {
                    return Err(fault!(
                        start,
                        "the number has more than {MAX_DIGITS} digits; no register that is allowed is compared with it"
                    ));
                }
                self.advance()?;
                return Ok(Condition::Compare {
                    bits,
                    comparison,
                    value: BitsValue::Digits(word.replace('_', "")),
                });
            }
            Kind::Integer => {
                let number = self.integer_literal(self.token)?;
                self.advance()?;
                Expression::of_constant(Value::Integer(number), start)
            }
            Kind::LeftParenthesis => {
                self.advance()?;
                let inner = self.expression()?;
                self.expect(Kind::RightParenthesis, "')' after a value")?;
                inner
            }
            Kind::Identifier if matches!(word, "true" | "false") => {
                self.advance()?;
                Expression::of_constant(Value::Integer(i64::from(word == "true")), start)
            }
            Kind::Identifier if !matches!(self.scope.find(word), Some(Symbol::Bits(_))) => self.expression()?,
            _ => {
                return Err(fault!(
                    start,
                    "bits are compared with a number, got {}; write one, or compare bit by bit with '^'",
                    shown(word)
                ))
            }
        };
        Ok(Condition::Compare {
            bits,
            comparison,
            value: BitsValue::Small(value),
        })
    }
}

/// Whether a literal is a decimal number of more digits than an integer of the language holds.
fn is_long(word: &str) -> bool {
    word.len() > 18 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

fn negated(condition: Condition) -> Condition {
    match condition {
        Condition::Not(inner) => *inner,
        other => Condition::Not(Box::new(other)),
    }
}
