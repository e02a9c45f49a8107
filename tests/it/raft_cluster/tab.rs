//! Tab, pressed at a terminal in each shell for which there are completions, with the shell's own line editor.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;

use crate::raft_cluster::file;

/// A shell: the files for its completions and for its startup script, and the command that starts it. The
/// startup script defines a function with the program's name that prints each argument between < and >.
struct Shell {
    name: &'static str,
    completions: &'static str,
    reads: (&'static str, &'static str),
    call: &'static str,
}

const BASH: Shell = Shell {
    name: "bash",
    completions: "raft-cluster.bash",
    reads: (
        "bashrc",
        "source raft-cluster.bash\nraft-cluster() { printf '<%s>' \"$@\"; echo; }\nPS1='ready> '\n",
    ),
    call: "bash --noprofile --rcfile bashrc -i",
};

const ZSH: Shell = Shell {
    name: "zsh",
    completions: "_raft-cluster",
    reads: (
        ".zshrc",
        "fpath=($PWD $fpath)\nautoload -Uz compinit && compinit -u -D\n\
         setopt interactive_comments\n\
         raft-cluster() { printf '<%s>' \"$@\"; echo; }\nPS1='ready> '\n",
    ),
    call: "ZDOTDIR=$PWD zsh -d -i",
};

const FISH: Shell = Shell {
    name: "fish",
    completions: "raft-cluster.fish",
    reads: (
        "begin.fish",
        "source raft-cluster.fish\nfunction raft-cluster; printf '<%s>' $argv; echo; end\n\
         function fish_prompt; echo 'ready> '; end\n",
    ),
    call: "HOME=$PWD XDG_DATA_HOME=$PWD fish --no-config -C 'source begin.fish'",
};

impl Shell {
    /// All that the terminal shows when each of these lines is typed after the program's name.
    fn shows(&self, typed: &[&str]) -> String {
        let folder = file(&format!("tab-{}", self.name));
        fs::create_dir_all(&folder).unwrap();
        let script =
            Command::new(cargo_bin("raft-cluster")).args(["completions", self.name]).output();
        fs::write(folder.join(self.completions), script.unwrap().stdout).unwrap();
        fs::write(folder.join(self.reads.0), self.reads.1).unwrap();
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &format!("stty cols 400 rows 500; {}", self.call), "/dev/null"]);
        terminal.current_dir(&folder).env("TERM", "xterm").env("SHELL", "/bin/sh");
        let mut child = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut shown = Vec::new();
        while !String::from_utf8_lossy(&shown).contains("ready>") {
            let read = out.read_until(b'>', &mut shown).unwrap();
            assert!(read > 0, "is {} installed? {}", self.name, String::from_utf8_lossy(&shown));
        }
        let lines = typed.iter().map(|line| format!("raft-cluster {line}\n"));
        // A line that was not completed may have left a quote open. These lines close it, and are comments
        // otherwise.
        let keys = lines.collect::<String>() + " #'\n #\"\nexit\n";
        child.stdin.take().unwrap().write_all(keys.as_bytes()).unwrap();
        out.read_to_end(&mut shown).unwrap();
        child.wait().unwrap();
        String::from_utf8_lossy(&shown).into_owned()
    }
}

#[test]
fn tab_completes_values_in_bash() {
    check_completions(&BASH);
}

#[test]
#[ignore = "not every machine has zsh; .ci/run installs it and runs this"]
fn tab_completes_values_in_zsh() {
    check_completions(&ZSH);
}

#[test]
#[ignore = "not every machine has fish; .ci/run installs it and runs this"]
fn tab_completes_values_in_fish() {
    check_completions(&FISH);
}

fn check_completions(shell: &Shell) {
    let typed = [
        ("hunt --break up\t", "<hunt><--break><up-to-date-log>"),
        ("run one-w\t", "<run><one-way>"),
        ("report broken/up\t-o x", "<report><broken/up-to-date-log><-o><x>"),
        ("check --no-op of\t", "<check><--no-op><off>"),
        ("completions z\t", "<completions><zsh>"),
        // A place has several words, but is one value.
        ("replay x --at first\\ cam\t", "<replay><x><--at><first campaign>"),
        ("replay x --at 'last refused up\t", "<replay><x><--at><last refused up-to-date-log>"),
        ("replay x --at \"last broken maj\t", "<replay><x><--at><last broken majority-quorum>"),
        ("explore x --at la\theal\t--no-open", "<explore><x><--at><last heal><--no-open>"),
        // Two names begin like this. They are listed, and the letter typed next decides between them.
        ("run figure-\t7", "<run><figure-7>"),
    ];
    let shown = shell.shows(&typed.map(|(line, _)| line));
    for (line, told) in typed {
        assert!(shown.contains(told), "{}: {line:?}: {shown}", shell.name);
    }
    // Bash shows no descriptions.
    let told = shown.contains("an entry of an older term on a majority");
    assert!(told || shell.name == "bash", "{}: {shown}", shell.name);
}
