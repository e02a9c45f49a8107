//! The message of a panic, and locks that a panicking thread held.

use std::any::Any;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The message of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "nothing".to_owned())
}

/// Locks `mutex`, even if a thread panicked while it held the lock. The thread that waits for that one
/// reports its panic, and until then the others go on.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
