//! What decides whether there is colour.

use raft_in_practice::view::colour::asked_for;

#[test]
fn who_speaks_first_about_colour_has_its_way() {
    for (set, in_a_pipe, on_a_terminal) in [
        (&[][..], false, true),
        (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false, false),
        (&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")], true, true),
        (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], true, true),
        (&[("CLICOLOR_FORCE", "0")], false, true),
        (&[("TERM", "dumb")], false, false),
        (&[("CLICOLOR", "0")], false, false),
    ] {
        let variable = |name: &str| {
            let found = set.iter().find(|(set, _)| *set == name);
            found.map_or_else(String::new, |(_, value)| (*value).to_owned())
        };
        let asked = [false, true].map(|terminal| asked_for(variable, terminal));
        assert_eq!(asked, [in_a_pipe, on_a_terminal], "{set:?}");
    }
}
