//! Reads an expression into code for the stack machine, by Dijkstra's shunting-yard algorithm: without recursion, so that
//! nested parentheses take an entry of a list, not a frame of the call stack.

use super::error::{fault, shown, Outcome};
use super::expression::{run, Body, Expression, Instruction, Operation, NO_NAMES};
use super::function::Function;
use super::lexer::{Kind, Token, Version};
use super::limits::MAX_NESTING;
use super::parser::Parser;
use super::value::{Binary, Type, Unary, Value};

/// An operator that waits for its right-hand side, or a parenthesis that waits for its closing one.
#[derive(Debug, Clone, Copy)]
enum Pending {
    Open,
    Call(Function, usize),
    Cast(Type),
    Unary(Unary),
    Binary(Binary),
}

/// The precedence of unary operators: looser than powers, tighter than products.
const UNARY_STRENGTH: u8 = 11;

fn strength(operator: Binary) -> u8 {
    match operator {
        Binary::Or => 1,
        Binary::And => 2,
        Binary::BitOr => 3,
        Binary::BitXor => 4,
        Binary::BitAnd => 5,
        Binary::Equal | Binary::NotEqual => 6,
        Binary::Less | Binary::LessEqual | Binary::Greater | Binary::GreaterEqual => 7,
        Binary::ShiftLeft | Binary::ShiftRight => 8,
        Binary::Add | Binary::Subtract => 9,
        Binary::Multiply | Binary::Divide | Binary::Remainder => 10,
        Binary::Power => 12,
    }
}

/// The binary operator that a token stands for.
pub(crate) fn binary_operator(kind: Kind, version: Version) -> Option<Binary> {
    let operator = match kind {
        Kind::Plus => Binary::Add,
        Kind::Minus => Binary::Subtract,
        Kind::Star => Binary::Multiply,
        Kind::Slash => Binary::Divide,
        Kind::Caret if version == Version::Two => Binary::Power,
        _ if version == Version::Two => return None,
        Kind::Percent => Binary::Remainder,
        Kind::DoubleStar => Binary::Power,
        Kind::Caret => Binary::BitXor,
        Kind::Ampersand => Binary::BitAnd,
        Kind::Bar => Binary::BitOr,
        Kind::ShiftLeft => Binary::ShiftLeft,
        Kind::ShiftRight => Binary::ShiftRight,
        Kind::DoubleAmpersand => Binary::And,
        Kind::DoubleBar => Binary::Or,
        Kind::DoubleEqual => Binary::Equal,
        Kind::NotEqual => Binary::NotEqual,
        Kind::Less => Binary::Less,
        Kind::LessEqual => Binary::LessEqual,
        Kind::Greater => Binary::Greater,
        Kind::GreaterEqual => Binary::GreaterEqual,
        _ => return None,
    };
    Some(operator)
}

fn unary_operator(kind: Kind) -> Option<Unary> {
    Some(match kind {
        Kind::Plus => Unary::Plus,
        Kind::Minus => Unary::Negate,
        Kind::Exclamation => Unary::Not,
        Kind::Tilde => Unary::Complement,
        _ => return None,
    })
}

/// The code emitted so far, and the pending operators and parentheses.
#[derive(Default)]
pub(crate) struct Yard {
    code: Vec<Instruction>,
    pending: Vec<(Pending, usize)>,
}

impl Yard {
    fn emit(&mut self, operation: Operation, offset: usize) {
        self.code.push(Instruction { operation, offset });
    }

    fn wait(&mut self, pending: Pending, offset: usize) -> Outcome<()> {
        if self.pending.len() >= MAX_NESTING {
            return Err(fault!(
                offset,
                "the expression is nested more than {MAX_NESTING} levels deep; split it, or remove needless parentheses"
            ));
        }
        self.pending.push((pending, offset));
        Ok(())
    }

