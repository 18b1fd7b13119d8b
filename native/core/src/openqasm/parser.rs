//! Reads statements one at a time, and looks up every name on the way.

use std::collections::{HashMap, HashSet};

use super::error::{fault, shown, Fault, Outcome, Problem};
use super::expression::{Evaluated, Operation};
use super::expression_parser::Yard;
use super::known_gates::KnownGate;
use super::lexer::{Kind, Lexer, Token, Version};
use super::limits::{MAX_PARTS, MAX_QUBITS};
use super::scope::{Scope, Symbol};
use super::subroutine_parser::Defining;
use super::syntax::{Definition, Known, Statement, Subroutine};
use super::unsupported;
use super::value::{Type, Value};

/// The names inside a gate definition.
#[derive(Debug, Default)]
pub(crate) struct Formals<'a> {
    pub parameters: HashMap<&'a str, usize>,
    pub qubits: HashMap<&'a str, usize>,
}

/// The state of reading a file.
pub(crate) struct Parser<'a> {
    pub lexer: Lexer<'a>,
    pub token: Token,
    /// Where the token before the current one ends.
    pub last_end: usize,
    pub yard: Yard,
    pub scope: Scope<'a>,
    pub gates: HashMap<&'a str, KnownGate>,
    pub definitions: Vec<Definition>,
    pub subroutines: Vec<Subroutine>,
    pub subroutine_places: HashMap<&'a str, usize>,
    /// Set while a subroutine is read, and whether it has returned.
    pub subroutine: Option<Defining>,
    pub returned: bool,
    /// Set while a gate definition is read.
    pub formals: Option<Formals<'a>>,
    pub defining: Option<&'a str>,
    pub num_qubits: usize,
    /// One more than the largest number of a hardware qubit.
    pub num_hardware_qubits: usize,
    pub num_bits: usize,
    pub num_variables: usize,
    pub num_aliases: usize,
    /// Variables that have been given values.
    pub assigned: HashSet<usize>,
    /// Names of the inputs.
    pub inputs: Vec<String>,
    /// Names and lengths of the registers of bits.
    pub registers: Vec<(String, usize)>,
    /// Parts of the definitions and of the statement that is being read.
    parts: usize,
    /// Warnings about a file that is read nevertheless.
    pub warnings: Vec<Fault>,
}

impl<'a> Parser<'a> {
    /// Starts reading: the version comes first, if there is one.
    pub fn new(text: &'a str) -> Outcome<Self> {
        let mut parser = Parser {
            lexer: Lexer::new(text),
            token: Token {
                kind: Kind::End,
                start: 0,
                end: 0,
            },
            last_end: 0,
            yard: Yard::default(),
            scope: Scope::default(),
            gates: HashMap::new(),
            definitions: Vec::new(),
            subroutines: Vec::new(),
            subroutine_places: HashMap::new(),
            subroutine: None,
            returned: false,
            formals: None,
            defining: None,
            num_qubits: 0,
            num_hardware_qubits: 0,
            num_bits: 0,
            num_variables: 0,
            num_aliases: 0,
            assigned: HashSet::new(),
            inputs: Vec::new(),
            registers: Vec::new(),
            parts: 0,
            warnings: Vec::new(),
        };
        parser.advance()?;
        parser.version()?;
        parser.know_language();
        Ok(parser)
    }

    /// Advances to the next token.
    pub fn advance(&mut self) -> Outcome<()> {
        self.last_end = self.token.end;
        self.token = self.lexer.next_token()?;
        Ok(())
    }

    /// The current token as it may stand in an error.
    pub fn token_shown(&self) -> String {
        match self.token.kind {
            Kind::End => "the end of the file".to_owned(),
            _ => shown(self.lexer.text_of(self.token)),
        }
    }

    /// Whether the current token is that word.
    pub fn is_word(&self, word: &str) -> bool {
        self.token.kind == Kind::Identifier && self.lexer.text_of(self.token) == word
    }

    /// Where to report that the current token is not the expected one: after the last token, if a line ends there.
    pub fn place_of_missing(&self) -> usize {
        let Token { kind, start, .. } = self.token;
        if kind == Kind::End || self.lexer.line_ends_between(self.last_end, start) {
            self.last_end
        } else {
            start
        }
    }

    /// Advances past a token of that kind and returns it; refuses any other, saying what was expected.
    pub fn expect(&mut self, kind: Kind, expected: &str) -> Outcome<Token> {
        let token = self.token;
        if token.kind != kind {
            let given = self.token_shown();
            return Err(fault!(
                self.place_of_missing(),
                "expected {expected}, got {given}; correct the statement"
            ));
        }
        self.advance()?;
        Ok(token)
    }

    /// Whether a word begins a statement rather than standing for a value or register: words of the language, and names
    /// of gates on a new line.
    pub fn begins_statement(&self, word: &str, on_new_line: bool) -> bool {
        on_new_line && self.gates.contains_key(word)
            || matches!(
                word,
                "include" | "qreg" | "creg" | "gate" | "opaque" | "barrier" | "measure" | "reset"
            )
            || self.lexer.version == Version::Three
                && matches!(
                    word,
                    "qubit" | "const" | "input" | "let" | "for" | "box" | "delay" | "ctrl" | "negctrl" | "inv"
                )
    }

