//! Statements as they are executed: all names are already looked up.

use super::cost::Cost;
use super::expression::Expression;
use super::value::{Binary, Type};

/// A gate that may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A place in `library::STANDARD`.
    Standard(usize),
    /// A place among the definitions of the file.
    Defined(usize),
    /// `gphase`, a gate on no qubit.
    Phase,
}

/// A modifier of a gate, as in `ctrl(2) @`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Modifier {
    Inverse,
    Power(Expression),
    Control { count: usize, negated: bool },
}

/// A call of a gate. `operands` are qubits: `Operand` in the program, places of formal qubits in a definition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call<Q> {
    pub offset: usize,
    pub target: Target,
    pub modifiers: Vec<Modifier>,
    pub parameters: Vec<Expression>,
    pub operands: Vec<Q>,
}

/// The register or alias of an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// A register: its first qubit, its length; `single` for one declared without a length.
    Register { start: usize, length: usize, single: bool },
    /// An alias: its place among the aliases.
    Alias(usize),
}

/// An index in brackets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Index {
    At(Expression),
    Range {
        start: Option<Expression>,
        step: Option<Expression>,
        stop: Option<Expression>,
        offset: usize,
    },
    Set(Vec<Expression>),
}

/// A register or alias with its indices.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operand {
    pub offset: usize,
    pub base: Base,
    pub indices: Vec<Index>,
}

/// The values that a loop iterates over.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Range {
        start: Expression,
        step: Option<Expression>,
        stop: Expression,
    },
    Set(Vec<Expression>),
}

/// The number that bits are compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BitsValue {
    Small(Expression),
    /// Decimal digits of a number of any length.
    Digits(String),
}

/// A condition on bits that have been measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    /// The bits, as a whole number, compare so with a value.
    Compare {
        bits: Operand,
        comparison: &'static str,
        value: BitsValue,
    },
    /// An odd number of the bits is 1.
    Odd(Vec<Operand>),
    Not(Box<Condition>),
    All(Vec<Condition>),
    /// A value that does not depend on measurements.
    Static(Expression),
}

/// A statement of the program. Declarations of registers, gates and constants leave none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Statement {
    Nothing,
    Call(Call<Operand>),
    /// `barrier`, `nop`, and `delay` with its duration: nothing happens to the state.
    Idle {
        duration: Option<Expression>,
        operands: Vec<Operand>,
    },
    Reset {
        offset: usize,
        operands: Vec<Operand>,
    },
    /// The statements of a box, one after another.
    Block(Vec<Statement>),
    Measure {
        offset: usize,
        source: Operand,
        target: Option<Operand>,
    },
    If {
        condition: Condition,
        then: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    Assign {
        slot: usize,
        kind: Type,
        operator: Option<Binary>,
        value: Expression,
        offset: usize,
    },
    /// An input gets its value: itself.
    Input {
        slot: usize,
        number: u32,
        offset: usize,
    },
    Alias {
        slot: usize,
        parts: Vec<Operand>,
    },
    For {
        slot: usize,
        kind: Type,
        values: Values,
        body: Vec<Statement>,
        offset: usize,
    },
}

/// A gate that the file defines. `body` is empty and `opaque` set where it is only declared.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub name: String,
    pub parameters: usize,
    pub qubits: usize,
    pub body: Vec<Call<usize>>,
    /// Qubits that are reset before anything else happens to them.
    pub resets: Vec<usize>,
    /// Whether the body depends on a parameter.
    pub uses_parameters: bool,
    pub opaque: bool,
    /// Length of the longest chain of definitions below and with this one.
    pub depth: usize,
    pub cost: Cost,
}
