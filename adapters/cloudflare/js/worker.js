// The Worker's entry: it hands requests to the program in WebAssembly and its answers to the runtime.
import { instantiate } from "./index.js";

// Bodies up to this length are read whole and cross in one call; longer ones, and those of unknown length, are streamed.
const WHOLE = 8 * 1024 * 1024;
const CHUNK = 64 * 1024;
const LONGEST_TIMER = 2 ** 31 - 1;
// In seconds: the longest delay that Queues knows.
const LONGEST_DELAY = 12 * 60 * 60;
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

// What the platform called the program with, to the end of the work after its answer.
class Invocation {
  constructor(env, ctx) {
    this.env = env;
    this.ctx = ctx;
  }

  colo() {}

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

  later(task) {
    if (this.answered) this.ctx.waitUntil(this.afterwards(task));
    else (this.work ??= []).push(task);
  }

  // From here on there is an answer: what was put off begins.
  release() {
    this.answered = true;
    for (const task of this.work ?? []) this.ctx.waitUntil(this.afterwards(task));
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
}

// A request.
class Call extends Invocation {
  constructor(request, env, ctx) {
    super(env, ctx);
    this.request = request;
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
    this.release();
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

  colo() {
    return this.request.cf?.colo;
  }
}

// A schedule's tick, or messages of a queue.
class Happening extends Invocation {
  constructor(env, ctx, messages = []) {
    super(env, ctx);
    this.messages = messages;
  }

  async run(begin) {
    try {
      this.instance = live ??= new Instance();
      const task = begin(this.instance.program);
      if (task !== 0) await this.instance.run(task);
    } catch (error) {
      if (this.instance) this.instance.failed(error);
      else console.error(`anyfn: the program does not start: ${error}`);
      this.trapped = true;
      this.broke("anyfn: the event's handler panicked");
    }
    this.release();
  }

  broke(why) {
    this.broken ??= why;
  }

  messageId(place) {
    return this.messages[place].message.id;
  }

  attempts(place) {
    return this.messages[place].message.attempts;
  }

  body(place) {
    const { body } = this.messages[place].message;
    if (body instanceof ArrayBuffer) return new Uint8Array(body);
    if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
    return new TextEncoder().encode(typeof body === "string" ? body : (JSON.stringify(body) ?? "null"));
  }

  settled(place, done, after) {
    const delivered = this.messages[place];
    delivered.open = false;
    if (done) delivered.message.ack();
    else delivered.message.retry(after === undefined ? {} : { delaySeconds: Math.min(Math.ceil(after), LONGEST_DELAY) });
  }
}

async function deliver(queue, messages, env, ctx) {
  const happening = new Happening(env, ctx, messages);
  await happening.run((program) => program.anyfn_queue(happening, queue, messages.length));
  return happening;
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
  async scheduled({ cron, scheduledTime }, env, ctx) {
    const tick = new Happening(env, ctx);
    await tick.run((program) => program.anyfn_scheduled(tick, cron, scheduledTime));
    if (tick.broken) throw new Error(tick.broken);
  },
  async queue({ queue, messages: all }, env, ctx) {
    const messages = all.map((message) => ({ message, open: true }));
    const { trapped, broken } = await deliver(queue, messages, env, ctx);
    if (trapped) {
      // A panic took the instance along, and with it what ran beside the message that it came from. What is open runs
      // again, each by itself: so a panic costs its own message alone.
      for (const one of messages.filter(({ open }) => open)) await deliver(queue, [one], env, ctx);
    } else if (broken) {
      console.error(broken);
    }
    for (const { message } of messages.filter(({ open }) => open)) message.retry();
  },
};
