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
        /// Most bits that the type of the number has room for.
        room: usize,
        comparison: &'static str,
        value: BitsValue,
    },
    /// Some of the bits is 1; the bits themselves where they are assigned.
    Bits(Operand),
    /// Two registers have the same bits.
    Same(Operand, Operand),
    /// An odd number of the parts holds.
    Odd(Vec<Condition>),
    /// The part does not hold; `bitwise` for `~`, which is about single bits.
    Not { inner: Box<Condition>, bitwise: bool },
    /// All parts hold; `bitwise` for `&`, which is about single bits.
    All { parts: Vec<Condition>, bitwise: bool },
    /// The part compares so with a truth.
    Holds {
        inner: Box<Condition>,
        comparison: &'static str,
        value: BitsValue,
    },
    /// A value that does not depend on measurements.
    Static(Expression),
}

/// What bits are assigned.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BitsAssigned {
    Zeros,
    /// Digits of bits, the last one that of bit 0.
    Text(String),
    Condition(Condition),
}

/// What a `switch` looks at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Chooser {
    Bits { bits: Operand, room: usize },
    Static(Expression),
}

/// A value given to a subroutine.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    Qubits(Operand),
    Bits(Operand),
    Value(Expression),
}

/// What a subroutine is given.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Formal {
    /// Its qubits have a name that stands for those given.
    Qubits { alias: usize, length: usize },
    /// Its bits are its own, copied from those given.
    Bits { own: Operand, length: usize },
    /// A variable.
    Value { slot: usize, kind: Type },
}

/// A subroutine that the file defines. Its names have places of their own, since it cannot call itself.
#[derive(Debug, Clone)]
pub(crate) struct Subroutine {
    pub name: String,
    pub formals: Vec<Formal>,
    pub body: Vec<Statement>,
    /// The bits that it returns.
    pub result: Option<Operand>,
    /// Length of the longest chain of subroutines below and with this one.
    pub depth: usize,
}

/// What the file has defined.
#[derive(Clone, Copy)]
pub(crate) struct Known<'p> {
    pub definitions: &'p [Definition],
    pub subroutines: &'p [Subroutine],
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
    While {
        condition: Condition,
        body: Vec<Statement>,
        offset: usize,
    },
    Switch {
        chooser: Chooser,
        /// Values and what is done for them.
        cases: Vec<(Vec<Expression>, Vec<Statement>)>,
        otherwise: Vec<Statement>,
        offset: usize,
    },
    /// A call of a subroutine; its result goes into the target.
    Subroutine {
        place: usize,
        arguments: Vec<Argument>,
        target: Option<Operand>,
        offset: usize,
    },
    /// `c[0] = c[1] ^ c[2];`
    SetBits {
        target: Operand,
        value: BitsAssigned,
        offset: usize,
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
