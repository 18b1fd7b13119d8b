//! Text to tokens, one at a time: only the place of the token in the text is stored.

use super::error::{fault, shown, Outcome};
use super::limits::MAX_TOKEN_BYTES;

/// The language of a file, as its first statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Two,
    Three,
}

/// Kinds of tokens. The text of a token is looked up by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    End,
    Identifier,
    HardwareQubit,
    Integer,
    Real,
    /// A number with a unit of time, as in `100ns`.
    Duration,
    /// A number with `im`, or with `j` as Python writes it.
    Imaginary,
    Text,
    LeftParenthesis,
    RightParenthesis,
    LeftBracket,
    RightBracket,
    LeftBrace,
    RightBrace,
    Semicolon,
    Colon,
    Comma,
    Arrow,
    At,
    Hash,
    Equal,
    /// Compound assignment such as `+=`; the operator is the first part of the token's text.
    CompoundEqual,
    Plus,
    Minus,
    Star,
    DoubleStar,
    Slash,
    Percent,
    Caret,
    Ampersand,
    DoubleAmpersand,
    Bar,
    DoubleBar,
    Tilde,
    Exclamation,
    DoubleEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    Concatenate,
}

/// A token: its kind, and its bytes `start..end` of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// Two- and three-character tokens, longest first where one begins another.
const LONG_SYMBOLS: [(&[u8], Kind); 23] = [
    (b"**=", Kind::CompoundEqual),
    (b"<<=", Kind::CompoundEqual),
    (b">>=", Kind::CompoundEqual),
    (b"->", Kind::Arrow),
    (b"**", Kind::DoubleStar),
    (b"++", Kind::Concatenate),
    (b"&&", Kind::DoubleAmpersand),
    (b"||", Kind::DoubleBar),
    (b"==", Kind::DoubleEqual),
    (b"!=", Kind::NotEqual),
    (b"<=", Kind::LessEqual),
    (b">=", Kind::GreaterEqual),
    (b"<<", Kind::ShiftLeft),
    (b">>", Kind::ShiftRight),
    (b"+=", Kind::CompoundEqual),
    (b"-=", Kind::CompoundEqual),
    (b"*=", Kind::CompoundEqual),
    (b"/=", Kind::CompoundEqual),
    (b"%=", Kind::CompoundEqual),
    (b"^=", Kind::CompoundEqual),
    (b"&=", Kind::CompoundEqual),
    (b"|=", Kind::CompoundEqual),
    (b"~=", Kind::CompoundEqual),
];

