//! What is to be done, and where it is kept.

use std::sync::{Mutex, PoisonError};

use anyfn::BoxFuture;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Todo {
    pub(crate) id: u64,
    #[schema(example = "buy tea", min_length = 1, max_length = 200)]
    pub(crate) title: String,
    pub(crate) done: bool,
}

/// The whole list at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct List {
    /// How many changes made it.
    pub(crate) revision: u64,
    pub(crate) todos: Vec<Todo>,
}

/// A change of one entry; what is `None` stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct Patch {
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    pub(crate) done: Option<bool>,
}

/// A database, as far as this program needs one. Behind it stands the client of the one that you have.
pub(crate) trait Store: Send + Sync {
    fn list(&self) -> BoxFuture<List>;
    fn add(&self, title: String) -> BoxFuture<Todo>;
    /// The entry as it is after the change; `None` where there is none of this id.
    fn change(&self, id: u64, patch: Patch) -> BoxFuture<Option<Todo>>;
    /// Whether there was one.
    fn remove(&self, id: u64) -> BoxFuture<bool>;
}

/// A list that ends with the instance, and that no other instance sees.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<(List, u64)>);

impl InMemory {
    /// Nothing of this waits: the lock is free again before the future is made.
    fn with<T: Send + 'static>(&self, work: impl FnOnce(&mut List, &mut u64) -> T) -> BoxFuture<T> {
        let (list, last) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = work(list, last);
        Box::pin(async move { answer })
    }
}

impl Store for InMemory {
    fn list(&self) -> BoxFuture<List> {
        self.with(|list, _| list.clone())
    }

    fn add(&self, title: String) -> BoxFuture<Todo> {
        self.with(|list, last| {
            *last += 1;
            let todo = Todo { id: *last, title, done: false };
            list.todos.push(todo.clone());
            list.revision += 1;
            todo
        })
    }

    fn change(&self, id: u64, patch: Patch) -> BoxFuture<Option<Todo>> {
        self.with(|list, _| {
            let todo = list.todos.iter_mut().find(|todo| todo.id == id)?;
            todo.title = patch.title.unwrap_or_else(|| std::mem::take(&mut todo.title));
            todo.done = patch.done.unwrap_or(todo.done);
            list.revision += 1;
            Some(todo.clone())
        })
    }

    fn remove(&self, id: u64) -> BoxFuture<bool> {
        self.with(|list, _| {
            let before = list.todos.len();
            list.todos.retain(|todo| todo.id != id);
            let removed = list.todos.len() < before;
            list.revision += u64::from(removed);
            removed
        })
    }
}
