//! What a panic said, and what it leaves locked.

use std::any::Any;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The words of a panic.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "nothing".to_owned())
}

/// Locks. A thread that panicked while it held the lock does not matter here: its panic is reported by
/// whoever waits for that thread, and until then the others go on.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