    /// Emits the waiting operators that bind at least as tightly as what comes next.
    fn settle(&mut self, next: u8, next_is_right_associative: bool) {
        while let Some(&(pending, offset)) = self.pending.last() {
            let (operation, waiting) = match pending {
                Pending::Unary(operator) => (Operation::Unary(operator), UNARY_STRENGTH),
                Pending::Binary(operator) => (Operation::Binary(operator), strength(operator)),
                Pending::Open | Pending::Call(..) | Pending::Cast(_) => return,
            };
            if waiting < next || waiting == next && next_is_right_associative {
                return;
            }
            self.pending.pop();
            self.emit(operation, offset);
        }
    }

    fn close(&mut self, at: usize) -> Outcome<()> {
        match self.pending.pop() {
            Some((Pending::Call(function, given), offset)) => {
                if given != function.arity() {
                    return Err(fault!(
                        offset,
                        "a function is given {given} values, but it takes {}; correct the list",
                        function.arity()
                    ));
                }
                self.emit(Operation::Call(function), offset);
            }
            Some((Pending::Cast(kind), offset)) => self.emit(Operation::Cast(kind), offset),
            Some((Pending::Open, _)) => {}
            _ => return Err(fault!(at, "')' has no matching '('; remove it")),
        }
        Ok(())
    }
}