/// Returns tokens in order.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    pub version: Version,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str) -> Self {
        let at = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Lexer {
            text,
            at,
            version: Version::Three,
        }
    }

    /// The text of a token.
    pub fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    /// The next token; always `Kind::End` after the last one.
    pub fn next_token(&mut self) -> Outcome<Token> {
        self.skip_blanks()?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let Some(&first) = bytes.get(start) else {
            return Ok(Token {
                kind: Kind::End,
                start,
                end: start,
            });
        };
        let kind = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.identifier(),
            b'0'..=b'9' => self.number()?,
            b'.' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => self.number()?,
            b'"' | b'\'' => self.string(first)?,
            b'$' if bytes.get(start + 1).is_some_and(u8::is_ascii_digit) => {
                self.at += 1;
                self.digits();
                Kind::HardwareQubit
            }
            _ => self.symbol(first)?,
        };
        if self.at - start > MAX_TOKEN_BYTES {
            return Err(fault!(
                start,
                "the word {} has {} bytes, but a word, number or string may have at most {MAX_TOKEN_BYTES}; shorten it",
                shown(&self.text[start..self.at]),
                self.at - start
            ));
        }
        Ok(Token {
            kind,
            start,
            end: self.at,
        })
    }

    fn skip_blanks(&mut self) -> Outcome<()> {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') if bytes.get(self.at + 1) == Some(&b'/') => {
                    let rest = &bytes[self.at..];
                    self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
                }
                Some(b'/') if bytes.get(self.at + 1) == Some(&b'*') => {
                    let Some(length) = self.text[self.at + 2..].find("*/") else {
                        return Err(fault!(
                            self.at,
                            "a comment begins with '/*' but never ends; close it with '*/'"
                        ));
                    };
                    self.at += length + 4;
                }
                _ => return Ok(()),
            }
        }
    }

    fn identifier(&mut self) -> Kind {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                self.at += 1;
            } else if byte >= 0x80 {
                match self.text[self.at..].chars().next() {
                    Some(letter) if is_letter(letter) => self.at += letter.len_utf8(),
                    _ => break,
                }
            } else {
                break;
            }
        }
        Kind::Identifier
    }

    fn digits(&mut self) {
        let bytes = self.text.as_bytes();
        while bytes
            .get(self.at)
            .is_some_and(|&byte| byte.is_ascii_digit() || byte == b'_')
        {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Outcome<Kind> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut kind = Kind::Integer;
        if bytes[start] == b'0' && matches!(bytes.get(start + 1), Some(b'x' | b'X' | b'b' | b'B' | b'o' | b'O')) {
            self.at += 2;
            while bytes
                .get(self.at)
                .is_some_and(|&byte| byte.is_ascii_hexdigit() || byte == b'_')
            {
                self.at += 1;
            }
        } else {
            self.digits();
            if bytes.get(self.at) == Some(&b'.') {
                kind = Kind::Real;
                self.at += 1;
                self.digits();
            }
            if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
                kind = Kind::Real;
                self.at += 1;
                if matches!(bytes.get(self.at), Some(b'+' | b'-')) {
                    self.at += 1;
                }
                self.digits();
            }
        }
        self.suffix(start, kind)
    }

    /// Skips the letters after a number, which blanks may precede: a unit of time, or `im`.
    fn suffix(&mut self, start: usize, kind: Kind) -> Outcome<Kind> {
        let end = self.at;
        let blanks = self.text.as_bytes()[end..].iter();
        self.at += blanks.take_while(|&&byte| byte == b' ' || byte == b'\t').count();
        let first = self.at;
        self.identifier();
        match &self.text[first..self.at] {
            "dt" | "ns" | "us" | "µs" | "μs" | "ms" | "s" if self.version == Version::Three => Ok(Kind::Duration),
            "im" if self.version == Version::Three => Ok(Kind::Imaginary),
            "j" if first == end => Ok(Kind::Imaginary),
            letters if first > end || letters.is_empty() => {
                self.at = end;
                Ok(kind)
            }
            _ => Err(fault!(
                start,
                "{} is not a number; write digits, as in 12, 0.5 or 1e-3{}",
                shown(&self.text[start..self.at]),
                match self.version {
                    Version::Two => ", without a unit",
                    Version::Three => "; the units are dt, ns, us, ms and s",
                }
            )),
        }
    }

    fn string(&mut self, quote: u8) -> Outcome<Kind> {
        let start = self.at;
        let rest = &self.text.as_bytes()[start + 1..];
        match rest.iter().position(|&byte| byte == quote || byte == b'\n') {
            Some(length) if rest[length] == quote => self.at += length + 2,
            _ => {
                return Err(fault!(
                    start,
                    "a string begins here but does not end on its line; close it with {}",
                    char::from(quote)
                ))
            }
        }
        Ok(Kind::Text)
    }

    /// Skips to the end of the line that a token begins, and returns the text after the token.
    pub fn rest_of_line(&mut self, token: Token) -> &'a str {
        let rest = &self.text.as_bytes()[token.end..];
        self.at = token.end + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        self.text[token.end..self.at].trim()
    }

    /// Whether a line of the text ends between two of its bytes.
    pub fn line_ends_between(&self, start: usize, end: usize) -> bool {
        self.text.as_bytes()[start..end].contains(&b'\n')
    }

    fn symbol(&mut self, first: u8) -> Outcome<Kind> {
        // Stage 1: symbols of two and three characters.
        let rest = &self.text.as_bytes()[self.at..];
        let second = rest.get(1).copied().unwrap_or(0);
        if matches!(second, b'=' | b'>' | b'<' | b'*' | b'+' | b'&' | b'|') {
            for (symbol, kind) in LONG_SYMBOLS {
                // "++" and "**" are operators of OpenQASM 3 only; in OpenQASM 2 "1++2" is 1 + (+2).
                let known = self.version == Version::Three || kind != Kind::Concatenate;
                if known && rest.starts_with(symbol) {
                    self.at += symbol.len();
                    return Ok(kind);
                }
            }
        }
        // Stage 2: symbols of one character.
        let kind = match first {
            b'(' => Kind::LeftParenthesis,
            b')' => Kind::RightParenthesis,
            b'[' => Kind::LeftBracket,
            b']' => Kind::RightBracket,
            b'{' => Kind::LeftBrace,
            b'}' => Kind::RightBrace,
            b';' => Kind::Semicolon,
            b':' => Kind::Colon,
            b',' => Kind::Comma,
            b'@' => Kind::At,
            b'#' => Kind::Hash,
            b'=' => Kind::Equal,
            b'+' => Kind::Plus,
            b'-' => Kind::Minus,
            b'*' => Kind::Star,
            b'/' => Kind::Slash,
            b'%' => Kind::Percent,
            b'^' => Kind::Caret,
            b'&' => Kind::Ampersand,
            b'|' => Kind::Bar,
            b'~' => Kind::Tilde,
            b'!' => Kind::Exclamation,
            b'<' => Kind::Less,
            b'>' => Kind::Greater,
            _ => return self.letter_or_fault(),
        };
        self.at += 1;
        Ok(kind)
    }

    fn letter_or_fault(&mut self) -> Outcome<Kind> {
        let character = self.text[self.at..].chars().next().unwrap_or('\0');
        if is_letter(character) {
            return Ok(self.identifier());
        }
        Err(fault!(
            self.at,
            "the character {} (U+{:04X}) has no meaning in OpenQASM; remove it",
            shown(character.encode_utf8(&mut [0; 4])),
            u32::from(character)
        ))
    }
}

