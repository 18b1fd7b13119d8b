//! Expands gates: calls of defined gates become gates of the library, with an explicit stack instead of recursion.
//!
//! Costs are checked before (`cost.rs`), so that expansion is bounded. A control on a defined gate is a control on
//! every gate of its body; an inverse runs the body backwards; an integer power repeats it; for a fractional
//! power the body is expanded separately, as a `Product` whose matrix the caller raises to the power.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use super::affine::{AffineTable, Angle};
use super::distinct::{DistinctGates, Root};
use super::error::{counted, fault, shown, Outcome};
use super::expression::Names;
use super::library;
use super::limits::{MAX_POWERS, MAX_POWER_NESTING, MAX_POWER_QUBITS};
use super::power::Powers;
use super::syntax::{Definition, Modifier, Target};

/// Operations in order: numbers of distinct gates, their qubits one after another, and a phase of the whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sequence {
    /// For each operation the number of its gate.
    pub operations: Vec<u32>,
    /// Qubits of the operations, controls first.
    pub qubits: Vec<u32>,
    /// Angle of the global phase, in radians.
    pub phase: f64,
}

/// A gate defined by the file that is raised to a fractional power.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Name of the gate.
    pub name: String,
    /// Number of qubits, at most `MAX_POWER_QUBITS`.
    pub num_qubits: usize,
    /// Its gates on qubits `0..num_qubits`.
    pub sequence: Sequence,
}

/// A gate call with every value known.
#[derive(Clone, Copy)]
pub(crate) struct Application<'c> {
    pub offset: usize,
    pub target: Target,
    pub parameters: &'c [Angle],
    pub powers: &'c Powers,
    /// For each control that modifiers add: whether it acts on |0>.
    pub negated: &'c [bool],
    /// Controls, then targets.
    pub qubits: &'c [u32],
}

impl Application<'_> {
    /// Whether a rotation of the library is raised to a power.
    fn raises_rotation(&self) -> bool {
        let rotation = matches!(self.target, Target::Standard(place) if library::STANDARD[place].is_rotation());
        rotation && !self.powers.0.is_empty()
    }
}

/// A definition that is being expanded.
struct Frame {
    definition: usize,
    parameters: Vec<Angle>,
    /// Controls, then the qubits of the definition.
    qubits: Vec<u32>,
    controls: usize,
    /// Qubits to be flipped when the definition ends.
    flips: Vec<u32>,
    inverse: bool,
    repeats: u64,
    done: usize,
}

/// Collects the expanded gates.
#[derive(Default)]
pub(crate) struct Expansion {
    pub distinct: DistinctGates,
    pub sequence: Sequence,
    pub products: Vec<Product>,
    /// Expressions of inputs.
    pub affine: RefCell<AffineTable>,
    /// The part of the global phase that depends on inputs: their factors.
    pub phase_terms: BTreeMap<u32, f64>,
    product_numbers: HashMap<(usize, Vec<u64>), usize>,
    power_nesting: usize,
}

impl Expansion {
    /// Appends the expansion of a gate to the sequence.
    pub fn apply(&mut self, call: Application<'_>, definitions: &[Definition]) -> Outcome<()> {
        // Stage 1: enter the gate; if it is defined by the file, that pushes a frame.
        let mut frames = Vec::new();
        self.enter(call, 0, definitions, &mut frames)?;
        let mut parameters = Vec::new();
        let mut qubits = Vec::new();
        while let Some(frame) = frames.last_mut() {
            // Stage 2: at the end of a body, repeat it or leave the frame.
            let body = &definitions[frame.definition].body;
            if frame.done == body.len() {
                if frame.repeats > 1 {
                    frame.repeats -= 1;
                    frame.done = 0;
                } else {
                    let flips = std::mem::take(&mut frame.flips);
                    self.flip(&flips, call.offset)?;
                    frames.pop();
                }
                continue;
            }
            // Stage 3: the next call of the body, its parameters, modifiers and qubits.
            let place = if frame.inverse {
                body.len() - 1 - frame.done
            } else {
                frame.done
            };
            frame.done += 1;
            let inner = &body[place];
            let names = Names {
                parameters: &frame.parameters,
                variables: &[],
                affine: Some(&self.affine),
            };
            parameters.clear();
            for expression in &inner.parameters {
                parameters.push(expression.parameter(names)?);
            }
            let (mut powers, negated) = combine_modifiers(&inner.modifiers, names)?;
            if frame.inverse {
                powers.raise(-1.0);
            }
            let (controls, formals) = frame.qubits.split_at(frame.controls);
            qubits.clear();
            qubits.extend_from_slice(controls);
            qubits.extend(inner.operands.iter().map(|&place| formals[place]));
            let inherited = frame.controls;
            // Stage 4: enter it.
            let call = Application {
                offset: inner.offset,
                target: inner.target,
                parameters: &parameters,
                powers: &powers,
                negated: &negated,
                qubits: &qubits,
            };
            self.enter(call, inherited, definitions, &mut frames)?;
        }
        Ok(())
    }

