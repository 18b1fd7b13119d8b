//! Reads gate definitions, and computes the cost of each.

use std::collections::{BTreeSet, HashSet};

use super::cost::Cost;
use super::error::{fault, shown, Outcome};
use super::expression::{Expression, NO_NAMES};
use super::known_gates::{KnownGate, Leniency};
use super::lexer::{Kind, Version};
use super::limits::{MAX_DEFINITIONS, MAX_NESTING, MAX_QUBITS};
use super::parser::{Formals, Parser};
use super::power::Powers;
use super::syntax::{Call, Definition, Modifier, Statement, Target};

/// Qubits of a list up to which a repeat is found by scanning the list: a few comparisons are faster than sorting.
const MAX_SCANNED: usize = 16;

impl<'a> Parser<'a> {
    /// `gate name(parameters) qubits { body }`
    pub(crate) fn gate_definition(&mut self) -> Outcome<Statement> {
        // Stage 1: the head and the body, in which only the gate's own names are known.
        let offset = self.token.start;
        self.only_outside("gate")?;
        self.advance()?;
        let (name, name_offset, formals) = self.definition_head()?;
        self.formals = Some(formals);
        self.defining = Some(name);
        let body = self.definition_body();
        self.defining = None;
        let formals = self.formals.take().unwrap_or_default();
        let (mut body, resets) = body?;
        // Stage 2: the empty body that Qiskit writes for a global phase.
        if name == "global_phase" && formals.qubits.is_empty() && formals.parameters.len() == 1 && body.is_empty() {
            self.warn(name_offset, || {
                "the gate 'global_phase' of no qubits has no body; it is read as 'gphase', which Qiskit means by it"
                    .to_owned()
            });
            body.push(Call {
                offset: name_offset,
                target: Target::Phase,
                modifiers: Vec::new(),
                parameters: vec![Expression::of_parameter(0, name_offset)],
                operands: Vec::new(),
            });
        }
        // Stage 3: check the nesting, sum up the cost and define the gate.
        let depth = 1 + body.iter().map(|call| self.depth_of(call.target)).max().unwrap_or(0);
        if depth > MAX_NESTING {
            return Err(fault!(
                offset,
                "the gate {} depends on a chain of more than {MAX_NESTING} definitions; define it with fewer",
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
            uses_parameters: body.iter().any(uses_parameters),
            body,
            resets,
            opaque: false,
            depth,
            cost,
        };
        self.define(name, definition, None, name_offset)
    }

    /// `opaque name(parameters) qubits;`: without a meaning, except Qiskit's delays.
    pub(crate) fn opaque_declaration(&mut self) -> Outcome<Statement> {
        self.advance()?;
        let (name, offset, formals) = self.definition_head()?;
        self.end_of_statement()?;
        let leniency = is_delay(name).then_some(Leniency::Delay);
        let definition = Definition {
            name: name.to_owned(),
            parameters: formals.parameters.len(),
            qubits: formals.qubits.len(),
            body: Vec::new(),
            resets: Vec::new(),
            uses_parameters: true,
            opaque: leniency.is_none(),
            depth: 1,
            cost: Cost::default(),
        };
        self.define(name, definition, leniency, offset)
    }

    fn define(
        &mut self,
        name: &'a str,
        definition: Definition,
        leniency: Option<Leniency>,
        offset: usize,
    ) -> Outcome<Statement> {
        if self.definitions.len() >= MAX_DEFINITIONS {
            return Err(fault!(
                offset,
                "the file defines more than {MAX_DEFINITIONS} gates; define fewer"
            ));
        }
        let target = Target::Defined(self.definitions.len());
        self.definitions.push(definition);
        let gate = KnownGate {
            target,
            by_file: true,
            leniency,
        };
        self.gates.insert(name, gate);
        Ok(Statement::Nothing)
    }

    /// The head of a definition: name, its place, parameters and qubits.
    fn definition_head(&mut self) -> Outcome<(&'a str, usize, Formals<'a>)> {
        // Stage 1: the name.
        let (name, offset) = self.name("the name of a gate")?;
        if self.gates.get(name).is_some_and(|gate| gate.by_file) {
            return Err(fault!(
                offset,
                "the gate {} is defined twice; choose another name",
                shown(name)
            ));
        }
        // Stage 2: the parameters, if any.
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
        // Stage 3: the qubits; in OpenQASM 3 there may be none, for a gate of phases only.
        if self.token.kind == Kind::LeftBrace && self.lexer.version == Version::Three {
            return Ok((name, offset, formals));
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

    /// The calls of a body, and the qubits that are reset before they are used.
    fn definition_body(&mut self) -> Outcome<(Vec<Call<usize>>, Vec<usize>)> {
        self.expect(Kind::LeftBrace, "'{' before the body of a gate")?;
        let mut body = Vec::new();
        let mut fresh = FreshQubits::default();
        while !self.accept(Kind::RightBrace)? {
            // Empty statements, and the end of the file.
            self.annotations()?;
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
            // Barriers and delays have no effect; a delay may also be a gate of that name.
            if self.is_word("barrier") || self.is_word("delay") && !self.gates.contains_key("delay") {
                if self.is_word("delay") {
                    self.duration_of_delay()?;
                } else {
                    self.advance()?;
                }
                if self.token.kind != Kind::Semicolon {
                    self.formal_qubits()?;
                }
                self.end_of_list("',' or ';'")?;
                continue;
            }
            // Resets are allowed on qubits on which nothing has acted.
            if self.is_word("reset") {
                self.advance()?;
                let qubits = self.formal_qubits()?;
                self.end_of_list("',' or ';'")?;
                fresh.reset(&qubits, offset)?;
                continue;
            }
            // All else is a gate call.
            self.count_part()?;
            let modifiers = self.modifiers()?;
            let (name, at) = self.gate_word()?;
            let target = self.gate_named(name, at)?;
            let parameters = self.call_parameters(target, at)?;
            let mut operands = if self.token.kind == Kind::Semicolon {
                Vec::new()
            } else {
                self.formal_qubits()?
            };
            self.end_of_list("',' or ';'")?;
            if target == Target::Phase && self.lexer.version == Version::Two {
                operands.clear();
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
                let resets = &self.definitions[place].resets;
                self.check_modifiers_of_resets(&call, resets)?;
                let qubits: Vec<usize> = resets.iter().map(|&at| call.operands[at]).collect();
                fresh.reset(&qubits, offset)?;
            }
            fresh.touch(&call.operands);
            body.push(call);
        }
        Ok((body, fresh.resets.into_iter().collect()))
    }

    /// A list of different qubits of the gate being defined.
    fn formal_qubits(&mut self) -> Outcome<Vec<usize>> {
        let mut places = Vec::new();
        loop {
            self.count_part()?;
            if self.token.kind == Kind::HardwareQubit {
                return Err(fault!(
                    self.token.start,
                    "a gate definition acts on the hardware qubit {}, but it may only act on the qubits that its head names; name one there",
                    self.token_shown()
                ));
            }
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
            // Short lists are checked for repeats here, long ones by sorting in the end.
            if places.len() < MAX_SCANNED && places.contains(&place) {
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
        if places.len() >= MAX_SCANNED {
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

/// Which qubits of a body are reset, and which have been acted on.
#[derive(Default)]
struct FreshQubits {
    resets: BTreeSet<usize>,
    touched: HashSet<usize>,
}

impl FreshQubits {
    fn reset(&mut self, qubits: &[usize], offset: usize) -> Outcome<()> {
        if qubits.iter().any(|qubit| self.touched.contains(qubit)) {
            return Err(fault!(
                offset,
                "'reset' comes after a gate on the same qubit in the body of a gate, which is not supported; write the statements where the gate is used"
            ));
        }
        self.resets.extend(qubits);
        Ok(())
    }

    fn touch(&mut self, qubits: &[usize]) {
        self.touched.extend(qubits);
    }
}

/// Whether a call depends on a parameter of the definition that it stands in.
fn uses_parameters(call: &Call<usize>) -> bool {
    let exponents = call.modifiers.iter().filter_map(|modifier| match modifier {
        Modifier::Power(exponent) => Some(exponent),
        _ => None,
    });
    call.parameters
        .iter()
        .chain(exponents)
        .any(|expression| expression.constant().is_none())
}

/// Whether an opaque gate is one of those that Qiskit writes for its delays.
fn is_delay(name: &str) -> bool {
    let number = name.strip_prefix("delay");
    number.is_some_and(|number| {
        number.is_empty() || number.starts_with('_') && number[1..].bytes().all(|byte| byte.is_ascii_digit())
    })
}
