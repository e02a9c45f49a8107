//! The substitute for `keyboard` on systems other than Unix: it never reads a key.

use std::io::{self, Read};
use std::time::Instant;

use super::reader::Key;

/// The guard of `keyboard`, which never exists here.
#[derive(Debug)]
pub(crate) struct Keys(());

impl Keys {
    pub(crate) const fn take() -> Option<Self> {
        None
    }
}

#[derive(Debug)]
pub(crate) struct Lent(());

impl Lent {
    pub(crate) const fn to_editor() -> Self {
        Self(())
    }
}

pub(crate) const fn give_back() {}

pub(crate) const fn give_back_for_good() {}

pub(super) fn pressed(_: Option<Instant>, _: impl Fn() -> bool) -> Option<Key> {
    None
}

pub(super) fn next_byte(_: impl Fn() -> bool) -> io::Result<Option<u8>> {
    io::stdin().lock().bytes().next().transpose()
}
