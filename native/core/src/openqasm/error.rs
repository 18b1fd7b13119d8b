//! Errors and warnings about a file, with their place.

use std::fmt;

use crate::excerpt::excerpt;

/// A fault at a byte of the text; the reader turns it into a `ReadError`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub offset: usize,
    pub reason: String,
}

/// Boxed, so that results stay small where nothing goes wrong.
pub(crate) type Problem = Box<Fault>;
pub(crate) type Outcome<T> = Result<T, Problem>;

/// A fault with a formatted reason: `fault!(offset, "... {name} ...")`.
macro_rules! fault {
    ($offset:expr, $($message:tt)+) => {
        Box::new($crate::openqasm::error::Fault { offset: $offset as usize, reason: format!($($message)+) })
    };
}
pub(crate) use fault;

/// Why a file was refused, or a warning about it. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// One sentence: what was expected, what was given, what to do.
    pub reason: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The line of the file with a caret under the place, or nothing.
    pub excerpt: String,
}

impl ReadError {
    pub(crate) fn locate(fault: Fault, text: &[u8]) -> Self {
        let before = &text[..fault.offset.min(text.len())];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        // Bytes of the form 10xxxxxx continue a character.
        let is_character_start = |&&byte: &&u8| byte & 0xC0 != 0x80;
        ReadError {
            reason: fault.reason,
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + before[line_start..].iter().filter(is_character_start).count(),
            excerpt: excerpt(text, fault.offset),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

impl std::error::Error for ReadError {}

/// A piece of the file as it may stand in an error: short, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = text.chars().take(LONGEST).collect();
    let mark = if short.len() < text.len() { "…" } else { "" };
    format!("'{}{mark}'", short.escape_debug())
}

/// `1 qubit`, `2 qubits`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let error = ReadError::locate(*fault!(9, "no"), "ab\nπ = ?;".as_bytes());
        assert_eq!((error.line, error.column), (2, 6));
        assert_eq!(error.excerpt, "π = ?;\n     ^");
        let error = ReadError::locate(*fault!(99, "no"), b"ab\n");
        assert_eq!((error.line, error.column), (2, 1));
    }

    #[test]
    fn shown_text_is_short_and_printable() {
        assert_eq!(shown("a\0b"), "'a\\0b'");
        assert!(shown(&"x".repeat(5000)).chars().count() < 50);
    }
}