    /// The fault of a word where something else is expected.
    pub fn unexpected(&self, expected: &str, word: &str, place: usize) -> Problem {
        fault!(place, "expected {expected}, got {}; correct the statement", shown(word))
    }

    /// Advances past a token of that kind if it is there.
    pub fn accept(&mut self, kind: Kind) -> Outcome<bool> {
        let there = self.token.kind == kind;
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    /// Reads a name; returns it with its place.
    pub fn name(&mut self, what: &str) -> Outcome<(&'a str, usize)> {
        let token = self.expect(Kind::Identifier, what)?;
        let name = self.lexer.text_of(token);
        if unsupported::is_reserved(name, self.lexer.version) {
            return Err(fault!(
                token.start,
                "{} is a word of the language; choose another name",
                shown(name)
            ));
        }
        Ok((name, token.start))
    }

    /// The statement that begins at the current token; None at the end of the file.
    pub fn next_statement(&mut self) -> Outcome<Option<Statement>> {
        if self.token.kind == Kind::End {
            return Ok(None);
        }
        let (parts, known) = (self.parts, self.definitions.len() + self.subroutines.len());
        let statement = self.statement()?;
        if self.definitions.len() + self.subroutines.len() == known {
            self.parts = parts;
        }
        Ok(Some(statement))
    }

    /// What the file has defined so far.
    pub fn known(&self) -> Known<'_> {
        Known {
            definitions: &self.definitions,
            subroutines: &self.subroutines,
        }
    }

    /// Numbers of qubits to make room for: those of the registers, and hardware qubits from `MAX_QUBITS` on.
    pub fn room_for_qubits(&self) -> usize {
        match self.num_hardware_qubits {
            0 => self.num_qubits,
            count => MAX_QUBITS + count,
        }
    }

