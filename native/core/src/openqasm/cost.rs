//! The cost of a gate once it is expanded, known before the expansion: definitions that double are refused at once.

use super::error::{fault, Outcome};
use super::gate_parser::number_of_controls;
use super::library;
use super::limits::{MAX_GATES, MAX_OPERANDS, MAX_WORK};
use super::power::Powers;
use super::syntax::{Call, Definition, Modifier, Target};

/// Counts, with saturating arithmetic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    pub gates: u64,
    /// Qubits of those gates, with repetition.
    pub operands: u64,
    /// Elementary steps of the expansion.
    pub work: u64,
}

impl Cost {
    pub fn plus(self, other: Cost) -> Cost {
        Cost {
            gates: self.gates.saturating_add(other.gates),
            operands: self.operands.saturating_add(other.operands),
            work: self.work.saturating_add(other.work),
        }
    }

    pub fn times(self, count: u64) -> Cost {
        Cost {
            gates: self.gates.saturating_mul(count),
            operands: self.operands.saturating_mul(count),
            work: self.work.saturating_mul(count),
        }
    }

    /// The cost of a call, given the powers of its modifiers.
    pub fn of_call<Q>(call: &Call<Q>, powers: &Powers, definitions: &[Definition]) -> Cost {
        // Stage 1: the gate without controls.
        let controls = number_of_controls(&call.modifiers) as u64;
        let body = match call.target {
            Target::Phase => Cost {
                gates: 1,
                operands: 1,
                work: 1,
            },
            Target::Standard(place) => Cost {
                gates: 1,
                operands: library::STANDARD[place].qubits as u64,
                work: 1,
            },
            Target::Defined(place) => {
                let definition = &definitions[place];
                let once = definition.cost.plus(Cost {
                    work: 1,
                    ..Cost::default()
                });
                match powers.integer() {
                    Some(power) => once.times(power.unsigned_abs()),
                    // A fractional power: the gates are expanded once, as the product that the power is one gate of.
                    None => once.plus(Cost {
                        gates: 1,
                        operands: definition.qubits as u64,
                        work: 1,
                    }),
                }
            }
        };
        // Stage 2: its controls and parameters. A negated control adds two X gates.
        let flips = 2 * call.modifiers.iter().map(negated_controls).sum::<u64>();
        let expressions: u64 = call.parameters.iter().map(|expression| expression.work()).sum();
        Cost {
            gates: body.gates.saturating_add(flips),
            operands: body
                .operands
                .saturating_add(body.gates.saturating_mul(controls))
                .saturating_add(flips),
            work: body
                .work
                .saturating_add(1 + expressions + call.modifiers.len() as u64 + call.operands.len() as u64),
        }
    }

    /// Refuses what is past the limits.
    pub fn check(self, offset: usize) -> Outcome<()> {
        let Cost { gates, operands, work } = self;
        if gates > MAX_GATES {
            return Err(fault!(
                offset,
                "with this statement the circuit has {} gates once definitions, loops and registers are written out, but at most {MAX_GATES} are allowed; make it smaller",
                amount(gates)
            ));
        }
        if operands > MAX_OPERANDS {
            return Err(fault!(
                offset,
                "with this statement the gates of the circuit touch {} qubits altogether, but at most {MAX_OPERANDS} are allowed; make it smaller",
                amount(operands)
            ));
        }
        if work > MAX_WORK {
            return Err(fault!(
                offset,
                "with this statement reading the circuit takes {} steps of loops, expressions and definitions, but at most {MAX_WORK} are allowed; make it smaller",
                amount(work)
            ));
        }
        Ok(())
    }
}

fn amount(count: u64) -> String {
    if count == u64::MAX {
        "more than 10^19".to_owned()
    } else {
        count.to_string()
    }
}

fn negated_controls(modifier: &Modifier) -> u64 {
    match modifier {
        Modifier::Control { count, negated: true } => *count as u64,
        _ => 0,
    }
}
