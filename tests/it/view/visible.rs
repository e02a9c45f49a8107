//! Text from outside, as it is shown.

use raft_in_practice::view::colour::finished;
use raft_in_practice::view::json;

#[test]
fn what_a_terminal_would_obey_is_shown() {
    for (text, shown) in [
        ("SET x=語 e\u{301}", "SET x=語 e\u{301}"),
        ("a\u{1b}[2J\u{9b}0m\u{7f}", "a\\u{1b}[2J\\u{9b}0m\\u{7f}"),
        ("a\r\nb\tc\u{2028}", "a\\r\\nb\\tc\\u{2028}"),
        ("\u{fffe}\u{1ffff}", "\\u{fffe}\\u{1ffff}"),
        ("\u{feff}\u{202e}\u{200b}\u{e0041}", "\\u{feff}\\u{202e}\\u{200b}\\u{e0041}"),
    ] {
        assert_eq!(finished(text), shown);
        assert_eq!(finished(shown), shown, "what is visible stays");
    }
}

#[test]
fn json_keeps_the_exact_text() {
    for text in ["\u{1b}[2J\u{9b}", "\u{7f}\u{202e}\n", "語\u{e0041}\u{feff}"] {
        let shown = json::text(&text);
        assert_eq!(finished(&shown), shown, "nothing in it is hidden");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }
}
