//! Reads gate definitions, and works out what each costs.

use super::cost::Cost;
use super::error::{fault, shown, Outcome};
use super::expression::NO_NAMES;
use super::lexer::Kind;
use super::limits::{MAX_DEFINITIONS, MAX_NESTING, MAX_QUBITS};
use super::parser::{Formals, KnownGate, Parser};
use super::power::Powers;
use super::syntax::{Call, Definition, Modifier, Statement, Target};

impl<'a> Parser<'a> {
    /// `gate name(parameters) qubits { body }`
    pub(crate) fn gate_definition(&mut self) -> Outcome<Statement> {
        let offset = self.token.start;
        self.only_outside("gate")?;
        self.advance()?;
        let (name, name_offset, formals) = self.definition_head()?;
        self.formals = Some(formals);
        self.defining = Some(name);
        let body = self.definition_body();
        self.defining = None;
        let formals = self.formals.take().unwrap_or_default();
        let body = body?;
        let depth = 1 + body.iter().map(|call| self.depth_of(call.target)).max().unwrap_or(0);
        if depth > MAX_NESTING {
            return Err(fault!(
                offset,
                "the gate {} rests on more than {MAX_NESTING} definitions that call one another; define it with fewer",
                shown(name)
            ));
        }
        let mut cost = Cost::default();
        for call in &body {
            cost = cost.plus(self.cost_in_definition(call)?);
        }
        let definition = Definition {
            name: name.to_owned(),
            parameters: formals.parameters.len(),
            qubits: formals.qubits.len(),
            body,
            opaque: false,
            depth,
            cost,
        };
        self.define(name, definition, name_offset)
    }

    /// `opaque name(parameters) qubits;`
    pub(crate) fn opaque_declaration(&mut self) -> Outcome<Statement> {
        self.advance()?;
        let (name, offset, formals) = self.definition_head()?;
        self.end_of_statement()?;
        let definition = Definition {
            name: name.to_owned(),
            parameters: formals.parameters.len(),
            qubits: formals.qubits.len(),
            body: Vec::new(),
            opaque: true,
            depth: 1,
            cost: Cost::default(),
        };
        self.define(name, definition, offset)
    }

    fn define(&mut self, name: &'a str, definition: Definition, offset: usize) -> Outcome<Statement> {
        if self.definitions.len() >= MAX_DEFINITIONS {
            return Err(fault!(
                offset,
                "the file defines more than {MAX_DEFINITIONS} gates; define fewer"
            ));
        }
        let target = Target::Defined(self.definitions.len());
        self.definitions.push(definition);
        self.gates.insert(name, KnownGate { target, by_file: true });
        Ok(Statement::Nothing)
    }

    fn definition_head(&mut self) -> Outcome<(&'a str, usize, Formals<'a>)> {
        let (name, offset) = self.name("the name of a gate")?;
        if self.gates.get(name).is_some_and(|gate| gate.by_file) {
            return Err(fault!(
                offset,
                "the gate {} is defined twice; choose another name",
                shown(name)
            ));
        }
        let mut formals = Formals::default();
        if self.accept(Kind::LeftParenthesis)? {
            while self.token.kind != Kind::RightParenthesis {
                self.count_part()?;
                let (parameter, at) = self.name("the name of a parameter")?;
                let place = formals.parameters.len();
                if formals.parameters.insert(parameter, place).is_some() {
                    return Err(fault!(
                        at,
                        "the parameter {} is named twice; choose another name",
                        shown(parameter)
                    ));
                }
                if !self.accept(Kind::Comma)? {
                    break;
                }
            }
            self.expect(Kind::RightParenthesis, "')' after the parameters")?;
        }
        loop {
            self.count_part()?;
            let (qubit, at) = self.name("the name of a qubit")?;
            let place = formals.qubits.len();
            if formals.qubits.insert(qubit, place).is_some() || formals.parameters.contains_key(qubit) {
                return Err(fault!(
                    at,
                    "the name {} is used twice in the head of a gate; choose another",
                    shown(qubit)
                ));
            }
            if place >= MAX_QUBITS {
                return Err(fault!(
                    at,
                    "a gate has more than {MAX_QUBITS} qubits; define a smaller one"
                ));
            }
            if !self.accept(Kind::Comma)? {
                return Ok((name, offset, formals));
            }
        }
    }

    fn definition_body(&mut self) -> Outcome<Vec<Call<usize>>> {
        self.expect(Kind::LeftBrace, "'{' before the body of a gate")?;
        let mut body = Vec::new();
        while !self.accept(Kind::RightBrace)? {
            let offset = self.token.start;
            if self.accept(Kind::Semicolon)? {
                continue;
            }
            if self.token.kind == Kind::End {
                return Err(fault!(
                    offset,
                    "the file ends within the definition of a gate; close it with '}}'"
                ));
            }
            if self.token.kind == Kind::Identifier && self.lexer.text_of(self.token) == "barrier" {
                self.advance()?;
                if self.token.kind != Kind::Semicolon {
                    self.formal_qubits()?;
                }
                self.end_of_statement()?;
                continue;
            }
            self.count_part()?;
            let modifiers = self.modifiers()?;
            let (name, at) = self.gate_word()?;
            let target = self.gate_named(name, at)?;
            let parameters = self.call_parameters(target, at)?;
            let operands = if self.token.kind == Kind::Semicolon {
                Vec::new()
            } else {
                self.formal_qubits()?
            };
            self.end_of_statement()?;
            let call = Call {
                offset,
                target,
                modifiers,
                parameters,
                operands,
            };
            self.check_number_of_operands(&call)?;
            body.push(call);
        }
        Ok(body)
    }

    fn formal_qubits(&mut self) -> Outcome<Vec<usize>> {
        let mut places = Vec::new();
        loop {
            self.count_part()?;
            let token = self.expect(Kind::Identifier, "the name of a qubit")?;
            let name = self.lexer.text_of(token);
            let place = self
                .formals
                .as_ref()
                .and_then(|formals| formals.qubits.get(name).copied());
            let Some(place) = place else {
                return Err(fault!(
                    token.start,
                    "{} is not a qubit of the gate being defined; use the qubits that its head names",
                    shown(name)
                ));
            };
            if places.len() < 16 && places.contains(&place) {
                return Err(fault!(
                    token.start,
                    "the qubit {} is given twice to one gate; its qubits must differ",
                    shown(name)
                ));
            }
            places.push(place);
            if !self.accept(Kind::Comma)? {
                break;
            }
        }
        if places.len() >= 16 {
            let mut sorted = places.clone();
            sorted.sort_unstable();
            if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(fault!(
                    self.token.start,
                    "a qubit is given twice to one gate; its qubits must differ"
                ));
            }
        }
        Ok(places)
    }

    fn depth_of(&self, target: Target) -> usize {
        match target {
            Target::Defined(place) => self.definitions[place].depth,
            _ => 0,
        }
    }

    /// What a call in a definition costs. Powers of defined gates must be known here: the cost depends on them.
    fn cost_in_definition(&self, call: &Call<usize>) -> Outcome<Cost> {
        let mut powers = Powers::default();
        let defined = matches!(call.target, Target::Defined(_));
        for modifier in call.modifiers.iter().rev() {
            if let Modifier::Power(exponent) = modifier {
                if defined && exponent.constant().is_none() {
                    return Err(fault!(
                        exponent.offset,
                        "the exponent depends on a parameter, which is allowed for standard gates only; write a number"
                    ));
                }
            }
            if defined {
                powers.modify(modifier, NO_NAMES)?;
            }
        }
        Ok(Cost::of_call(call, &powers, &self.definitions))
    }
}