    /// Appends a gate of the library, or pushes a frame for a definition. The first `inherited` qubits are controls of the
    /// definitions around it.
    fn enter(
        &mut self,
        call: Application<'_>,
        inherited: usize,
        definitions: &[Definition],
        frames: &mut Vec<Frame>,
    ) -> Outcome<()> {
        // The power 0 is the identity.
        if call.powers.0 == [0.0] {
            return Ok(());
        }
        // Stage 1: flip the negated controls.
        let controls = inherited + call.negated.len();
        let negated = call.negated.iter().zip(&call.qubits[inherited..]);
        let flips: Vec<u32> = negated
            .filter(|(&negated, _)| negated)
            .map(|(_, &qubit)| qubit)
            .collect();
        self.flip(&flips, call.offset)?;
        // Stage 2: the gate itself, by its kind and power.
        match (call.target, call.powers.integer()) {
            (Target::Phase, _) => {
                let angle = self.scale_angle(call)?;
                self.phase(angle, &call.qubits[..controls], call.offset)?;
            }
            (Target::Standard(place), _) if call.raises_rotation() => {
                let angle = self.scale_angle(call)?;
                self.push(Root::Standard(place), controls, &[], &[angle], call.qubits, call.offset)?;
            }
            (Target::Standard(place), _) => {
                if !matches!(call.powers.0.as_slice(), [] | [-1.0]) {
                    refuse_inputs(call.parameters, library::STANDARD[place].name, call.offset)?;
                }
                self.push(
                    Root::Standard(place),
                    controls,
                    &call.powers.0,
                    call.parameters,
                    call.qubits,
                    call.offset,
                )?;
            }
            (Target::Defined(definition), Some(power)) => {
                frames.push(Frame {
                    definition,
                    parameters: call.parameters.to_vec(),
                    qubits: call.qubits.to_vec(),
                    controls,
                    flips,
                    inverse: power < 0,
                    repeats: power.unsigned_abs(),
                    done: 0,
                });
                return Ok(());
            }
            (Target::Defined(definition), None) => {
                refuse_inputs(call.parameters, &definitions[definition].name, call.offset)?;
                let product = self.product(definition, call.parameters, definitions, call.offset)?;
                self.push(
                    Root::Product(product),
                    controls,
                    &call.powers.0,
                    &[],
                    call.qubits,
                    call.offset,
                )?;
            }
        }
        // Stage 3: flip the controls back; a frame does so when it is left.
        self.flip(&flips, call.offset)
    }

    /// The angle of a power of a rotation or a phase.
    fn scale_angle(&mut self, call: Application<'_>) -> Outcome<Angle> {
        let given = call.parameters[0];
        let mut angle = given;
        for &power in &call.powers.0 {
            angle = self.affine.get_mut().scale(angle, power, call.offset)?;
        }
        match angle {
            Angle::Number(scaled) if !scaled.is_finite() => Err(fault!(
                call.offset,
                "a power of a rotation by {} has an angle that is too large; use a smaller exponent",
                given.value()
            )),
            angle => Ok(angle),
        }
    }

    fn push(
        &mut self,
        root: Root,
        controls: usize,
        powers: &[f64],
        parameters: &[Angle],
        qubits: &[u32],
        offset: usize,
    ) -> Outcome<()> {
        let number = self.distinct.number_of(root, controls, powers, parameters, offset)?;
        self.sequence.operations.push(number);
        self.sequence.qubits.extend_from_slice(qubits);
        Ok(())
    }

