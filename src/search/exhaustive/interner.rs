//! Numbers for values. A million states of a cluster are made of a few thousand different servers and a
//! few hundred different messages; each is kept once, and a state is a list of their numbers.

use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use crate::panics::lock;

use rustc_hash::FxHashMap;

/// All values that were seen, in the order in which they were numbered.
#[derive(Debug)]
pub(super) struct Interned<T> {
    all: Mutex<All<T>>,
}

#[derive(Debug)]
struct All<T> {
    values: Vec<Arc<T>>,
    ids: FxHashMap<Arc<T>, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { all: Mutex::new(All { values: Vec::new(), ids: FxHashMap::default() }) }
    }
}

/// One thread's copy of the numbers: reading a value takes no lock.
#[derive(Debug)]
pub(super) struct Interner<'s, T> {
    shared: &'s Interned<T>,
    values: Vec<Arc<T>>,
    ids: FxHashMap<Arc<T>, u32>,
}

impl<'s, T: Eq + Hash> Interner<'s, T> {
    pub(super) fn new(shared: &'s Interned<T>) -> Self {
        let mut table = Self { shared, values: Vec::new(), ids: FxHashMap::default() };
        table.refresh();
        table
    }

    /// Takes over what other threads have numbered since.
    pub(super) fn refresh(&mut self) {
        let all = lock(&self.shared.all);
        self.values.extend_from_slice(&all.values[self.values.len()..]);
    }

    /// Returns the number of `value`; a new number if the value was not seen before.
    pub(super) fn id(&mut self, value: T) -> u32 {
        if let Some(&id) = self.ids.get(&value) {
            return id;
        }
        let mut all = lock(&self.shared.all);
        let next = all.values.len() as u32;
        let value = Arc::new(value);
        let id = match all.ids.entry(Arc::clone(&value)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => *place.insert(next),
        };
        if id == next {
            all.values.push(Arc::clone(&value));
        }
        self.values.extend_from_slice(&all.values[self.values.len()..]);
        drop(all);
        self.ids.insert(Arc::clone(&self.values[id as usize]), id);
        id
    }

    /// Returns the value with this number.
    pub(super) fn get(&self, id: u32) -> &T {
        &self.values[id as usize]
    }

    /// Returns how many values there are.
    pub(super) const fn len(&self) -> usize {
        self.values.len()
    }
}
