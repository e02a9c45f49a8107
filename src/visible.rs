//! Text from outside is data. Characters that a terminal would obey, or show nothing for, are replaced by
//! their Rust escapes: `\n`, `\u{1b}`, `\u{202e}`.

use std::borrow::Cow;
use std::fmt::Write;

/// The largest number of characters in a word of a complaint, and in a whole complaint.
const LONGEST_WORD: usize = 200;
const LONGEST_SENTENCE: usize = 2_000;

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

/// A complaint as one visible line. Words that are too long to read are shortened, and so is the whole.
pub(crate) fn complaint(sentence: &str) -> String {
    let words = visible(sentence);
    let words: Vec<_> = words.split(' ').map(|word| cut(word, LONGEST_WORD)).collect();
    cut(&words.join(" "), LONGEST_SENTENCE).into_owned()
}

/// The text, shortened to `most` characters if it has more, by leaving out its middle.
fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let at = |nth: usize| text.char_indices().nth(nth).map(|(at, _)| at);
    let (Some(_), Some(begin)) = (at(most), at(most / 4 * 3)) else { return Cow::Borrowed(text) };
    let end = text.char_indices().rev().nth(most / 4 - 2).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}…{}", &text[..begin], &text[end..]))
}
