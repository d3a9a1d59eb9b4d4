//! A small map with keys that are never used twice.

/// Values by key, in the order in which they came.
pub(crate) struct Table<T> {
    /// Whole numbers: JavaScript holds them exactly, up to 2^53.
    next: f64,
    entries: Vec<(f64, T)>,
}

impl<T> Table<T> {
    pub(crate) const fn new() -> Self {
        Self { next: 1.0, entries: Vec::new() }
    }

    pub(crate) fn insert(&mut self, value: T) -> f64 {
        let key = self.next;
        self.next += 1.0;
        self.entries.push((key, value));
        key
    }

    pub(crate) fn get(&mut self, key: f64) -> Option<&mut T> {
        let at = self.find(key)?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn remove(&mut self, key: f64) -> Option<T> {
        self.find(key).map(|at| self.entries.remove(at).1)
    }

    /// Keys only grow, so the entries are in order.
    fn find(&self, key: f64) -> Option<usize> {
        self.entries.binary_search_by(|(other, _)| other.total_cmp(&key)).ok()
    }
}
