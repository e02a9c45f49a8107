//! Text from outside is data. Characters that a terminal would obey, or show nothing for, are replaced by
//! their Rust escapes: `\n`, `\u{1b}`, `\u{202e}`.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character shows nothing itself: it moves the cursor, begins a control sequence, breaks a line,
/// changes the direction of text, has no width, or is a noncharacter, which some formats do not allow.
pub(crate) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// The text with every hidden character made visible.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |shown, letter| _ = write!(shown, "{}", letter.escape_debug()))
}

/// The same JSON, with every hidden character escaped as in JSON. Such characters occur only in its
/// strings.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    escaped(json, |shown, letter| {
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(shown, "\\u{unit:04x}");
        }
    })
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_hidden(letter) {
            escape(&mut shown, letter);
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}
