// The Worker's entry: it hands requests to the program in WebAssembly and its answers to the runtime.
import { instantiate } from "./index.js";

// Bodies up to this length are read whole and cross in one call; longer ones, and those of unknown length, are streamed.
const WHOLE = 8 * 1024 * 1024;
const CHUNK = 64 * 1024;
const LONGEST_TIMER = 2 ** 31 - 1;
const PATIENCE = 60_000;
const INTERNAL = '{"type":"about:blank","title":"Internal Server Error","status":500}';
const WOKEN = true;

// An instance of the program. A panic leaves it as it is: what is in flight there may finish, and `live` is another.
class Instance {
  // By task: WOKEN, or the function that goes on with it.
  gates = new Map();

  constructor() {
    this.program = instantiate();
    if (!this.program.anyfn_attach(this)) this.program.main();
  }

  // Polls a task until it is done. The promise belongs to the event that awaits it, and so does each poll: no event may
  // touch another one's streams and timers.
  async run(task) {
    // An event may wait for another one, which makes the program's state, say. Without I/O of its own the runtime would
    // think it hung, and end it.
    const waits = setTimeout(() => {}, PATIENCE);
    try {
      do {
        if (this.gates.get(task) !== WOKEN) await new Promise((go) => this.gates.set(task, go));
        this.gates.delete(task);
      } while (!this.program.anyfn_poll(task));
    } finally {
      clearTimeout(waits);
      this.gates.delete(task);
    }
  }

  wake(task) {
    const go = this.gates.get(task);
    this.gates.set(task, WOKEN);
    if (typeof go === "function") go();
  }

  sleep(op, milliseconds) {
    setTimeout(() => this.complete(op, true), Math.min(milliseconds, LONGEST_TIMER));
  }

  complete(op, well, bytes) {
    try {
      this.program.anyfn_complete(op, well, bytes);
    } catch (error) {
      this.failed(error);
    }
  }

  // The panic hook calls this, before the trap that follows.
  panicked() {
    this.over = true;
    if (live === this) live = undefined;
  }

  failed(error) {
    // A panic has told its message already; this is an exhausted stack or memory, or a fault on this side.
    if (!this.over) console.error(`anyfn: the instance is given up: ${error}`);
    this.panicked();
  }
}

// A request, from its arrival to the end of the work after its answer.
class Call {
  constructor(request, env, ctx) {
    this.request = request;
    this.env = env;
    this.ctx = ctx;
  }

  get cf() {
    return this.request.cf;
  }

  // The answer, or a promise of it. `body` is undefined where there is none, or where it is streamed.
  begin(body, streamed) {
    try {
      this.instance = live ??= new Instance();
      const task = this.instance.program.anyfn_fetch(this, this.head(), body, streamed);
      // Kept alive like this, a call whose client goes away still comes to its end, and leaves nothing behind.
      if (task !== 0) this.ctx.waitUntil(this.finish(task));
    } catch (error) {
      this.failed(error);
    }
    return this.response ?? new Promise((resolve) => (this.resolve = resolve));
  }

  async finish(task) {
    try {
      await this.instance.run(task);
    } catch (error) {
      this.failed(error);
    }
  }

  head() {
    let head = `${this.request.method}\n${this.request.url}`;
    for (const [name, value] of this.request.headers) head += `\n${name}\n${value}`;
    return head;
  }

  settle(response) {
    this.response = response;
    this.resolve?.(response);
    for (const task of this.work ?? []) this.ctx.waitUntil(this.afterwards(task));
  }

  failed(error) {
    if (this.instance) this.instance.failed(error);
    else console.error(`anyfn: the program does not start: ${error}`);
    if (!this.response) this.settle(problem());
    else this.end(false);
  }

  respond(body, status, lines, encoded) {
    const parts = lines.split("\n");
    const headers = [];
    for (let at = 0; at + 1 < parts.length; at += 2) headers.push([parts[at], parts[at + 1]]);
    try {
      // Without "manual" the runtime encodes what says that it is encoded.
      this.settle(new Response(body, { status, headers, encodeBody: encoded ? "manual" : "automatic" }));
    } catch (error) {
      console.error(`anyfn: the runtime refuses the answer: ${error}`);
      this.settle(problem());
      this.end(false);
    }
  }

  answer(status, lines, encoded, length, body) {
    this.respond(body.length === 0 ? null : body.slice(), status, lines, encoded);
  }

  stream(status, lines, encoded, length) {
    const { readable, writable } = length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
    this.writer = writable.getWriter();
    this.respond(readable, status, lines, encoded);
  }

  write(op, chunk) {
    this.writer.write(chunk.slice()).then(
      () => this.instance.complete(op, true),
      () => this.instance.complete(op, false),
    );
  }

  end(well) {
    const ended = well ? this.writer?.close() : this.writer?.abort(new Error("the answer broke off"));
    ended?.catch(() => {});
  }

  read(op) {
    this.reader ??= reader(this.request.body);
    this.reader.read(new Uint8Array(CHUNK)).then(
      ({ done, value }) => this.instance.complete(op, true, done ? undefined : value),
      () => this.instance.complete(op, false),
    );
  }

  later(task) {
    if (this.response) this.ctx.waitUntil(this.afterwards(task));
    else (this.work ??= []).push(task);
  }

  async afterwards(task) {
    // The answer goes out first, even where the work never waits.
    await new Promise((go) => setTimeout(go, 0));
    this.instance.wake(task);
    try {
      await this.instance.run(task);
    } catch (error) {
      this.instance.failed(error);
    }
  }

  id() {
    return crypto.randomUUID();
  }

  variable(name) {
    const value = Object.hasOwn(this.env, name) ? this.env[name] : undefined;
    if (typeof value !== "object" || value === null) return typeof value === "string" ? value : json(value);
    // A variable of JSON; anything else is a binding.
    const prototype = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === Array.prototype ? json(value) : undefined;
  }

  colo() {
    return this.request.cf?.colo;
  }
}

function json(value) {
  return typeof value === "function" ? undefined : JSON.stringify(value);
}

function reader(body) {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return body.getReader();
  }
}

function problem() {
  return new Response(INTERNAL, { status: 500, headers: { "content-type": "application/problem+json" } });
}

function unhandled(event) {
  throw new Error(`anyfn: this program answers HTTP requests alone, and a ${event} event came: remove that trigger`);
}

// Made here and not in the first request: the platform allows a Worker's start its own time.
let live = new Instance();

export default {
  fetch(request, env, ctx) {
    const call = new Call(request, env, ctx);
    if (request.body === null) return call.begin(undefined, false);
    const length = request.headers.get("content-length");
    if (length === null || Number(length) > WHOLE) return call.begin(undefined, true);
    return request.arrayBuffer().then(
      (body) => call.begin(new Uint8Array(body), false),
      // Nobody reads this: the client broke off.
      () => new Response(null, { status: 400 }),
    );
  },
  scheduled() {
    unhandled("scheduled");
  },
  queue() {
    unhandled("queue");
  },
};
