//! Which of the two languages a file is written in.
//!
//! OpenQASM 2 requires the version first; in OpenQASM 3 it is optional. The language of a file without one is inferred from
//! what it includes, then from words that only one of the languages has; otherwise it is read as OpenQASM 3.

use super::error::{fault, Outcome};
use super::lexer::{Kind, Lexer, Token, Version};
use super::library::{QELIB1, STDGATES};
use super::parser::Parser;

/// Number of tokens from which the language is inferred.
const MAX_TOKENS: usize = 1_000_000;

impl Parser<'_> {
    /// `OPENQASM 3.0;`, or nothing.
    pub(crate) fn version(&mut self) -> Outcome<()> {
        let token = self.token;
        if token.kind != Kind::Identifier || self.lexer.text_of(token) != "OPENQASM" {
            self.lexer.version = guess(&self.lexer, token);
            return Ok(());
        }
        self.advance()?;
        let number = self.token;
        self.lexer.version = match (number.kind, self.lexer.text_of(number)) {
            (Kind::Integer | Kind::Real, "2" | "2.0") => Version::Two,
            (Kind::Integer | Kind::Real, "3" | "3.0" | "3.1") => Version::Three,
            _ => {
                return Err(fault!(
                    number.start,
                    "the version {} of OpenQASM is not known; write 'OPENQASM 2.0;' or 'OPENQASM 3.0;'",
                    self.token_shown()
                ))
            }
        };
        self.advance()?;
        self.end_of_statement().map(|_| ())
    }
}

/// The language of a file without a version, given its first token. A text that breaks off is classified by its beginning.
fn guess(lexer: &Lexer<'_>, first: Token) -> Version {
    let mut lexer = lexer.clone();
    let mut seen_register = false;
    let mut begins_statement = true;
    let mut token = first;
    for _ in 0..MAX_TOKENS {
        let word = lexer.text_of(token);
        match token.kind {
            Kind::End => break,
            Kind::At | Kind::HardwareQubit | Kind::Hash => return Version::Three,
            Kind::Text if word.trim_matches(['"', '\'']) == QELIB1 => return Version::Two,
            Kind::Text if word.trim_matches(['"', '\'']) == STDGATES => return Version::Three,
            Kind::Identifier if begins_statement => match word {
                "qreg" | "creg" | "opaque" => seen_register = true,
                "qubit" | "bit" | "const" | "let" | "for" | "while" | "switch" | "int" | "uint" | "float" | "angle"
                | "bool" | "complex" | "array" | "duration" | "stretch" | "delay" | "box" | "input" | "output"
                | "def" | "defcal" | "cal" | "defcalgrammar" | "extern" | "pragma" | "gphase" | "ctrl" | "negctrl"
                | "inv" | "pow" => return Version::Three,
                _ => {}
            },
            _ => {}
        }
        begins_statement = matches!(token.kind, Kind::Semicolon | Kind::LeftBrace | Kind::RightBrace);
        match lexer.next_token() {
            Ok(next) => token = next,
            Err(_) => break,
        }
    }
    if seen_register {
        Version::Two
    } else {
        Version::Three
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, version: Version) {
        let mut lexer = Lexer::new(text);
        let first = lexer.next_token().expect("a token");
        assert_eq!(guess(&lexer, first), version, "{text}");
    }

    #[test]
    fn includes_and_words_tell_the_language() {
        is("include \"qelib1.inc\"; qreg q[1];", Version::Two);
        is("gate g a { } include 'qelib1.inc'; qreg q[1];", Version::Two);
        is("qreg q[1]; include \"stdgates.inc\";", Version::Three);
        is("qreg q[1]; U(0,0,0) q[0]; measure q -> c;", Version::Two);
        is("qreg q[1]; ctrl @ gphase(0.5) q[0];", Version::Three);
        is("U(0, 0, 0) $0;", Version::Three);
        is("qubit q;", Version::Three);
        is("gate g a { } // nothing else", Version::Three);
        is("qreg q[1]; \0 qubit q;", Version::Two);
        is("", Version::Three);
    }
}
