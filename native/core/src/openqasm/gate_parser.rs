//! Reads gate definitions and gate calls.

use super::cost::Cost;
use super::error::{counted, fault, shown, Outcome, Problem};
use super::expression::Expression;
use super::lexer::{Kind, Version};
use super::library;
use super::limits::{MAX_DEFINITIONS, MAX_NESTING, MAX_QUBITS};
use super::parser::{Formals, KnownGate, Parser};
use super::power::Powers;
use super::syntax::{Call, Definition, Modifier, Operand, Statement, Target};

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

    /// `ctrl @ negctrl(2) @ inv @ pow(0.5) @ …`, or nothing.
    pub(crate) fn modifiers(&mut self) -> Outcome<Vec<Modifier>> {
        let mut modifiers = Vec::new();
        let mut controls = 0_usize;
        while self.lexer.version == Version::Three && self.token.kind == Kind::Identifier {
            let offset = self.token.start;
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

    /// Goes past the name of a gate, which may be one of the language.
    pub(crate) fn gate_word(&mut self) -> Outcome<(&'a str, usize)> {
        let token = self.expect(Kind::Identifier, "the name of a gate")?;
        Ok((self.lexer.text_of(token), token.start))
    }

    /// The gate of that name.
    pub(crate) fn gate_named(&self, name: &str, offset: usize) -> Outcome<Target> {
        if self.defining == Some(name) {
            return Err(fault!(
                offset,
                "the gate {} calls itself, so it has no end; define it by other gates",
                shown(name)
            ));
        }
        match self.gates.get(name) {
            Some(gate) => Ok(gate.target),
            None => {
                super::unsupported::check(name, self.lexer.version, offset)?;
                if matches!(
                    name,
                    "for" | "let" | "const" | "int" | "uint" | "float" | "angle" | "bool" | "measure"
                ) {
                    return Err(fault!(
                        offset,
                        "'{name}' cannot stand in a gate definition; use gates only"
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
                "the gate {} is not known yet; add 'include \"{file}\";' after the version, or define it with 'gate'",
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
    pub(crate) fn gate_call(
        &mut self,
        target: Target,
        modifiers: Vec<Modifier>,
        offset: usize,
    ) -> Outcome<Call<Operand>> {
        let parameters = self.call_parameters(target, offset)?;
        let mut operands = Vec::new();
        if self.token.kind != Kind::Semicolon {
            operands = self.operands()?;
        }
        self.end_of_statement()?;
        let call = Call {
            offset,
            target,
            modifiers,
            parameters,
            operands,
        };
        self.check_number_of_operands(&call)?;
        Ok(call)
    }

    fn call_parameters(&mut self, target: Target, offset: usize) -> Outcome<Vec<Expression>> {
        let mut parameters = Vec::new();
        if self.accept(Kind::LeftParenthesis)? {
            while self.token.kind != Kind::RightParenthesis {
                parameters.push(self.expression()?);
                if !self.accept(Kind::Comma)? {
                    break;
                }
            }
            self.expect(Kind::RightParenthesis, "')' or ',' after a parameter")?;
        }
        let (name, wanted, _) = self.shape_of(target);
        if parameters.len() != wanted {
            return Err(fault!(
                offset,
                "the gate {} takes {}, but {} given; correct the list",
                shown(name),
                counted(wanted, "parameter"),
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

    fn check_number_of_operands<Q>(&self, call: &Call<Q>) -> Outcome<()> {
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
                powers.modify(modifier, super::expression::NO_NAMES)?;
            }
        }
        Ok(Cost::of_call(call, &powers, &self.definitions))
    }
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
