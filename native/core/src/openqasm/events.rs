//! What a circuit does beside gates: measurements, resets, and conditions around operations.

/// A condition on bits.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadCondition {
    /// The bits, as a whole number, the first the least significant, compare so with a value.
    Compare {
        /// Numbers of the bits, through all registers.
        bits: Vec<u32>,
        /// `==`, `!=`, `<`, `<=`, `>` or `>=`.
        comparison: &'static str,
        /// The value, in decimal digits.
        value: String,
    },
    /// An odd number of the bits is 1.
    Odd {
        /// Numbers of the bits.
        bits: Vec<u32>,
    },
    /// All parts hold, or not all of them.
    All {
        /// The parts.
        parts: Vec<ReadCondition>,
        /// Whether the whole is negated.
        negated: bool,
    },
}

/// What happens between gates.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A measurement into a bit, or one whose result is dropped.
    Measure {
        /// The qubit.
        qubit: u32,
        /// The bit, or none.
        bit: Option<u32>,
    },
    /// A qubit is forgotten and prepared in |0>.
    Reset {
        /// The qubit.
        qubit: u32,
    },
    /// A bit is given a value.
    Assign {
        /// The bit.
        bit: u32,
        /// It is 1 where this holds.
        value: ReadCondition,
    },
    /// What follows, up to the `Else` or `EndIf` that belongs to it, happens where a condition holds here.
    If {
        /// The condition.
        condition: ReadCondition,
    },
    /// What follows, up to the `EndIf`, happens where the condition did not hold.
    Else,
    /// The end of what is under a condition.
    EndIf,
    /// A loop has reached the limit of its turns; where the condition holds, turns are missing.
    Unfinished {
        /// The condition of the loop.
        condition: ReadCondition,
    },
}
