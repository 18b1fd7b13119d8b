//! OpenQASM 2.0, and of OpenQASM 3 gates, measurements and conditions, to a flat list of operations.
//!
//! Text becomes tokens (`lexer`), tokens become statements with every name looked up (`parser` and the files named
//! after what they parse), statements are executed one by one (`machine`), and the gates that the file
//! defines are expanded into gates of the library (`expansion`). One pass; only what may be used again is kept.
//!
//! Files are untrusted: all limits are in `limits`, costs are known before they are spent (`cost`), no
//! function here calls itself deeper than `MAX_LOOP_NESTING`, no file is opened, and every refusal has its line and
//! column.
//!
//! Why not the crates `oq3_lexer`, `oq3_parser` and `oq3_semantics` (0.7 was tried)? Their parser calls itself for each
//! parenthesis, and 20,000 of them overflow the stack, which ends the whole process; their semantic pass panics on what
//! it does not know and opens included files; they hold the whole file as a tree of 130 bytes for each of its bytes;
//! they read no OpenQASM 2; and they bring some fifty crates.
//!
//! Source: Cross, Bishop, Smolin & Gambetta, arXiv:1707.03429 (OpenQASM 2); Cross et al., arXiv:2104.14722 (OpenQASM 3).

mod affine;
mod classical_parser;
mod condition_parser;
mod control;
mod cost;
mod definition_parser;
mod distinct;
mod error;
mod events;
mod expansion;
mod expression;
mod expression_parser;
mod function;
mod gate_parser;
mod known_gates;
mod lexer;
mod library;
pub mod limits;
mod machine;
mod operand_parser;
mod parser;
mod power;
mod qubits;
mod register_parser;
mod scope;
mod subroutine_parser;
mod syntax;
#[cfg(test)]
mod tests;
mod timing_parser;
mod unsupported;
mod value;
mod version;

pub use affine::{Affine, Angle};
pub use error::ReadError;
pub use events::{Event, ReadCondition};
pub use expansion::{Product, Sequence};

use distinct::Root;
use error::{fault, Fault, Outcome};
use machine::Machine;
use parser::Parser;

/// What a gate is before powers and controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// A gate of qelib1.inc or stdgates.inc, or `U` or `CX`.
    Named(&'static str),
    /// A product, by its number.
    Product(usize),
}

/// A gate: a base with parameters, raised to powers one after another, then controlled.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadGate {
    /// What it is before powers and controls.
    pub base: Base,
    /// Parameters of the base.
    pub parameters: Vec<Angle>,
    /// Exponents, the first applied first.
    pub powers: Vec<f64>,
    /// Controls beyond those of the base.
    pub num_controls: usize,
    /// Qubits of the base and controls.
    pub num_qubits: usize,
}

/// A circuit as read from a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Qubits of all registers, in the order of their declaration, then the hardware qubits up to the largest number.
    pub num_qubits: usize,
    /// The gates, each once.
    pub gates: Vec<ReadGate>,
    /// The operations.
    pub sequence: Sequence,
    /// Gates defined by the file that are raised to fractional powers; each uses only products before it.
    pub products: Vec<Product>,
    /// Names of the inputs, in the order of their declaration.
    pub inputs: Vec<String>,
    /// The expressions of inputs that parameters refer to by number.
    pub expressions: Vec<Affine>,
    /// The part of the global phase that depends on inputs: their numbers and factors.
    pub phase_terms: Vec<(u32, f64)>,
    /// What happens beside gates, each with the number of operations before it.
    pub events: Vec<(usize, Event)>,
    /// Whether there is more than gates and measurements at the end.
    pub dynamic: bool,
    /// Names and lengths of the registers of bits, in the order of their declaration.
    pub registers: Vec<(String, usize)>,
    /// Warnings: where the file deviates from the language, or a part of it was ignored.
    pub warnings: Vec<ReadError>,
}

/// Reads a file; loops that depend on measured bits are written out to 32 turns.
///
/// # Errors
/// As those of `read_with`.
pub fn read(text: &[u8]) -> Result<Reading, ReadError> {
    read_with(text, limits::MAX_TURNS)
}

