//! Reads gate calls: modifiers, names and parameters.

use super::error::{counted, fault, shown, Outcome, Problem};
use super::expression::Expression;
use super::lexer::{Kind, Version};
use super::library;
use super::limits::MAX_QUBITS;
use super::parser::Parser;
use super::syntax::{Call, Modifier, Statement, Target};
use super::value::Value;

impl<'a> Parser<'a> {
    /// `ctrl @ negctrl(2) @ inv @ pow(0.5) @ …`, or nothing.
    pub(crate) fn modifiers(&mut self) -> Outcome<Vec<Modifier>> {
        let mut modifiers = Vec::new();
        let mut controls = 0_usize;
        while self.lexer.version == Version::Three && self.token.kind == Kind::Identifier {
            // The modifier and its argument; any other word is the name of the gate.
            let offset = self.token.start;
            self.count_part()?;
            let modifier = match self.lexer.text_of(self.token) {
                "inv" => {
                    self.advance()?;
                    Modifier::Inverse
                }
                "pow" => {
                    self.advance()?;
                    self.expect(Kind::LeftParenthesis, "'(' and an exponent")?;
                    let exponent = self.expression()?;
                    self.expect(Kind::RightParenthesis, "')' after the exponent")?;
                    Modifier::Power(exponent)
                }
                word @ ("ctrl" | "negctrl") => {
                    self.advance()?;
                    let mut count = 1;
                    if self.accept(Kind::LeftParenthesis)? {
                        count = self.constant_integer("the number of controls")?;
                        self.expect(Kind::RightParenthesis, "')' after the number of controls")?;
                    }
                    let count = usize::try_from(count).unwrap_or(0);
                    controls = controls.saturating_add(count);
                    if count == 0 || controls > MAX_QUBITS {
                        return Err(fault!(
                            offset,
                            "the number of controls must be between 1 and {MAX_QUBITS}; correct it"
                        ));
                    }
                    Modifier::Control {
                        count,
                        negated: word == "negctrl",
                    }
                }
                _ => break,
            };
            self.expect(Kind::At, "'@' after a modifier")?;
            modifiers.push(modifier);
        }
        Ok(modifiers)
    }

    /// Reads the name of a gate, which may be one of the language.
    pub(crate) fn gate_word(&mut self) -> Outcome<(&'a str, usize)> {
        let token = self.expect(Kind::Identifier, "the name of a gate")?;
        Ok((self.lexer.text_of(token), token.start))
    }

    /// The gate of that name.
    pub(crate) fn gate_named(&mut self, name: &str, offset: usize) -> Outcome<Target> {
        if self.defining == Some(name) {
            return Err(fault!(
                offset,
                "the gate {} calls itself, so it has no end; define it by other gates",
                shown(name)
            ));
        }
        match self.use_gate(name, offset) {
            Some(target) => Ok(target),
            None => {
                super::unsupported::check(name, self.lexer.version, offset)?;
                if matches!(
                    name,
                    "for" | "let" | "const" | "int" | "uint" | "float" | "angle" | "bool" | "measure"
                ) {
                    return Err(fault!(
                        offset,
                        "'{name}' is not supported here, where a gate is expected; write the gates one by one"
                    ));
                }
                Err(self.unknown_gate(name, offset))
            }
        }
    }

    pub(crate) fn unknown_gate(&self, name: &str, offset: usize) -> Problem {
        if library::place_of(name).is_some() {
            let file = if self.lexer.version == Version::Two {
                library::QELIB1
            } else {
                library::STDGATES
            };
            if !library::of_include(file).is_some_and(|mut gates| gates.any(|at| library::STANDARD[at].name == name)) {
                return fault!(
                    offset,
                    "the gate {} is not part of {file}; define it with 'gate'",
                    shown(name)
                );
            }
            return fault!(
                offset,
                "the gate {} is not known yet; add 'include \"{file}\";' at the beginning, or define it with 'gate'",
                shown(name)
            );
        }
        if self.lexer.version == Version::Two && super::unsupported::is_reserved(name, Version::Three) {
            return fault!(
                offset,
                "{} belongs to OpenQASM 3, but this file is read as OpenQASM 2; make its version 'OPENQASM 3.0;', or define a gate of that name",
                shown(name)
            );
        }
        fault!(
            offset,
            "the gate {} is not known; define it with 'gate' before using it, or correct its name",
            shown(name)
        )
    }

    /// The rest of a gate call of the program, after the gate's name.
    pub(crate) fn gate_call(&mut self, target: Target, modifiers: Vec<Modifier>, offset: usize) -> Outcome<Statement> {
        let parameters = self.call_parameters(target, offset)?;
        let mut operands = Vec::new();
        if self.token.kind != Kind::Semicolon {
            operands = self.operands()?;
        }
        self.end_of_list("',' or ';'")?;
        // OpenQASM 2 has no global phase; other programs give it qubits, on which nothing depends.
        let mut idle = Vec::new();
        if target == Target::Phase && self.lexer.version == Version::Two {
            idle = std::mem::take(&mut operands);
        }
        let call = Call {
            offset,
            target,
            modifiers,
            parameters,
            operands,
        };
        self.check_number_of_operands(&call)?;
        if let Target::Defined(place) = target {
            self.check_modifiers_of_resets(&call, &self.definitions[place].resets)?;
        }
        if idle.is_empty() {
            return Ok(Statement::Call(call));
        }
        let idle = Statement::Idle {
            duration: None,
            operands: idle,
        };
        Ok(Statement::Block(vec![idle, Statement::Call(call)]))
    }

