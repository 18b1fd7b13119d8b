//! The line of a text at which something is wrong, with a caret under the place.

/// Most characters of the line that are shown, besides the marks of what is cut off.
const WIDTH: usize = 96;
/// Bytes on either side of the place that are read: a character has at most four.
const WINDOW: usize = 4 * (WIDTH + 1);

/// Two lines: the line of `text` that holds the byte `offset`, and a caret under that byte.
///
/// Files are untrusted: of long lines a part around the place is shown, and what is not printable (control
/// characters, marks of the writing direction, broken UTF-8) is shown as U+FFFD. Empty where the line is blank.
#[must_use]
pub fn excerpt(text: &[u8], offset: usize) -> String {
    let (before, after) = text.split_at(offset.min(text.len()));
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let before = &before[line_start..];
    let window = &after[..after.len().min(WINDOW)];
    let line_end = window.iter().position(|&byte| byte == b'\n').unwrap_or(window.len());
    let before_all: Vec<char> = printable(&before[before.len().saturating_sub(WINDOW)..]);
    let after_all: Vec<char> = printable(window[..line_end].trim_ascii_end());

    // The place is kept in view: what stands behind it gives way first, down to a third of the width.
    let num_after = after_all
        .len()
        .min(WIDTH.saturating_sub(before_all.len()).max(WIDTH / 3));
    let num_before = before_all.len().min(WIDTH - num_after);
    let mut line: String = if num_before < before_all.len() { "…" } else { "" }.to_owned();
    line.extend(&before_all[before_all.len() - num_before..]);
    let column = line.chars().count();
    line.extend(&after_all[..num_after]);
    if num_after < after_all.len() {
        line.push('…');
    }
    if line.trim().is_empty() {
        return String::new();
    }
    format!("{line}\n{:column$}^", "")
}

fn printable(bytes: &[u8]) -> Vec<char> {
    // A window may begin within a character.
    let start = bytes.iter().take(3).take_while(|&&byte| byte & 0xC0 == 0x80).count();
    let shown = |character: char| match character {
        '\t' => ' ',
        '\'' | '"' | '\\' => character,
        '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => '\u{fffd}',
        _ if character.escape_debug().len() > 1 => '\u{fffd}',
        _ => character,
    };
    String::from_utf8_lossy(&bytes[start..]).chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], offset: usize) -> (String, usize) {
        let shown = excerpt(text, offset);
        let (line, caret) = shown.split_once('\n').expect("two lines");
        assert!(caret.ends_with('^') && caret.trim_start() == "^");
        (line.to_owned(), caret.chars().count() - 1)
    }

    #[test]
    fn a_caret_stands_under_the_place() {
        assert_eq!(lines(b"one\ntwo three\r\nfour", 8), ("two three".to_owned(), 4));
        assert_eq!(lines(b"one\ntwo", 7), ("two".to_owned(), 3));
        assert_eq!(lines("rx(π) ?;".as_bytes(), 7), ("rx(π) ?;".to_owned(), 6));
        assert_eq!(lines(b"\th q", 3), (" h q".to_owned(), 3));
    }

    #[test]
    fn blank_lines_are_not_shown() {
        assert_eq!(excerpt(b"one\n", 4), "");
        assert_eq!(excerpt(b"", 0), "");
        assert_eq!(excerpt(b"  \t\n", 2), "");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        for (length, at) in [(5000, 2500), (5000, 0), (5000, 4999), (150, 20), (150, 149), (97, 96)] {
            let mut text = vec![b'x'; length];
            text[at] = b'!';
            let (line, caret) = lines(&text, at);
            assert_eq!(line.chars().nth(caret), Some('!'), "{length}, {at}");
            assert!(line.chars().count() <= WIDTH + 2, "{line}");
        }
        let text = "π".repeat(100_000);
        let (line, _) = lines(text.as_bytes(), 100_000);
        assert!(line.chars().all(|character| "π…".contains(character)), "{line}");
    }

    #[test]
    fn nothing_reaches_the_terminal_but_printable_characters() {
        let (line, caret) = lines("a\u{1b}[31m\u{202e}b\0\u{feff}".as_bytes(), 1);
        assert_eq!((line.as_str(), caret), ("a\u{fffd}[31m\u{fffd}b\u{fffd}\u{fffd}", 1));
        let (line, caret) = lines(b"ab\xff\xfe c", 2);
        assert_eq!((line.as_str(), caret), ("ab\u{fffd}\u{fffd} c", 2));
    }
}
