// Starts workerd through Miniflare and lives as long as its standard input; its one argument is JSON.
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import path from "node:path";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";

const { dir, compatibilityDate, compatibilityFlags, bindings, kvNamespaces, d1Databases, queues, port } = JSON.parse(process.argv.at(-1));
// A batch waits a second for more at most: nobody wants to wait for Queues' own five.
const consumer = ({ max_batch_size: maxBatchSize, max_retries: maxRetries }) => ({ maxBatchSize, maxRetries, maxBatchTimeout: 1 });
const producer = (queue) => `anyfn queue ${queue}`;
const types = {
  ".js": "ESModule", ".mjs": "ESModule", ".wasm": "CompiledWasm", ".txt": "Text", ".html": "Text", ".bin": "Data",
};
const files = await readdir(dir, { recursive: true, withFileTypes: true });
const modules = files
  .map((file) => ({ type: file.isFile() && types[path.extname(file.name)], path: path.join(file.parentPath, file.name) }))
  .filter((module) => module.type);
// The first module is the one that gets the events.
const isMain = (module) => Number(module.path === path.join(dir, "worker.js"));
modules.sort((a, b) => isMain(b) - isMain(a));

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    name: "worker",
    modulesRoot: dir,
    modules,
    compatibilityDate,
    compatibilityFlags,
    bindings,
    kvNamespaces,
    d1Databases,
    queueConsumers: Object.fromEntries(queues.map((queue) => [queue.queue, consumer(queue)])),
    queueProducers: Object.fromEntries(queues.map(({ queue }) => [producer(queue), queue])),
    // No look-up of an edge location on the network.
    cf: false,
    log: new Log(LogLevel.WARN),
    // Miniflare's own front rewrites requests; this socket is workerd's.
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
    handleStructuredLogs: ({ message }) => console.log(message),
  }),
);
let ending;
const end = () => (ending ??= miniflare.dispose().finally(() => process.exit(0)));
process.on("SIGTERM", end);
process.stdin.on("end", end).resume();

// Events that do not come over HTTP: `{"scheduled": {"cron", "scheduledTime"}}` or `{"queue": {"name", "messages"}}` is posted
// here, and answered with what the platform would be told. `{"send": {"queue", "body"}}` goes into a queue of Miniflare's,
// which delivers it by itself, again where it fails.
async function happen({ scheduled, queue, send }) {
  if (send) {
    const into = await miniflare.getQueueProducer(producer(send.queue));
    await into.send(send.body);
    return null;
  }
  const worker = await miniflare.getWorker();
  if (scheduled) {
    return worker.scheduled({ ...scheduled, scheduledTime: new Date(scheduled.scheduledTime) });
  }
  const messages = queue.messages.map((message) => ({
    attempts: 1,
    ...message,
    timestamp: new Date(message.timestamp ?? Date.now()),
  }));
  return worker.queue(queue.name, messages);
}
const events = createServer(async (request, response) => {
  // A page that somebody visits may post to any port of this machine.
  const { host, origin } = request.headers;
  if (origin !== undefined || host !== `127.0.0.1:${events.address().port}`) {
    response.writeHead(403).end("another site's page may not ask this\n");
    return;
  }
  try {
    response.end(JSON.stringify(await happen(JSON.parse(await text(request)))));
  } catch (error) {
    response.writeHead(500).end(`${error}`);
  }
});

try {
  await miniflare.ready;
  await new Promise((listening) => events.listen(0, "127.0.0.1", listening));
  console.log(`anyfn-workerd-events 127.0.0.1:${events.address().port}`);
  console.log(`anyfn-workerd-address ${(await miniflare.unsafeGetDirectURL()).host}`);
} catch (error) {
  // workerd has said by then what it does not like; Miniflare's own stack would bury that.
  console.error(error.message);
  process.exit(1);
}