    /// Counts a part of the current statement: what is kept in memory until the statement, or the file, ends.
    pub fn count_part(&mut self) -> Outcome<()> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(fault!(
                self.token.start,
                "the statement, or the gate definitions up to here, have more than {MAX_PARTS} parts; make them shorter, or write their gates one by one"
            ));
        }
        Ok(())
    }

    /// Reads one statement of the program.
    pub fn statement(&mut self) -> Outcome<Statement> {
        // Stage 1: statements that do not begin with a word.
        self.annotations()?;
        let Token { kind, start, .. } = self.token;
        match kind {
            Kind::Identifier => {}
            Kind::Semicolon => {
                self.advance()?;
                return Ok(Statement::Nothing);
            }
            Kind::Hash => return self.pragma(),
            _ => {
                return Err(fault!(
                    start,
                    "expected a statement, got {}; begin it with the name of a gate or a declaration",
                    self.token_shown()
                ))
            }
        }
        // Stage 2: gate calls, most of any file. A gate may share its name with a variable that is assigned.
        let word = self.lexer.text_of(self.token);
        if self.gates.contains_key(word) {
            self.advance()?;
            let next = self.token.kind;
            if matches!(next, Kind::Equal | Kind::CompoundEqual)
                || next == Kind::LeftBracket && self.scope.find(word).is_some()
            {
                return self.assignment(word, start);
            }
            let target = self.gate_named(word, start)?;
            return self.gate_call(target, Vec::new(), start);
        }
        // Stage 3: words of the language, assignments, and what is refused.
        let three = self.lexer.version == Version::Three;
        match word {
            "gate" => self.gate_definition(),
            "opaque" => self.opaque_declaration(),
            "include" => self.include(),
            "qreg" | "creg" => self.register(word == "qreg"),
            "qubit" | "bit" if three => self.typed_register(word == "qubit"),
            "measure" => self.arrow_measurement(),
            "barrier" => self.barrier(),
            "reset" => self.reset(),
            "if" => self.conditional(),
            "while" if three => self.while_loop(),
            "switch" if three => self.switch(),
            "def" if three => self.subroutine_definition(),
            "return" if three => self.return_statement(),
            "delay" => self.delay(),
            "nop" if three => self.barrier(),
            "box" if three => self.boxed(),
            "stretch" if three => self.stretch(),
            "pragma" if three => self.pragma(),
            "OPENQASM" => Err(fault!(
                start,
                "the version of the language must come first; move it to the beginning of the file"
            )),
            "const" if three => self.constant(),
            "input" if three => self.input(),
            "let" if three => self.alias(),
            "for" if three => self.for_loop(),
            "ctrl" | "negctrl" | "inv" | "pow" if three => {
                let modifiers = self.modifiers()?;
                let (name, offset) = self.gate_word()?;
                let target = self.gate_named(name, offset)?;
                self.gate_call(target, modifiers, start)
            }
            _ => {
                if let Some(&place) = self.subroutine_places.get(word) {
                    self.advance()?;
                    return self.subroutine_call(place, None, start);
                }
                unsupported::check(word, self.lexer.version, start)?;
                self.advance()?;
                if let Some(kind) = self.type_named(word, start)? {
                    return self.variable(kind);
                }
                match self.token.kind {
                    Kind::Equal | Kind::CompoundEqual | Kind::LeftBracket if three => self.assignment(word, start),
                    _ => Err(self.unknown_gate(word, start)),
                }
            }
        }
    }

    /// Reads the `;` that ends a statement without effect on qubits.
    pub fn end_of_statement(&mut self) -> Outcome<Statement> {
        self.end_of_list("';'")
    }

    /// Reads the `;` that ends a statement, at a place where also `expected` could follow.
    pub fn end_of_list(&mut self, expected: &str) -> Outcome<Statement> {
        if !self.accept(Kind::Semicolon)? {
            return Err(fault!(
                self.last_end,
                "expected {expected} at the end of the statement, but {} follows; add what is missing",
                self.token_shown()
            ));
        }
        Ok(Statement::Nothing)
    }

    /// Refuses what is not allowed in a loop or box.
    pub fn only_outside(&self, what: &str) -> Outcome<()> {
        if self.scope.depth() == 0 {
            return Ok(());
        }
        Err(fault!(
            self.token.start,
            "'{what}' is not allowed in a loop or box; move it before the loop or box"
        ))
    }

    /// The operation that a name in an expression stands for.
    pub fn named_value(&self, name: &str, offset: usize) -> Outcome<Operation> {
        if let Some(formals) = &self.formals {
            if let Some(&place) = formals.parameters.get(name) {
                return Ok(Operation::Parameter(place as u32));
            }
        }
        let what = match self.scope.find(name) {
            // The mark of a cut division is dropped: the constant has been given its type since.
            Some(Symbol::Constant(Evaluated { value, .. })) => return Ok(Operation::Push(value)),
            Some(Symbol::Variable { slot, .. }) if self.formals.is_none() => return Ok(Operation::Variable(slot as u32)),
            Some(Symbol::Input(slot)) if self.formals.is_none() => return Ok(Operation::Variable(slot as u32)),
            Some(Symbol::Input(_)) => "an input, and a gate may use its own parameters and constants only; make it a parameter of the gate",
            Some(Symbol::Variable { .. }) => "a variable, and a gate may use constants only; declare it 'const'",
            Some(Symbol::Qubits(_)) => "a register of qubits, but a number is expected; write a number",
            Some(Symbol::Bits(_)) => {
                "a register of measured bits, which has no value before the circuit runs; use it in conditions, or assign it to bits"
            }
            None => match builtin_constant(name, self.lexer.version) {
                Some(value) => return Ok(Operation::Push(value)),
                None => "not known here; declare it first, or write a number",
            },
        };
        Err(fault!(offset, "the name {} is {what}", shown(name)))
    }

    /// The scalar type of that name, with its number of bits if written, or None where it is no type.
    pub fn type_named(&mut self, name: &str, offset: usize) -> Outcome<Option<Type>> {
        if name == "duration" && self.lexer.version == Version::Three {
            return Ok(Some(Type::Duration));
        }
        if self.lexer.version == Version::Two || !matches!(name, "int" | "uint" | "float" | "angle" | "bool") {
            return Ok(None);
        }
        let mut bits = 64;
        if self.token.kind == Kind::LeftBracket {
            self.advance()?;
            let written = self.constant_integer("the number of bits of a type")?;
            self.expect(Kind::RightBracket, "']'")?;
            let allowed = if matches!(name, "int" | "uint") {
                1..=64
            } else {
                1..=i64::from(u16::MAX)
            };
            if name == "bool" || !allowed.contains(&written) {
                return Err(fault!(
                    offset,
                    "the type {name}[{written}] is not supported; use int or uint with 1 to 64 bits, float, angle or bool"
                ));
            }
            bits = written as u32;
        }
        Ok(Some(match name {
            "int" => Type::Signed(bits),
            "uint" => Type::Unsigned(bits),
            "bool" => Type::Truth,
            _ => Type::Real,
        }))
    }

    /// Reads an integer that depends on no variable.
    pub fn constant_integer(&mut self, what: &str) -> Outcome<i64> {
        let token = self.token;
        if self.lexer.version == Version::Two {
            self.expect(Kind::Integer, what)?;
            return self.integer_literal(token);
        }
        let expression = self.expression()?;
        match expression.constant() {
            Some(Evaluated { value: Value::Integer(number), .. }) => Ok(number),
            Some(Evaluated { value, .. }) => {
                Err(fault!(token.start, "{what} must be an integer, got {value}; write an integer"))
            }
            None => Err(fault!(
                token.start,
                "{what} must be constant, but it depends on a variable or parameter; write an integer, or declare the name 'const'"
            )),
        }
    }
}

fn builtin_constant(name: &str, version: Version) -> Option<Value> {
    use std::f64::consts::{E, PI, TAU};
    Some(match name {
        "pi" => Value::Real(PI),
        _ if version == Version::Two => return None,
        "π" => Value::Real(PI),
        "tau" | "τ" => Value::Real(TAU),
        "euler" | "\u{2107}" => Value::Real(E),
        "true" => Value::Truth(true),
        "false" => Value::Truth(false),
        _ => return None,
    })
}
