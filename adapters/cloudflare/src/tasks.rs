//! The futures that run, one or more for each request.
//!
//! `wasm-bindgen-futures` polls every future from one queue: in whatever request happens to be running, whose I/O the
//! others may not touch, and with nobody there to catch a panic. Here the JavaScript side polls each task by name, inside
//! its own request, and knows whose answer a panic costs.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use crate::host::Instance;
use crate::table::Table;

type Task = Pin<Box<dyn Future<Output = ()>>>;

enum Place {
    Waiting(Task),
    Running { woken: bool },
}

thread_local! {
    static TASKS: RefCell<Table<Place>> = const { RefCell::new(Table::new()) };
    static INSTANCE: RefCell<Option<Instance>> = const { RefCell::new(None) };
}

/// Takes the object that stands for this instance.
pub(crate) fn attach(instance: Instance) {
    INSTANCE.set(Some(instance));
}

/// The object that stands for this instance.
pub(crate) fn with_instance(f: impl FnOnce(&Instance)) {
    INSTANCE.with_borrow(|instance| instance.as_ref().map(f));
}

/// Adds a task; it runs when it is polled.
pub(crate) fn add(future: impl Future<Output = ()> + 'static) -> f64 {
    TASKS.with_borrow_mut(|tasks| tasks.insert(Place::Waiting(Box::pin(future))))
}

/// Polls a task and says whether it is done.
pub(crate) fn poll(id: f64) -> bool {
    let place = TASKS
        .with_borrow_mut(|tasks| tasks.get(id).map(|place| std::mem::replace(place, Place::Running { woken: false })));
    let Some(Place::Waiting(mut task)) = place else { return true };
    let waker = Waker::from(Arc::new(TaskWaker(id)));
    let done = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
    if done {
        // Dropped while the table is free: that may wake other tasks.
        drop(task);
        TASKS.with_borrow_mut(|tasks| tasks.remove(id));
        return true;
    }
    let before =
        TASKS.with_borrow_mut(|tasks| tasks.get(id).map(|place| std::mem::replace(place, Place::Waiting(task))));
    if let Some(Place::Running { woken: true }) = before {
        with_instance(|instance| instance.wake(id));
    }
    false
}

struct TaskWaker(f64);

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waits = TASKS.with_borrow_mut(|tasks| match tasks.get(self.0) {
            Some(Place::Running { woken }) => {
                *woken = true;
                false
            }
            place => place.is_some(),
        });
        if waits {
            with_instance(|instance| instance.wake(self.0));
        }
    }
}
