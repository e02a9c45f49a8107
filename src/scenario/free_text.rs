//! Free text in a line: commands, keys, notes, names of parts.
//!
//! Text is written as it is, to the end of the line. Text that could be read as words of the language,
//! or that a line cannot hold as it is, stands in quotes: `submit "to 1 SET x=1"` is a command for the
//! leader. In quotes `\"`, `\\`, `\n`, `\r`, `\t` and `\u{1b}` mean the same as in Rust.

/// Writes text as it stands in a line: in quotes if it is `ambiguous`, so could be read as something else where
/// it stands, or if it needs them anyway.
pub(super) fn written(text: &str, ambiguous: bool) -> String {
    let needs_quotes = text.is_empty()
        || text.trim() != text
        || text.starts_with('"')
        || text.contains(char::is_control);
    if !(ambiguous || needs_quotes) {
        return text.to_owned();
    }
    let mut written = String::from('"');
    for letter in text.chars() {
        if letter.is_control() || matches!(letter, '"' | '\\') {
            written.extend(letter.escape_default());
        } else {
            written.push(letter);
        }
    }
    written + "\""
}

/// Reads quoted text from the beginning of `line`. Returns it, and what comes after it; `None` if the
/// quote is not closed, or an escape is none of those listed above.
pub(super) fn read_quoted(line: &str) -> Option<(String, &str)> {
    let mut rest = line.strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        text.push(match rest.next()? {
            '"' => return Some((text, rest.as_str())),
            '\\' => match rest.next()? {
                letter @ ('"' | '\\') => letter,
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let (digits, after) = rest.as_str().strip_prefix('{')?.split_once('}')?;
                    rest = after.chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                _ => return None,
            },
            letter => letter,
        });
    }
}
