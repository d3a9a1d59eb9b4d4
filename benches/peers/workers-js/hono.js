// The function on Hono.
import { Hono } from "hono";

const app = new Hono();
app.get("/hello", (c) => c.json({ message: `Hello, ${c.req.query("name") ?? "World"}!` }));
app.post("/echo", async (c) => {
  const kind = c.req.header("content-type");
  return c.body(await c.req.arrayBuffer(), 200, kind ? { "content-type": kind } : {});
});
export default app;
