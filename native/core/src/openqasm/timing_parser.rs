//! Reads what changes no state: delays, boxes, stretches, annotations and pragmas.

use super::error::{fault, shown, Outcome};
use super::expression::{Evaluated, Expression, Names, NO_NAMES};
use super::lexer::{Kind, Version};
use super::limits::MAX_LOOP_NESTING;
use super::parser::Parser;
use super::scope::Symbol;
use super::syntax::Statement;
use super::value::Value;

/// Pragmas that change what the circuit means.
const PRAGMAS_WITH_EFFECT: [&str; 2] = ["braket noise", "braket unitary"];

impl Parser<'_> {
    /// `delay[100ns] q;`; in OpenQASM 2 also `delay(100) q;`, which is not of the language but written by Qiskit.
    pub(crate) fn delay(&mut self) -> Outcome<Statement> {
        let duration = self.duration_of_delay()?;
        let mut operands = Vec::new();
        if self.token.kind != Kind::Semicolon {
            operands = self.operands()?;
        }
        self.end_of_list("',' or ';'")?;
        Ok(Statement::Idle { duration, operands })
    }

    /// Reads `delay` and its duration; None where that is a number without a unit.
    pub(crate) fn duration_of_delay(&mut self) -> Outcome<Option<Expression>> {
        self.advance()?;
        if self.lexer.version == Version::Three || self.token.kind != Kind::LeftParenthesis {
            return self.designator().map(Some);
        }
        self.advance()?;
        self.expression()?;
        self.expect(Kind::RightParenthesis, "')' after the duration")?;
        Ok(None)
    }

    /// `[100ns]`: a duration in brackets.
    pub(crate) fn designator(&mut self) -> Outcome<Expression> {
        self.expect(Kind::LeftBracket, "'[' and a duration such as 100ns")?;
        let duration = self.expression()?;
        self.expect(Kind::RightBracket, "']' after the duration")?;
        if duration.constant().is_some() {
            duration.duration(NO_NAMES)?;
        }
        Ok(duration)
    }

    /// `box { … }` or `box[100ns] { … }`: its statements are executed in order.
    pub(crate) fn boxed(&mut self) -> Outcome<Statement> {
        self.check_nesting()?;
        self.advance()?;
        if self.token.kind == Kind::LeftBracket {
            self.designator()?;
        }
        self.expect(Kind::LeftBrace, "'{' before the statements of a box")?;
        self.scope.enter();
        let body = self.statements_in_braces("a box")?;
        self.scope.leave();
        Ok(Statement::Block(body))
    }

    /// Refuses loops and boxes nested too deeply.
    pub(crate) fn check_nesting(&self) -> Outcome<()> {
        if self.scope.depth() < MAX_LOOP_NESTING {
            return Ok(());
        }
        Err(fault!(
            self.token.start,
            "loops and boxes are nested more than {MAX_LOOP_NESTING} levels deep; use fewer levels"
        ))
    }

    /// Reads the statements up to and with the closing brace.
    pub(crate) fn statements_in_braces(&mut self, what: &str) -> Outcome<Vec<Statement>> {
        let mut body = Vec::new();
        while !self.accept(Kind::RightBrace)? {
            if self.token.kind == Kind::End {
                return Err(fault!(
                    self.token.start,
                    "the file ends within {what}; close it with '}}'"
                ));
            }
            self.count_part()?;
            match self.statement()? {
                Statement::Nothing => {}
                statement => body.push(statement),
            }
        }
        Ok(body)
    }

    /// `stretch s;`: a duration that is settled later.
    pub(crate) fn stretch(&mut self) -> Outcome<Statement> {
        self.advance()?;
        let (name, offset) = self.name("the name of a stretch")?;
        if self.token.kind == Kind::Equal {
            return Err(fault!(
                self.token.start,
                "a stretch is given a value, but it is settled later; declare it as 'duration'"
            ));
        }
        let value = Evaluated {
            value: Value::Duration,
            cut_division: None,
        };
        self.scope.declare(name, Symbol::Constant(value), offset)?;
        self.end_of_statement()
    }

    /// Skips annotations, each a line that begins with `@`.
    pub(crate) fn annotations(&mut self) -> Outcome<()> {
        while self.token.kind == Kind::At {
            let token = self.token;
            let text = self.lexer.rest_of_line(token);
            self.warn(token.start, || {
                format!(
                    "the annotation {} is not known and left out",
                    shown(&format!("@{text}"))
                )
            });
            self.advance()?;
            if self.token.kind == Kind::End {
                return Err(fault!(
                    token.start,
                    "an annotation is followed by nothing; put it before a statement, or remove it"
                ));
            }
        }
        Ok(())
    }

    /// Skips `pragma …` or `#pragma …` up to the end of its line.
    pub(crate) fn pragma(&mut self) -> Outcome<Statement> {
        let start = self.token.start;
        if self.token.kind == Kind::Hash {
            let hash = self.token;
            self.advance()?;
            if !self.is_word("pragma") || self.token.start != hash.end {
                return Err(fault!(start, "'#' is only allowed in '#pragma'; remove it"));
            }
        }
        let text = self.lexer.rest_of_line(self.token);
        if PRAGMAS_WITH_EFFECT.iter().any(|known| text.starts_with(known)) {
            return Err(fault!(
                start,
                "the pragma {} changes the circuit, and it is not supported; write gates instead, or remove it",
                shown(text)
            ));
        }
        self.warn(start, || {
            format!("the pragma {} is not known and left out", shown(text))
        });
        self.advance()?;
        Ok(Statement::Nothing)
    }
}

impl Expression {
    /// Refuses a value that is not a duration.
    pub fn duration(&self, names: Names<'_>) -> Outcome<()> {
        match self.evaluate(names)?.value {
            Value::Duration => Ok(()),
            other => Err(fault!(
                self.offset,
                "expected a duration, got {other}; write one with a unit, as in 100ns or 20dt"
            )),
        }
    }
}