    /// Refuses modifiers before a gate that resets qubits.
    pub(crate) fn check_modifiers_of_resets<Q>(&self, call: &Call<Q>, resets: &[usize]) -> Outcome<()> {
        if resets.is_empty() || call.modifiers.is_empty() {
            return Ok(());
        }
        Err(fault!(
            call.offset,
            "the gate {} resets qubits, so that it has no inverse, powers or controls; remove the modifier",
            shown(self.shape_of(call.target).0)
        ))
    }

    pub(crate) fn call_parameters(&mut self, target: Target, offset: usize) -> Outcome<Vec<Expression>> {
        // Stage 1: the list of parameters, and in OpenQASM 3 the duration of the gate, which has no effect.
        let mut parameters = Vec::new();
        if self.accept(Kind::LeftParenthesis)? {
            let needed = !matches!(target, Target::Defined(place) if !self.definitions[place].uses_parameters);
            while self.token.kind != Kind::RightParenthesis {
                parameters.push(if needed {
                    self.expression()?
                } else {
                    self.unused_parameter()?
                });
                if !self.accept(Kind::Comma)? {
                    break;
                }
            }
            self.expect(Kind::RightParenthesis, "')' or ',' after a parameter")?;
        }
        if self.token.kind == Kind::LeftBracket && self.lexer.version == Version::Three {
            self.designator()?;
        }
        // Stage 2: check their number.
        let (name, num_parameters, _) = self.shape_of(target);
        if parameters.len() != num_parameters {
            return Err(fault!(
                offset,
                "the gate {} takes {}, but {} given; correct the list",
                shown(name),
                counted(num_parameters, "parameter"),
                match parameters.len() {
                    1 => "1 was".to_owned(),
                    count => format!("{count} were"),
                }
            ));
        }
        if let Target::Defined(place) = target {
            if self.definitions[place].opaque {
                return Err(fault!(
                    offset,
                    "the gate {} is declared opaque, so that it has no meaning; define it with 'gate' and a body",
                    shown(name)
                ));
            }
        }
        Ok(parameters)
    }

    /// A parameter that the gate's body does not use: also a complex number, or a label of states or Pauli matrices such
    /// as `+`, `r` or `XYZ`, as Qiskit writes after `initialize` and `pauli`.
    fn unused_parameter(&mut self) -> Outcome<Expression> {
        let (lexer, token, last_end) = (self.lexer.clone(), self.token, self.last_end);
        let problem = match self.expression() {
            Ok(expression) => return Ok(expression),
            Err(problem) => problem,
        };
        (self.lexer, self.token, self.last_end) = (lexer, token, last_end);
        loop {
            self.count_part()?;
            match self.token.kind {
                Kind::Comma | Kind::RightParenthesis if self.token != token => break,
                Kind::Integer | Kind::Real | Kind::Imaginary | Kind::Plus | Kind::Minus => {}
                Kind::Identifier if is_label(self.lexer.text_of(self.token)) => {}
                _ => return Err(problem),
            }
            self.advance()?;
        }
        Ok(Expression::of_constant(Value::Real(0.0), token.start))
    }

    pub(crate) fn check_number_of_operands<Q>(&self, call: &Call<Q>) -> Outcome<()> {
        let (name, _, targets) = self.shape_of(call.target);
        let controls = number_of_controls(&call.modifiers);
        if call.operands.len() == targets + controls {
            return Ok(());
        }
        let with = if controls == 0 {
            String::new()
        } else {
            format!(" with {}", counted(controls, "control"))
        };
        Err(fault!(
            call.offset,
            "the gate {}{with} acts on {}, but {} given; correct the list",
            shown(name),
            counted(targets + controls, "qubit"),
            match call.operands.len() {
                1 => "1 was".to_owned(),
                count => format!("{count} were"),
            }
        ))
    }

    /// Name, number of parameters and number of qubits.
    fn shape_of(&self, target: Target) -> (&str, usize, usize) {
        match target {
            Target::Phase => ("gphase", 1, 0),
            Target::Standard(place) => {
                let gate = &library::STANDARD[place];
                (gate.name, gate.parameters, gate.qubits)
            }
            Target::Defined(place) => {
                let gate = &self.definitions[place];
                (&gate.name, gate.parameters, gate.qubits)
            }
        }
    }
}

fn is_label(word: &str) -> bool {
    matches!(word, "r" | "l") || word.bytes().all(|letter| b"IXYZ".contains(&letter))
}

/// How many controls the modifiers add.
pub(crate) fn number_of_controls(modifiers: &[Modifier]) -> usize {
    modifiers
        .iter()
        .map(|modifier| {
            if let Modifier::Control { count, .. } = modifier {
                *count
            } else {
                0
            }
        })
        .sum()
}
