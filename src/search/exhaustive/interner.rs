//! Numbers for values. A million states of a cluster are made of a few thousand different servers and a
//! few hundred different messages; each is kept once, and a state is a list of their numbers.

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
pub(super) struct Interner<'s, T, B> {
    shared: &'s Interned<T>,
    values: Vec<Arc<T>>,
    /// What nearly every step of a search reads of each value. A search would wait for memory if it followed
    /// a pointer for this.
    briefs: Vec<B>,
    brief_of: fn(&T) -> B,
    ids: FxHashMap<Arc<T>, u32>,
}

impl<'s, T: Eq + Hash, B: Copy> Interner<'s, T, B> {
    pub(super) fn new(shared: &'s Interned<T>, brief_of: fn(&T) -> B) -> Self {
        let (values, briefs, ids) = (Vec::new(), Vec::new(), FxHashMap::default());
        let mut table = Self { shared, values, briefs, brief_of, ids };
        table.refresh();
        table
    }

    /// Takes over what other threads have numbered since.
    pub(super) fn refresh(&mut self) {
        let shared = self.shared;
        self.copy(&lock(&shared.all).values);
    }

    /// Copies what is new in `all`.
    fn copy(&mut self, all: &[Arc<T>]) {
        let new = &all[self.values.len()..];
        self.values.extend_from_slice(new);
        self.briefs.extend(new.iter().map(|value| (self.brief_of)(value)));
    }

    /// Returns the number of `value`; a new number if the value was not seen before.
    pub(super) fn id(&mut self, value: T) -> u32 {
        if let Some(&id) = self.ids.get(&value) {
            return id;
        }
        let shared = self.shared;
        let mut all = lock(&shared.all);
        let All { values, ids } = &mut *all;
        let value = Arc::new(value);
        let id = *ids.entry(Arc::clone(&value)).or_insert_with(|| {
            values.push(value);
            values.len() as u32 - 1
        });
        self.copy(values);
        drop(all);
        self.ids.insert(Arc::clone(&self.values[id as usize]), id);
        id
    }

    /// Returns the value with this number.
    pub(super) fn get(&self, id: u32) -> &T {
        &self.values[id as usize]
    }

    /// Returns the brief of the value with this number.
    pub(super) fn brief(&self, id: u32) -> B {
        self.briefs[id as usize]
    }

    /// Returns how many values there are.
    pub(super) const fn len(&self) -> usize {
        self.values.len()
    }
}