/// Reads a file.
///
/// # Errors
/// If the text is not OpenQASM, needs more than gates, measurements, resets and conditions, or exceeds a limit.
///
/// # Arguments
/// * `max_turns`: Turns up to which loops that depend on measured bits are written out.
pub fn read_with(text: &[u8], max_turns: usize) -> Result<Reading, ReadError> {
    let locate = |fault| ReadError::locate(fault, text);
    let (mut reading, warnings) = read_checked(text, max_turns).map_err(|fault| locate(*fault))?;
    reading.warnings = warnings.into_iter().map(locate).collect();
    Ok(reading)
}

fn read_checked(text: &[u8], max_turns: usize) -> Outcome<(Reading, Vec<Fault>)> {
    if text.len() > limits::MAX_BYTES {
        return Err(fault!(
            0,
            "the file has {} bytes, but at most {} are allowed; make it smaller, for instance with 'gate' or 'for'",
            text.len(),
            limits::MAX_BYTES
        ));
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        fault!(
            error.valid_up_to(),
            "the text is not UTF-8 from here on; save the file as plain text in UTF-8"
        )
    })?;
    let mut parser = Parser::new(text)?;
    let mut machine = Machine::with_turns(max_turns);
    while let Some(statement) = parser.next_statement()? {
        machine.make_room(parser.room_for_qubits(), parser.num_variables, parser.num_aliases);
        machine.run(&statement, parser.known())?;
    }
    if parser.num_qubits + parser.num_hardware_qubits == 0 {
        return Err(fault!(
            text.len(),
            "the file declares no qubits; declare some, as in 'qreg q[2];' or 'qubit[2] q;'"
        ));
    }
    let mut reading = collect(parser.num_qubits + parser.num_hardware_qubits, machine.expansion);
    reading.inputs = parser.inputs;
    reading.events = machine.events;
    reading.dynamic = machine.dynamic;
    reading.registers = distinct_names(parser.registers);
    if parser.num_hardware_qubits > 0 {
        let measured = reading.events.iter_mut().filter_map(|(_, event)| match event {
            Event::Measure { qubit, .. } | Event::Reset { qubit } => Some(qubit),
            _ => None,
        });
        renumber_hardware(reading.sequence.qubits.iter_mut().chain(measured), parser.num_qubits);
    }
    Ok((reading, parser.warnings))
}

/// Registers of different names: one that occurs again, in another subroutine or loop, has a number after it.
fn distinct_names(registers: Vec<(String, usize)>) -> Vec<(String, usize)> {
    let mut seen = std::collections::HashSet::new();
    let mut named = Vec::with_capacity(registers.len());
    for (name, length) in registers {
        let mut chosen = name.clone();
        let mut number = 2_usize;
        while !seen.insert(chosen.clone()) {
            chosen = format!("{name}_{number}");
            number += 1;
        }
        named.push((chosen, length));
    }
    named
}

/// Numbers the hardware qubits after those of the registers.
fn renumber_hardware<'a>(qubits: impl Iterator<Item = &'a mut u32>, num_register_qubits: usize) {
    let (first, start) = (limits::MAX_QUBITS as u32, num_register_qubits as u32);
    for qubit in qubits {
        if *qubit >= first {
            *qubit = *qubit - first + start;
        }
    }
}

fn collect(num_qubits: usize, expansion: expansion::Expansion) -> Reading {
    let gates = (0..expansion.distinct.len()).map(|number| {
        let (root, num_controls, powers, parameters) = expansion.distinct.parts(number);
        let (base, targets) = match root {
            Root::Standard(place) => (
                Base::Named(library::STANDARD[place].name),
                library::STANDARD[place].qubits,
            ),
            Root::Product(place) => (Base::Product(place), expansion.products[place].num_qubits),
        };
        ReadGate {
            base,
            parameters,
            powers,
            num_controls,
            num_qubits: num_controls + targets,
        }
    });
    Reading {
        num_qubits,
        gates: gates.collect(),
        sequence: expansion.sequence,
        products: expansion.products,
        expressions: expansion.affine.into_inner().into_expressions(),
        phase_terms: expansion
            .phase_terms
            .into_iter()
            .filter(|&(_, factor)| factor != 0.0)
            .collect(),
        ..Reading::default()
    }
}
