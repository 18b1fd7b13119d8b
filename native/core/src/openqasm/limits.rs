//! Limits on files. A file past a limit is refused before the work or the memory is spent.

/// Bytes of text.
pub const MAX_BYTES: usize = 64 << 20;
/// Bytes of one word, number or string of the text.
pub const MAX_TOKEN_BYTES: usize = 1024;
/// Qubits of all registers together, and classical bits likewise.
pub const MAX_QUBITS: usize = 100_000;
/// Gates after every definition, loop and broadcast is expanded.
pub const MAX_GATES: u64 = 10_000_000;
/// Qubits touched by those gates, counted with repetition.
pub const MAX_OPERANDS: u64 = 40_000_000;
/// Gates that differ in name, parameters or modifiers.
pub const MAX_DISTINCT_GATES: usize = 2_000_000;
/// Those of them that are powers (other than inverses) of gates that are no rotations.
pub const MAX_POWERED_GATES: usize = 20_000;
/// Elementary steps of loops, expressions and definitions, counted like the gates.
pub const MAX_WORK: u64 = 50_000_000;
/// Operators and parentheses waiting for their end in one expression, and definitions resting on one another.
pub const MAX_NESTING: usize = 1_000;
/// Loops within loops.
pub const MAX_LOOP_NESTING: usize = 64;
/// Subroutines that call one another.
pub const MAX_SUBROUTINE_NESTING: usize = 16;
/// Parts of a condition joined by `^` that are more than bits.
pub const MAX_JOINED: usize = 8;
/// Turns of loops that depend on measured bits, unless told otherwise.
pub const MAX_TURNS: usize = 32;
/// Gates defined by the file.
pub const MAX_DEFINITIONS: usize = 100_000;
/// Registers, aliases, constants and variables declared by the file.
pub const MAX_DECLARATIONS: usize = 100_000;
/// Different expressions of the inputs of the file.
pub const MAX_AFFINE_EXPRESSIONS: usize = 1_000_000;
/// Inputs in those expressions, counted with repetition.
pub const MAX_AFFINE_TERMS: usize = 4_000_000;
/// Characters of the name of an input.
pub const MAX_INPUT_NAME: usize = 256;
/// Warnings about one file; further ones are dropped.
pub const MAX_WARNINGS: usize = 20;
/// Calls, operands, parameters and numbers of one statement, a loop with its body being one, and of all definitions.
pub const MAX_PARTS: usize = 750_000;
/// Qubits of a defined gate that is raised to a fractional power: its matrix is needed.
pub const MAX_POWER_QUBITS: usize = 6;
/// Defined gates, different in name or parameters, that are raised to a fractional power.
pub const MAX_POWERS: usize = 1_000;
/// Fractional powers within definitions that are themselves raised to a fractional power.
pub const MAX_POWER_NESTING: usize = 8;
