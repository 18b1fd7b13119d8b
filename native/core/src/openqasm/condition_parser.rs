//! Reads conditions on measured bits, and the statements that have them: `if`, `while` and `switch`.

use super::error::{fault, shown, Outcome};
use super::expression::Expression;
use super::lexer::{Kind, Version};
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::{BitsValue, Chooser, Condition, Operand, Statement};
use super::value::{Type, Value};

/// Most digits of a number that bits are compared with.
const MAX_DIGITS: usize = 4000;
/// Most cases of a `switch`.
const MAX_CASES: usize = 1024;
/// Bits for which every number has room.
const ANY: usize = usize::MAX;

impl Parser<'_> {
    /// `if (c == 1) x q[0];`, or with braces and `else`
    pub(crate) fn conditional(&mut self) -> Outcome<Statement> {
        self.check_nesting()?;
        self.advance()?;
        let condition = self.condition_in_parentheses("'(' and a condition after 'if'")?;
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

    /// `while (c != 0) { … }`
    pub(crate) fn while_loop(&mut self) -> Outcome<Statement> {
        let offset = self.token.start;
        self.check_nesting()?;
        self.advance()?;
        let condition = self.condition_in_parentheses("'(' and a condition after 'while'")?;
        let body = self.branch("a loop")?;
        Ok(Statement::While {
            condition,
            body,
            offset,
        })
    }

    /// `switch (c) { case 1, 2 { … } default { … } }`
    pub(crate) fn switch(&mut self) -> Outcome<Statement> {
        // Stage 1: what is looked at.
        let offset = self.token.start;
        self.check_nesting()?;
        self.advance()?;
        let at = self.token.start;
        let chooser = match self.condition_in_parentheses("'(' and a value after 'switch'")? {
            Condition::Static(value) => Chooser::Static(value),
            Condition::Bits(bits) => Chooser::Bits { bits, room: ANY },
            Condition::Compare {
                bits,
                room,
                comparison: "!=",
                value: BitsValue::Small(value),
            } if value.constant().is_some_and(|zero| zero.value == Value::Integer(0)) => Chooser::Bits { bits, room },
            _ => {
                return Err(fault!(
                    at,
                    "'switch' looks at a bit, a register or a value without bits; assign what is computed to bits first"
                ))
            }
        };
        // Stage 2: the cases.
        self.expect(Kind::LeftBrace, "'{' and the cases of 'switch'")?;
        let (mut cases, mut otherwise, mut ended) = (Vec::new(), Vec::new(), false);
        while !self.accept(Kind::RightBrace)? {
            let start = self.token.start;
            if ended || cases.len() >= MAX_CASES {
                return Err(fault!(
                    start,
                    "'default' is the last case of a 'switch', which has at most {MAX_CASES}; end it with '}}'"
                ));
            }
            if self.is_word("default") {
                self.advance()?;
                self.accept(Kind::Colon)?;
                otherwise = self.branch("'default'")?;
                ended = true;
                continue;
            }
            if !self.is_word("case") {
                return Err(fault!(
                    start,
                    "expected 'case', 'default' or '}}' in a 'switch', got {}; correct it",
                    self.token_shown()
                ));
            }
            self.advance()?;
            let mut values = vec![self.expression()?];
            while self.accept(Kind::Comma)? {
                self.count_part()?;
                values.push(self.expression()?);
            }
            self.accept(Kind::Colon)?;
            cases.push((values, self.branch("a case")?));
        }
        Ok(Statement::Switch {
            chooser,
            cases,
            otherwise,
            offset,
        })
    }

    pub(crate) fn branch(&mut self, what: &str) -> Outcome<Vec<Statement>> {
        self.scope.enter();
        let body = if self.lexer.version == Version::Three && self.accept(Kind::LeftBrace)? {
            self.statements_in_braces(what)
        } else {
            self.statement().map(|statement| vec![statement])
        };
        self.scope.leave();
        body
    }

    fn condition_in_parentheses(&mut self, expected: &str) -> Outcome<Condition> {
        self.expect(Kind::LeftParenthesis, expected)?;
        let condition = self.condition()?;
        self.expect(Kind::RightParenthesis, "')' after the condition")?;
        Ok(condition)
    }

    /// A condition; one without bits is an expression of the language.
    pub(crate) fn condition(&mut self) -> Outcome<Condition> {
        if self.has_bits()? {
            self.disjunction()
        } else {
            Ok(Condition::Static(self.expression()?))
        }
    }

    /// Whether a name of bits comes before the end of the parentheses or of the statement.
    fn has_bits(&self) -> Outcome<bool> {
        let (mut lexer, mut token, mut depth) = (self.lexer.clone(), self.token, 0_usize);
        loop {
            match token.kind {
                Kind::LeftParenthesis => depth += 1,
                Kind::RightParenthesis if depth == 0 => return Ok(false),
                Kind::RightParenthesis => depth -= 1,
                Kind::End | Kind::Semicolon | Kind::LeftBrace => return Ok(false),
                Kind::Identifier if matches!(self.scope.find(lexer.text_of(token)), Some(Symbol::Bits(_))) => {
                    return Ok(true)
                }
                _ => {}
            }
            token = lexer.next_token()?;
        }
    }

    /// Conditions joined by `||`.
    fn disjunction(&mut self) -> Outcome<Condition> {
        self.one_of(Kind::DoubleBar, false, Self::conjunction)
    }

    fn conjunction(&mut self) -> Outcome<Condition> {
        self.all_of(Kind::DoubleAmpersand, false, |parser| {
            parser.one_of(Kind::Bar, true, Self::parity)
        })
    }

    fn parity(&mut self) -> Outcome<Condition> {
        let mut parts = vec![self.both()?];
        while self.accept(Kind::Caret)? {
            self.count_part()?;
            parts.push(self.both()?);
        }
        Ok(match parts.pop() {
            Some(only) if parts.is_empty() => only,
            last => {
                parts.extend(last);
                Condition::Odd(parts)
            }
        })
    }

    fn both(&mut self) -> Outcome<Condition> {
        self.all_of(Kind::Ampersand, true, Self::negation)
    }

    /// One of some conditions holds: not all of the negations.
    fn one_of(&mut self, sign: Kind, bitwise: bool, read: fn(&mut Self) -> Outcome<Condition>) -> Outcome<Condition> {
        let first = read(self)?;
        if self.token.kind != sign {
            return Ok(first);
        }
        let mut parts = vec![negated(first, bitwise)];
        while self.accept(sign)? {
            self.count_part()?;
            parts.push(negated(read(self)?, bitwise));
        }
        Ok(negated(Condition::All { parts, bitwise }, bitwise))
    }

    fn all_of(&mut self, sign: Kind, bitwise: bool, read: fn(&mut Self) -> Outcome<Condition>) -> Outcome<Condition> {
        let first = read(self)?;
        if self.token.kind != sign {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.accept(sign)? {
            self.count_part()?;
            parts.push(read(self)?);
        }
        Ok(Condition::All { parts, bitwise })
    }

    fn negation(&mut self) -> Outcome<Condition> {
        // Stage 1: negations, which bind closer than comparisons.
        if matches!(self.token.kind, Kind::Exclamation | Kind::Tilde) {
            let bitwise = self.token.kind == Kind::Tilde;
            self.advance()?;
            let inner = self.nested(|parser| parser.operand_of_condition(true))?;
            return self.compared(negated(inner, bitwise), ANY);
        }
        self.operand_of_condition(false)
    }

    /// `c`, `c[0]`, `int(c)`, `(…)` or a value; compared with a value unless it `stands_alone`.
    fn operand_of_condition(&mut self, stands_alone: bool) -> Outcome<Condition> {
        // Stage 1: negations, parentheses.
        if stands_alone && matches!(self.token.kind, Kind::Exclamation | Kind::Tilde) {
            let bitwise = self.token.kind == Kind::Tilde;
            self.advance()?;
            let inner = self.nested(|parser| parser.operand_of_condition(true))?;
            return Ok(negated(inner, bitwise));
        }
        let (mut inner, mut room) = if self.token.kind == Kind::LeftParenthesis {
            self.advance()?;
            let inner = self.nested(Self::disjunction)?;
            self.expect(Kind::RightParenthesis, "')' after a condition")?;
            (inner, ANY)
        } else {
            // Stage 2: bits, perhaps as a number of a type, and values without bits.
            let (name, start) = (self.lexer.text_of(self.token), self.token.start);
            if matches!(self.scope.find(name), Some(Symbol::Bits(_))) {
                (Condition::Bits(self.operand_of(false)?), ANY)
            } else if matches!(name, "int" | "uint" | "bool")
                && self.lexer.version == Version::Three
                && self.has_bits()?
            {
                self.advance()?;
                let room = match self.type_named(name, start)? {
                    Some(Type::Signed(64) | Type::Unsigned(64) | Type::Truth) | None => ANY,
                    Some(Type::Signed(bits)) => bits as usize - 1,
                    Some(Type::Unsigned(bits)) => bits as usize,
                    Some(_) => ANY,
                };
                self.expect(Kind::LeftParenthesis, "'(' after a type")?;
                let inner = self.nested(Self::disjunction)?;
                self.expect(Kind::RightParenthesis, "')' after a condition")?;
                (inner, room)
            } else {
                return Ok(Condition::Static(self.expression()?));
            }
        };
        if stands_alone {
            return Ok(inner);
        }
        // Stage 3: a number of a narrow type is compared here, so that its width is checked.
        if room != ANY {
            if !matches!(inner, Condition::Bits(_)) {
                room = ANY;
            } else if !is_comparison(self.token.kind) {
                let Condition::Bits(bits) = inner else {
                    unreachable!("it was just matched")
                };
                let value = BitsValue::Small(Expression::of_constant(Value::Integer(0), bits.offset));
                inner = Condition::Compare {
                    bits,
                    room,
                    comparison: "!=",
                    value,
                };
                return Ok(inner);
            }
        }
        self.compared(inner, room)
    }

    /// Reads a condition within another, which counts as a level of nesting.
    fn nested(&mut self, read: impl Fn(&mut Self) -> Outcome<Condition>) -> Outcome<Condition> {
        self.check_nesting()?;
        self.scope.enter();
        let inner = read(self);
        self.scope.leave();
        inner
    }

    /// The rest of `c == 5` after its left side.
    fn compared(&mut self, left: Condition, room: usize) -> Outcome<Condition> {
        let comparison = match self.token.kind {
            Kind::DoubleEqual => "==",
            Kind::NotEqual => "!=",
            Kind::Less => "<",
            Kind::LessEqual => "<=",
            Kind::Greater => ">",
            Kind::GreaterEqual => ">=",
            _ => return Ok(left),
        };
        self.advance()?;
        let start = self.token.start;
        // Stage 1: two registers.
        let name = self.lexer.text_of(self.token);
        if self.lexer.version == Version::Three && matches!(self.scope.find(name), Some(Symbol::Bits(_))) {
            let right: Operand = self.operand_of(false)?;
            return match (left, comparison) {
                (Condition::Bits(left), "==") => Ok(Condition::Same(left, right)),
                (Condition::Bits(left), "!=") => Ok(negated(Condition::Same(left, right), false)),
                _ => Err(fault!(
                    start,
                    "registers are compared with one another by == and != only; compare with a number, or bit by bit"
                )),
            };
        }
        // Stage 2: a number.
        let value = self.compared_value()?;
        Ok(match left {
            Condition::Bits(bits) => Condition::Compare {
                bits,
                room,
                comparison,
                value,
            },
            inner => Condition::Holds {
                inner: Box::new(inner),
                comparison,
                value,
            },
        })
    }

    fn compared_value(&mut self) -> Outcome<BitsValue> {
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
                return Ok(BitsValue::Digits(word.replace('_', "")));
            }
            Kind::Integer => {
                let number = self.integer_literal(self.token)?;
                self.advance()?;
                Expression::of_constant(Value::Integer(number), start)
            }
            Kind::Text => {
                let digits: String = self.bit_digits()?;
                if digits.len() > 62 {
                    return Err(fault!(
                        start,
                        "bits are compared with text of at most 62 digits; write the number"
                    ));
                }
                let number = i64::from_str_radix(&digits, 2).unwrap_or(0);
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
            Kind::Identifier => self.expression()?,
            _ => {
                return Err(fault!(
                    start,
                    "bits are compared with a number or with bits, got {}; write one",
                    shown(word)
                ))
            }
        };
        Ok(BitsValue::Small(value))
    }

    /// The digits of `"0101"`.
    pub(crate) fn bit_digits(&mut self) -> Outcome<String> {
        let token = self.token;
        let text = self.lexer.text_of(token);
        let digits: String = text.chars().filter(|&sign| !matches!(sign, '"' | '\'' | '_')).collect();
        if digits.is_empty() || digits.bytes().any(|digit| !matches!(digit, b'0' | b'1')) {
            return Err(fault!(
                token.start,
                "the text {} is not one of bits; write zeros and ones, as in \"0101\"",
                shown(text)
            ));
        }
        self.advance()?;
        Ok(digits)
    }
}

fn is_comparison(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::DoubleEqual | Kind::NotEqual | Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual
    )
}

/// Whether a literal is a decimal number of more digits than an integer of the language holds.
fn is_long(word: &str) -> bool {
    word.len() > 18 && word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

pub(crate) fn negated(condition: Condition, bitwise: bool) -> Condition {
    match condition {
        Condition::Not { inner, bitwise: before } if before == bitwise => *inner,
        other => Condition::Not {
            inner: Box::new(other),
            bitwise,
        },
    }
}
