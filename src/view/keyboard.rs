//! Keys at a terminal, read one by one and not shown, while a reader waits for lines.
//!
//! A terminal usually hands over whole lines and shows what is typed. While a [`Keys`] lives, it does
//! neither. When the [`Keys`] is dropped, or a signal arrives, the terminal gets its former settings back.

use std::os::fd::AsFd;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{io, mem, thread};

use crate::panics::lock;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, read, tcgetpgrp, write};

use super::reader::Key;

/// How the terminal was found, while it is changed.
#[derive(Debug)]
struct FoundTerminal {
    settings: Termios,
    /// Whether it was lent to the line editor.
    is_lent: bool,
}

static FOUND: Mutex<Option<FoundTerminal>> = Mutex::new(None);

/// A guard: while it lives, the terminal hands over keys one by one.
#[derive(Debug)]
pub(crate) struct Keys(());

impl Keys {
    /// Changes the terminal, if there is one and the program runs in its foreground.
    pub(crate) fn take() -> Option<Self> {
        let mut found = lock(&FOUND);
        // The system stops a background process that changes the terminal.
        let settings = is_in_front().then(|| tcgetattr(io::stdin()).ok()).flatten()?;
        let mut single = settings.clone();
        single.local_flags.remove(LocalFlags::ICANON | LocalFlags::ECHO);
        *found = Some(FoundTerminal { settings, is_lent: false });
        let is_changed = tcsetattr(io::stdin(), SetArg::TCSANOW, &single).is_ok();
        drop(found);
        is_changed.then_some(Self(()))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let found = lock(&FOUND).take();
        if let Some(found) = found {
            found.give_back();
        }
    }
}

/// While this value lives, the line editor controls the terminal. The editor restores it itself, unless a
/// signal ends the program first; then [`give_back_for_good`] restores it.
#[derive(Debug)]
pub(crate) struct Lent(());

impl Lent {
    /// Remembers the settings of the terminal.
    pub(crate) fn to_editor() -> Self {
        let mut found = lock(&FOUND);
        *found =
            tcgetattr(io::stdin()).ok().map(|settings| FoundTerminal { settings, is_lent: true });
        drop(found);
        Self(())
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        *lock(&FOUND) = None;
    }
}

impl FoundTerminal {
    /// Gives the terminal back as it was found.
    fn give_back(&self) {
        // In the background it belongs to somebody else, and the system stops whoever changes it.
        if !is_in_front() {
            return;
        }
        // If the terminal is gone, there is nothing to restore.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.settings);
        if self.is_lent {
            let _ = write(io::stdout(), EDITOR_ENDS);
        }
    }
}

/// Ends what the line editor has asked of a terminal: that it draws nothing until a change is complete, and that it
/// marks what is pasted. What follows begins on a line of its own.
const EDITOR_ENDS: &[u8] = b"\x1b[?2026l\x1b[?2004l\r\n";

fn takes_every_key() -> bool {
    tcgetattr(io::stdin()).is_ok_and(|now| !now.local_flags.contains(LocalFlags::ICANON))
}

/// Gives the terminal back as it was found, if it was taken.
pub(crate) fn give_back() {
    lock(&FOUND).as_ref().into_iter().for_each(FoundTerminal::give_back);
}

/// Does so before the program ends, while other threads go on: whoever wants the terminal from now on waits for ever.
pub(crate) fn give_back_for_good() {
    let found = lock(&FOUND);
    if let Some(found) = &*found {
        // The editor may be about to change the terminal that it was lent.
        let mut looks = 0..50;
        while found.is_lent && !takes_every_key() && looks.next().is_some() {
            thread::sleep(Duration::from_millis(1));
        }
        found.give_back();
    }
    mem::forget(found);
}

fn is_in_front() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// How often `pressed` checks whether the wait is over.
const LOOK: Duration = Duration::from_millis(100);

/// Waits for a key until `until`, or for ever without it, or until `over` returns true. Returns nothing if no
/// key came, or if no key can come any more.
pub(super) fn pressed(until: Option<Instant>, over: impl Fn() -> bool) -> Option<Key> {
    let stdin = io::stdin();
    loop {
        let left = until.map_or(LOOK, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() || over() {
            return None;
        }
        let look = PollTimeout::try_from(left.min(LOOK) + Duration::from_millis(1));
        let look = look.unwrap_or(PollTimeout::ZERO);
        let ready = poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], look);
        if ready == Ok(0) {
            continue;
        }
        if ready != Ok(1) || !is_in_front() {
            return None;
        }
        let mut key = [0];
        match read(&stdin, &mut key) {
            Ok(1) if key[0] == b' ' => return Some(Key::Space),
            Ok(1) if key[0] == b'\n' => return Some(Key::Enter),
            Ok(1) => {}
            _ => return None,
        }
    }
}

/// Reads the next byte of the standard input, whether it is a terminal or not. Returns nothing at its end, or once
/// `over` returns true.
pub(super) fn next_byte(over: impl Fn() -> bool) -> io::Result<Option<u8>> {
    let stdin = io::stdin();
    let look = PollTimeout::try_from(LOOK).unwrap_or(PollTimeout::ZERO);
    while !over() {
        match poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], look) {
            Ok(0) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => {
                let mut byte = [0];
                let count = read(&stdin, &mut byte)?;
                return Ok((count > 0).then_some(byte[0]));
            }
        }
    }
    Ok(None)
}
