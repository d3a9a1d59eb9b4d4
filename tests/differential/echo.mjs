// The echo function in JavaScript, behind the adapters that people use, asked with the events on standard input: a line
// of JSON each, [row, event]. One line comes back for each: [adapter, row, answer, error].
import { createInterface } from "node:readline";
import serverlessExpress from "@codegenie/serverless-express";
import express from "express";
import { Hono } from "hono";
import { getConnInfo, handle } from "hono/aws-lambda";
import serverlessHttp from "serverless-http";

const GZIP = Buffer.from("1f8b08000000000002ffcb48cdc9c95748afca2c0000196ad2df0a000000", "hex");

/** What the path is answered with: status, headers in order, body. */
function echo({ method, url, path, query, headers, body, client }) {
  const [, first, second, third] = path.split("/");
  const text = (status, body, type = "text/plain; charset=utf-8") => [status, [["content-type", type]], Buffer.from(body)];
  const problem = (status, title, detail) =>
    text(status, JSON.stringify({ type: "about:blank", title, status, detail }), "application/problem+json");
  const type = headers.find(([name]) => name === "content-type")?.[1] ?? "application/octet-stream";
  const context = { client_ip: client || null };
  if (first === "echo") {
    return text(200, JSON.stringify({ method, url, path, query, headers, body: body.toString("base64"), context }), "application/json");
  }
  switch (`${first}/${second === undefined ? 0 : third === undefined ? 1 : 2}`) {
    case "context/0": return text(200, JSON.stringify(context), "application/json");
    case "mirror/0": return [200, [["content-type", type]], body];
    case "gzip/0": return [200, [["content-encoding", "gzip"], ["content-type", "text/plain"]], GZIP];
    case "panic/0": throw new Error("echo panics when it is asked to");
    case "error/0": return problem(500, "Internal Server Error");
    case "reject/0": return problem(422, "Out of cheese", "Add cheese and start again.");
    case "redirect/0": return [302, [["location", /(?:^|&)to=([^&]*)/.exec(query ?? "")?.[1] ?? ""]], Buffer.alloc(0)];
    case "status/1": return text(Number(second), [204, 205, 304].includes(Number(second)) ? "" : second);
    case "bytes/1": return [200, [["content-type", "application/octet-stream"]], Buffer.from(Array.from({ length: second }, (_, i) => i % 256))];
    case "text/1": return text(200, "x".repeat(second));
    case "cookies/1": {
      const cookies = Array.from({ length: second }, (_, i) => ["set-cookie", `c${i}=${i}; Path=/${i % 2 ? "; HttpOnly" : ""}`]);
      return [200, [...cookies, ["x-multi", "a"], ["x-multi", "b"]], Buffer.alloc(0)];
    }
    default: return problem(404, "Not Found");
  }
}

/** `path` and `query` of a request's target. */
function split(target) {
  const at = target.indexOf("?");
  return at < 0 ? { path: target, query: null } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

const hono = new Hono();
hono.all("*", async (c) => {
  const request = c.req.raw;
  const target = split(request.url.replace(/^[a-z]+:\/\/[^/?#]*/, ""));
  const [status, headers, body] = echo({
    method: request.method, url: request.url, ...target, headers: [...request.headers],
    body: Buffer.from(await request.arrayBuffer()), client: getConnInfo(c).remote.address,
  });
  const bodiless = [101, 204, 205, 304].includes(status) || body.length === 0;
  return new Response(bodiless ? null : body, { status, headers });
});

const server = express();
server.disable("x-powered-by").disable("etag");
server.use(express.raw({ type: () => true, limit: "10mb", inflate: false }));
server.use((request, response) => {
  const headers = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const value = request.rawHeaders[i + 1];
    for (const one of Array.isArray(value) ? value : [value]) headers.push([request.rawHeaders[i].toLowerCase(), one]);
  }
  if (headers.length === 0) {
    for (const [name, value] of Object.entries(request.headers)) {
      for (const one of Array.isArray(value) ? value : [value]) headers.push([name, one]);
    }
  }
  const [status, out, body] = echo({
    method: request.method, url: `${request.protocol}://${request.headers.host}${request.originalUrl}`,
    ...split(request.originalUrl), headers, body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), client: request.ip,
  });
  response.status(status);
  for (const [name, value] of out) response.appendHeader ? response.appendHeader(name, value) : response.append(name, value);
  response.end(body);
});

const adapters = {
  hono: handle(hono),
  "serverless-http": serverlessHttp(server),
  "serverless-express": serverlessExpress({ app: server }),
};

const late = (ms) => new Promise((_, reject) => setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref());
// What is thrown outside of a promise would end the process, as it would end a function's.
let crash = () => {};
process.on("uncaughtException", (error) => crash(error));
process.on("unhandledRejection", (error) => crash(error));
console.log = console.warn = console.error = console.debug = console.info = () => {};

for await (const line of createInterface({ input: process.stdin })) {
  const [row, event] = JSON.parse(line);
  for (const [name, handler] of Object.entries(adapters)) {
    let answer = null, error = null;
    try {
      const crashed = new Promise((_, reject) => { crash = (error) => reject(new Error(`crashed: ${error?.message ?? error}`)); });
      const context = { awsRequestId: row, functionName: "echo", getRemainingTimeInMillis: () => 10_000 };
      answer = await Promise.race([handler(structuredClone(event), context), crashed, late(5_000)]);
    } catch (thrown) {
      error = String(thrown?.message ?? thrown).split("\n")[0];
    }
    process.stdout.write(JSON.stringify([name, row, answer ?? null, error]) + "\n");
  }
}
// Not before all of it is written.
process.stdout.end(() => process.exit(0));
