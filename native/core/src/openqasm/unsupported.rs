//! The words of the two languages that need more than gates, and the advice given for each.

use super::error::{fault, Outcome};
use super::lexer::Version;

/// Words with their own advice, in the order of the specification.
const ADVICE: [(&str, &str); 21] = [
    ("else", "write it after the statement of an 'if'"),
    ("break", "use 'for' with the bounds needed"),
    ("continue", "use 'for' with a set of the values needed"),
    ("end", "remove the statements after it"),
    ("extern", "write the values as numbers"),
    ("cal", "remove it: pulses do not change what gates mean"),
    ("defcal", "remove it: pulses do not change what gates mean"),
    ("defcalgrammar", "remove it: pulses do not change what gates mean"),
    ("output", "remove it"),
    ("durationof", "remove it: time does not change what gates mean"),
    ("array", "use a set in 'for', as in 'for int i in {1, 2, 4}'"),
    ("complex", "use real numbers"),
    ("readonly", "use 'const'"),
    ("mutable", "remove it"),
    ("sizeof", "write the length as a number"),
    ("void", "remove it"),
    ("popcount", "write its value as a number"),
    ("rotl", "write its value as a number"),
    ("rotr", "write its value as a number"),
    ("real", "use real numbers"),
    ("imag", "use real numbers"),
];

/// Words that are statements or types of the gate level, and so cannot be names.
const USED_2: [&str; 12] = [
    "OPENQASM", "include", "qreg", "creg", "gate", "opaque", "barrier", "measure", "reset", "if", "pi", "U",
];
const USED_3: [&str; 46] = [
    "if", "reset", "box", "delay", "duration", "stretch", "opaque", "nop", "pragma", "OPENQASM", "include", "qreg",
    "creg", "qubit", "bit", "gate", "barrier", "measure", "const", "let", "for", "in", "ctrl", "negctrl", "inv", "pow",
    "int", "uint", "input", "float", "angle", "bool", "true", "false", "pi", "π", "tau", "euler", "U", "gphase",
    "while", "switch", "case", "default", "def", "return",
];

/// Refuses a word that needs more than gates.
pub(crate) fn check(word: &str, version: Version, offset: usize) -> Outcome<()> {
    let known = version == Version::Three;
    match ADVICE.iter().find(|(name, _)| known && *name == word) {
        None => Ok(()),
        Some((_, advice)) => Err(fault!(offset, "'{word}' is not supported; {advice}")),
    }
}

/// Whether a word cannot be the name of anything.
pub(crate) fn is_reserved(word: &str, version: Version) -> bool {
    match version {
        Version::Two => USED_2.contains(&word),
        Version::Three => USED_3.contains(&word) || check(word, version, 0).is_err(),
    }
}
