//! The words of the language, for help, for the docs and for completion.

/// Every verb, with what follows it, for help and completion.
pub const SYNTAX: &[(&str, &str, &str)] = &[
    ("submit", "[to N] COMMAND", "hand a command to the leader, or to node N, and go on"),
    ("write", "COMMAND", "find the leader, wait for the answer, ask again if the entry was lost"),
    (
        "crash",
        "N|leader [before save|before send]",
        "crash a node, at once or within its next step",
    ),
    ("restart", "N|crashed|all", "start a crashed node again with what was durable"),
    ("partition", "0 1 | 2 3 4", "split the cluster; nodes not named form one group"),
    ("cut", "1 -> 2 (or 1 <-> 2)", "cut a link in one direction, or in both"),
    ("heal", "", "mend all links"),
    ("drop", "20% (or: append 0 -> 1)", "lose messages by chance, or one by name"),
    ("duplicate", "10%", "let messages arrive twice by chance"),
    ("delay", "5ms..40ms", "how long messages take"),
    ("timeout", "N", "end a node's election timer: it stands for election"),
    ("heartbeat", "N|leader", "make a leader speak now"),
    ("manual", "", "stop timers and links; messages wait to be delivered by name"),
    ("automatic", "", "give timers and links back"),
    (
        "deliver",
        "append 0 -> 1 [older N]",
        "let a message arrive (vote, vote-reply, append, append-reply)",
    ),
    ("wait", "2s (or: [5s] until CONDITION)", "let the cluster run"),
    ("step", "[N]", "let the next event happen, or the next N, and tell each (virtual time)"),
    ("try", "LINE", "carry a line out, and go on even if it fails"),
    ("expect", "CONDITION", "fail unless it is true now"),
    ("status", "", "show how every node stands"),
    ("note", "TEXT", "say something"),
    ("phase", "TEXT", "open a part of the story"),
];

/// Every setting of the head, for suggestions. A test reads each in a script.
pub const SETTINGS: &[&str] = &[
    "language", "shows", "rules", "question", "nodes", "seed", "no-op", "batch", "timing",
    "threads", "break",
];

/// Every condition, for help.
pub const CONDITIONS: &[(&str, &str)] = &[
    ("leader [is N]", "there is a leader, or N leads"),
    ("no leader", "no node leads"),
    ("role N = follower", "a node's role: follower, candidate or leader"),
    ("committed SET x=1 [on N|majority|all]", "a command is committed there"),
    ("committed 3 [on N|majority|all]", "at least so many entries are committed there"),
    ("not committed SET x=1 [on N|majority|all]", "a command is committed on none of these"),
    ("log 2 = 1@1 2@1 3@2", "a log, each entry as index@term; 'empty' for none"),
    ("term N = 3", "a node's current term"),
    ("vote N = 2", "a node's vote in its term; 'none' for none"),
    ("value x=1 [on N|majority|all]", "what the key-value store holds"),
    ("no value x [on N|majority|all]", "that it holds nothing under a key"),
    ("in step", "all running nodes hold, and have committed and applied, the same log"),
    ("safe", "no property has fallen (only with expect)"),
    ("violation election-safety", "this property has fallen (only with expect)"),
    ("stall 6s until CONDITION", "it does not come true for so long (only with expect)"),
];