    /// Exchanges |0> and |1> of these qubits, so that a control on |1> becomes one on |0>.
    fn flip(&mut self, qubits: &[u32], offset: usize) -> Outcome<()> {
        for &qubit in qubits {
            let x = library::place_of("x").unwrap_or(0);
            self.push(Root::Standard(x), 0, &[], &[], &[qubit], offset)?;
        }
        Ok(())
    }

    /// A global phase; under controls it is a phase gate on the last of them.
    fn phase(&mut self, angle: Angle, controls: &[u32], offset: usize) -> Outcome<()> {
        if controls.is_empty() {
            let mut phase = self.sequence.phase;
            match angle {
                Angle::Number(number) => phase += number,
                Angle::Affine(place) => {
                    let table = self.affine.get_mut();
                    table.add_to(&mut self.phase_terms, &mut phase, place, offset)?;
                }
            }
            // Kept small, so that adding up phases loses no digits.
            self.sequence.phase = phase % std::f64::consts::TAU;
            return Ok(());
        }
        let p = library::place_of("p").unwrap_or(0);
        self.push(Root::Standard(p), controls.len() - 1, &[], &[angle], controls, offset)
    }

    /// The number of the product of a definition with these parameters.
    fn product(
        &mut self,
        place: usize,
        parameters: &[Angle],
        definitions: &[Definition],
        offset: usize,
    ) -> Outcome<usize> {
        // Stage 1: a product that is known already.
        let key = (
            place,
            parameters.iter().map(|angle| angle.to_bits()).collect::<Vec<u64>>(),
        );
        if let Some(&number) = self.product_numbers.get(&key) {
            return Ok(number);
        }
        // Stage 2: check the limits.
        let definition = &definitions[place];
        if definition.qubits > MAX_POWER_QUBITS {
            return Err(fault!(
                offset,
                "the gate {} on {} is raised to a fractional power, which needs its matrix and is allowed up to {MAX_POWER_QUBITS} qubits; use an integer power",
                shown(&definition.name),
                counted(definition.qubits, "qubit")
            ));
        }
        if definition.qubits == 0 {
            return Err(fault!(
                offset,
                "the gate {} on no qubits is raised to a fractional power; multiply the angles of its phases instead",
                shown(&definition.name)
            ));
        }
        if self.products.len() >= MAX_POWERS || self.power_nesting >= MAX_POWER_NESTING {
            return Err(fault!(
                offset,
                "more than {MAX_POWERS} defined gates are raised to fractional powers, or more than {MAX_POWER_NESTING} within one another; use fewer"
            ));
        }
        // Stage 3: expand the definition into a sequence of its own.
        let outer = std::mem::take(&mut self.sequence);
        self.power_nesting += 1;
        let qubits: Vec<u32> = (0..definition.qubits as u32).collect();
        let call = Application {
            offset,
            target: Target::Defined(place),
            parameters,
            powers: &Powers::default(),
            negated: &[],
            qubits: &qubits,
        };
        let outcome = self.apply(call, definitions);
        self.power_nesting -= 1;
        let sequence = std::mem::replace(&mut self.sequence, outer);
        outcome?;
        // Stage 4: add the product.
        let number = self.products.len();
        self.products.push(Product {
            name: definition.name.clone(),
            num_qubits: definition.qubits,
            sequence,
        });
        self.product_numbers.insert(key, number);
        Ok(number)
    }
}

/// Refuses a gate that is raised to a power which needs numbers.
fn refuse_inputs(parameters: &[Angle], name: &str, offset: usize) -> Outcome<()> {
    match parameters.iter().any(|angle| matches!(angle, Angle::Affine(_))) {
        true => Err(fault!(
            offset,
            "the gate {} depends on an input, and this power of it is no sum of inputs times numbers; write its value, or the gates one by one",
            shown(name)
        )),
        false => Ok(()),
    }
}

/// Combines modifiers: the powers, and for each control whether it is negated, in the order of the qubits.
pub(crate) fn combine_modifiers(modifiers: &[Modifier], names: Names<'_>) -> Outcome<(Powers, Vec<bool>)> {
    let mut powers = Powers::default();
    for modifier in modifiers.iter().rev() {
        powers.modify(modifier, names)?;
    }
    let mut controls = Vec::new();
    for modifier in modifiers {
        if let Modifier::Control { count, negated } = modifier {
            controls.extend(std::iter::repeat_n(*negated, *count));
        }
    }
    Ok((powers, controls))
}