/// Letters beyond ASCII; U+2107 is Euler's constant of OpenQASM 3.
fn is_letter(character: char) -> bool {
    !character.is_ascii() && (character.is_alphanumeric() || character == '\u{2107}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut lexer = Lexer::new(text);
        let mut found = Vec::new();
        loop {
            match lexer.next_token().expect("tokens").kind {
                Kind::End => return found,
                kind => found.push(kind),
            }
        }
    }

    #[test]
    fn words_numbers_and_symbols_are_distinguished() {
        use Kind::*;
        assert_eq!(kinds("rz(θ/2) q[0];").len(), 11);
        assert_eq!(
            kinds("1 1. .5 1e3 0x1F 1_000 2.5E-7"),
            [Integer, Real, Real, Real, Integer, Integer, Real]
        );
        assert_eq!(
            kinds("a ++ b ** c -> d += 1"),
            [
                Identifier,
                Concatenate,
                Identifier,
                DoubleStar,
                Identifier,
                Arrow,
                Identifier,
                CompoundEqual,
                Integer
            ]
        );
        assert_eq!(kinds("\u{feff}x // y\n /* z\n * */ \"inc\""), [Identifier, Text]);
    }

    #[test]
    fn broken_tokens_are_faults_at_their_place() {
        for (text, offset) in [
            ("x \0", 2),
            ("  /* ", 2),
            ("\"abc\n\"", 0),
            ("1nm", 0),
            ("'abc\n'", 0),
            ("é €", 3),
            ("1e5x", 0),
        ] {
            let mut lexer = Lexer::new(text);
            let fault = loop {
                match lexer.next_token() {
                    Err(fault) => break fault,
                    Ok(token) => assert_ne!(token.kind, Kind::End, "{text:?} was read"),
                }
            };
            assert_eq!(fault.offset, offset, "{text:?}");
        }
    }

    #[test]
    fn units_belong_to_their_number() {
        use Kind::*;
        assert_eq!(
            kinds("100ns 1.5 us 2dt .5µs 3 μs 1e3ms 7s 2im 0.8j"),
            [Duration, Duration, Duration, Duration, Duration, Duration, Duration, Imaginary, Imaginary]
        );
        assert_eq!(
            kinds("3 ns1 4 x 5"),
            [Integer, Identifier, Integer, Identifier, Integer]
        );
        assert_eq!(kinds("'a' \"b'\" $12"), [Text, Text, HardwareQubit]);
    }

    #[test]
    fn words_of_any_length_are_refused_shortly() {
        let fault = Lexer::new(&"a".repeat(1 << 20)).next_token().expect_err("too long");
        assert!(fault.reason.len() < 300);
    }
}