impl Parser<'_> {
    /// Reads the longest expression that begins at the current token.
    pub(crate) fn expression(&mut self) -> Outcome<Expression> {
        let offset = self.token.start;
        let mut yard = std::mem::take(&mut self.yard);
        yard.code.clear();
        yard.pending.clear();
        let outcome = self.fill(&mut yard);
        let code = outcome.and_then(|()| {
            let named = |step: &Instruction| matches!(step.operation, Operation::Parameter(_) | Operation::Variable(_));
            let body = if yard.code.iter().any(named) {
                Body::Code(yard.code.as_slice().into())
            } else {
                Body::Constant(run(&yard.code, NO_NAMES)?)
            };
            Ok(Expression { offset, body })
        });
        self.yard = yard;
        code
    }

    fn fill(&mut self, yard: &mut Yard) -> Outcome<()> {
        loop {
            self.operand(yard)?;
            loop {
                let Token { kind, start, .. } = self.token;
                if let Some(operator) = binary_operator(kind, self.lexer.version) {
                    yard.settle(strength(operator), operator == Binary::Power);
                    yard.wait(Pending::Binary(operator), start)?;
                    self.advance()?;
                    break;
                }
                if !matches!(kind, Kind::RightParenthesis | Kind::Comma) {
                    return self.finish(yard);
                }
                yard.settle(0, false);
                match yard.pending.last_mut() {
                    None => return Ok(()),
                    Some((Pending::Call(_, given), _)) if kind == Kind::Comma => {
                        *given += 1;
                        self.advance()?;
                        break;
                    }
                    Some(_) if kind == Kind::Comma => return self.finish(yard),
                    Some(_) => {
                        yard.close(start)?;
                        self.advance()?;
                    }
                }
            }
        }
    }

    /// Ends the expression; refuses open parentheses.
    fn finish(&mut self, yard: &mut Yard) -> Outcome<()> {
        yard.settle(0, false);
        match yard.pending.last() {
            None => Ok(()),
            Some(_) => Err(fault!(
                self.place_of_missing(),
                "expected an operator or ')', got {}; complete the expression",
                self.token_shown()
            )),
        }
    }

    /// Reads prefix operators and opening parentheses up to and with one value.
    fn operand(&mut self, yard: &mut Yard) -> Outcome<()> {
        self.count_part()?;
        loop {
            let token = self.token;
            let offset = token.start;
            match token.kind {
                // Literals are values.
                Kind::Integer | Kind::Real => {
                    let value = self.number_value(token)?;
                    yard.emit(Operation::Push(value), offset);
                    return self.advance();
                }
                Kind::Duration => {
                    yard.emit(Operation::Push(Value::Duration), offset);
                    return self.advance();
                }
                Kind::Imaginary => {
                    return Err(fault!(
                        offset,
                        "the complex number {} is not supported; use real numbers",
                        self.token_shown()
                    ))
                }
                Kind::LeftParenthesis => yard.wait(Pending::Open, offset)?,
                Kind::Identifier => {
                    // A cast, as in int(x).
                    let name = self.lexer.text_of(token);
                    let place = self.place_of_missing();
                    self.advance()?;
                    if let Some(kind) = self.type_named(name, offset)? {
                        self.expect(Kind::LeftParenthesis, "'(' after a type")?;
                        yard.wait(Pending::Cast(kind), offset)?;
                        continue;
                    }
                    if name == "bit" && self.lexer.version == Version::Three {
                        return Err(fault!(
                            offset,
                            "a value of the type 'bit' is not supported here: bits may only be measured into; use int or bool"
                        ));
                    }
                    // Words that are refused by name, and words that begin the next statement where a value is missing.
                    if self.token.kind != Kind::LeftParenthesis || Function::from_name(name).is_none() {
                        super::unsupported::check(name, self.lexer.version, offset)?;
                    }
                    let parameter = self
                        .formals
                        .as_ref()
                        .is_some_and(|formals| formals.parameters.contains_key(name));
                    let value = parameter || self.scope.find(name).is_some() || Function::from_name(name).is_some();
                    if !value && self.begins_statement(name, place != offset) {
                        return Err(self.unexpected("a number, a name or '('", name, place));
                    }
                    // A name stands for a value, or with a parenthesis for a function.
                    if self.token.kind != Kind::LeftParenthesis {
                        let operation = self.named_value(name, offset)?;
                        yard.emit(operation, offset);
                        return self.refuse_index();
                    }
                    let Some(function) = Function::from_name(name) else {
                        return Err(fault!(
                            offset,
                            "the function {} is not known; use one of sin, cos, tan, arcsin, arccos, arctan, exp, ln, log, sqrt, ceiling, floor, mod, pow",
                            shown(name)
                        ));
                    };
                    yard.wait(Pending::Call(function, 1), offset)?;
                }
                kind => match unary_operator(kind) {
                    Some(operator) => yard.wait(Pending::Unary(operator), offset)?,
                    None => {
                        return Err(fault!(
                            self.place_of_missing(),
                            "expected a number, a name or '(', got {}; write an expression",
                            self.token_shown()
                        ))
                    }
                },
            }
            self.advance()?;
        }
    }

    /// Refuses brackets after the name of a value.
    pub(crate) fn refuse_index(&self) -> Outcome<()> {
        if self.token.kind != Kind::LeftBracket {
            return Ok(());
        }
        Err(fault!(
            self.token.start,
            "an index into a number ('[') is not supported: single bits of numbers are neither read nor set; use the number as a whole"
        ))
    }

    /// The value of a literal: in OpenQASM 2 a real number, in OpenQASM 3 an integer where it is written as one.
    fn number_value(&self, token: Token) -> Outcome<Value> {
        let text = self.lexer.text_of(token);
        let digits: String = text.chars().filter(|&character| character != '_').collect();
        if token.kind == Kind::Integer && self.lexer.version == Version::Three {
            return self.integer_literal(token).map(Value::Integer);
        }
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Real(number)),
            Ok(_) => Err(fault!(
                token.start,
                "the number {} is too large; write one that fits 64 bits, below 1.8e308",
                shown(text)
            )),
            Err(_) => Err(fault!(
                token.start,
                "{} is not a number; write one as in 12, 0.5 or 1e-3",
                shown(text)
            )),
        }
    }

    /// The value of an integer literal, decimal or with the prefix 0x, 0o or 0b.
    pub(crate) fn integer_literal(&self, token: Token) -> Outcome<i64> {
        let text = self.lexer.text_of(token);
        let lower = text.to_ascii_lowercase().replace('_', "");
        let (digits, base) = match lower.get(..2) {
            Some("0x") => (&lower[2..], 16),
            Some("0o") => (&lower[2..], 8),
            Some("0b") => (&lower[2..], 2),
            _ => (lower.as_str(), 10),
        };
        i64::from_str_radix(digits, base).map_err(|_| {
            fault!(
                token.start,
                "{} is not an integer of 64 bits; write a smaller one, below 9.2e18",
                shown(text)
            )
        })
    }
}
