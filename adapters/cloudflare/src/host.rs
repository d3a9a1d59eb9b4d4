//! What the JavaScript side offers: one object for the instance, one for each call.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// The instance's own object; it outlives its calls.
    #[derive(Clone)]
    pub(crate) type Instance;

    /// Polls this task again, in the event that it belongs to.
    #[wasm_bindgen(method)]
    pub(crate) fn wake(this: &Instance, task: f64);

    /// The program panicked: the trap comes next.
    #[wasm_bindgen(method)]
    pub(crate) fn panicked(this: &Instance);

    /// Completes the operation after this time.
    #[wasm_bindgen(method)]
    pub(crate) fn sleep(this: &Instance, op: f64, milliseconds: f64);

    /// One request or other event, from its arrival to the end of the work after its answer.
    #[derive(Clone)]
    pub(crate) type Call;

    /// Answers with a whole body.
    #[wasm_bindgen(method)]
    pub(crate) fn answer(this: &Call, status: u16, headers: &str, encoded: bool, length: Option<f64>, body: &[u8]);

    /// Answers with a body that [`Call::write`] sends.
    #[wasm_bindgen(method)]
    pub(crate) fn stream(this: &Call, status: u16, headers: &str, encoded: bool, length: Option<f64>);

    /// Sends a chunk of the body; the operation is complete when there is room for another, and fails when nobody reads on.
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Call, op: f64, chunk: &[u8]);

    /// Ends the body, well or not.
    #[wasm_bindgen(method)]
    pub(crate) fn end(this: &Call, well: bool);

    /// Reads a chunk of the request's body.
    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Call, op: f64);

    /// Runs a task after the answer.
    #[wasm_bindgen(method)]
    pub(crate) fn later(this: &Call, task: f64);

    /// An identifier made up for the request.
    #[wasm_bindgen(method)]
    pub(crate) fn id(this: &Call) -> String;

    /// A variable or a secret, as text.
    #[wasm_bindgen(method)]
    pub(crate) fn variable(this: &Call, name: &str) -> Option<String>;

    /// The data centre's code.
    #[wasm_bindgen(method)]
    pub(crate) fn colo(this: &Call) -> Option<String>;

    /// A delivered message's identifier.
    #[wasm_bindgen(method, js_name = messageId)]
    pub(crate) fn message_id(this: &Call, place: usize) -> String;

    /// How often a message was delivered, this time included.
    #[wasm_bindgen(method)]
    pub(crate) fn attempts(this: &Call, place: usize) -> u32;

    /// A message's body.
    #[wasm_bindgen(method)]
    pub(crate) fn body(this: &Call, place: usize) -> Vec<u8>;

    /// A message is done, or comes again after this many seconds.
    #[wasm_bindgen(method)]
    pub(crate) fn settled(this: &Call, place: usize, done: bool, after: Option<f64>);

    /// The event failed as a whole.
    #[wasm_bindgen(method)]
    pub(crate) fn broke(this: &Call, why: &str);

    #[wasm_bindgen(method, getter)]
    pub(crate) fn env(this: &Call) -> JsValue;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn ctx(this: &Call) -> JsValue;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn cf(this: &Call) -> JsValue;

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn debug(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn log(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn warn(line: &str);

    #[wasm_bindgen(js_namespace = console)]
    pub(crate) fn error(line: &str);

    /// Milliseconds since 1970. On Workers it stands still while a program computes.
    #[wasm_bindgen(js_namespace = Date)]
    pub(crate) fn now() -> f64;
}
