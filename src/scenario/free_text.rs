//! Free text in a line: commands, keys, notes, names of parts.
//!
//! Text is written as it is, to the end of the line. Text that could be read as words of the language,
//! or that a line cannot hold as it is, stands in quotes: `submit "to 1 SET x=1"` is a command for the
//! leader. In quotes `\"`, `\\`, `\n`, `\r`, `\t` and `\u{1b}` mean the same as in Rust.

use std::fmt::{self, Write};

/// Text as it is written in a line.
pub(super) struct FreeText<'a> {
    text: &'a str,
    /// Whether it could be read as something else where it stands.
    ambiguous: bool,
}

impl<'a> FreeText<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, ambiguous: false }
    }

    /// Text that stands in quotes if it is `ambiguous`, or if it needs them anyway.
    pub(super) const fn unless(text: &'a str, ambiguous: bool) -> Self {
        Self { text, ambiguous }
    }

    fn needs_quotes(&self) -> bool {
        self.ambiguous
            || self.text.is_empty()
            || self.text.trim() != self.text
            || self.text.starts_with('"')
            || self.text.contains(char::is_control)
    }
}

impl fmt::Display for FreeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.needs_quotes() {
            return f.write_str(self.text);
        }
        f.write_char('"')?;
        for letter in self.text.chars() {
            match letter {
                '"' | '\\' => write!(f, "\\{letter}")?,
                _ if letter.is_control() => write!(f, "{}", letter.escape_default())?,
                _ => f.write_char(letter)?,
            }
        }
        f.write_char('"')
    }
}

/// Reads quoted text from the beginning of `line`. Returns it, and what comes after it; `None` if the
/// quote is not closed, or an escape is none of those listed above.
pub(super) fn read_quoted(line: &str) -> Option<(String, &str)> {
    let mut rest = line.strip_prefix('"')?;
    let mut text = String::new();
    loop {
        let letter = rest.chars().next()?;
        rest = &rest[letter.len_utf8()..];
        match letter {
            '"' => return Some((text, rest)),
            '\\' => {
                let (meant, after) = read_escape(rest)?;
                text.push(meant);
                rest = after;
            }
            _ => text.push(letter),
        }
    }
}

/// Reads what follows a backslash. Returns the character that is meant, and what comes after it.
fn read_escape(rest: &str) -> Option<(char, &str)> {
    let letter = rest.chars().next()?;
    let after = &rest[letter.len_utf8()..];
    let meant = match letter {
        '"' | '\\' => letter,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let (digits, after) = after.strip_prefix('{')?.split_once('}')?;
            let number = u32::from_str_radix(digits, 16).ok()?;
            return Some((char::from_u32(number)?, after));
        }
        _ => return None,
    };
    Some((meant, after))
}
