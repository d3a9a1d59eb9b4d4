// The function in plain JavaScript.
export default {
  async fetch(request) {
    const url = new URL(request.url);
    switch (url.pathname) {
      case "/hello":
        return new Response(JSON.stringify({ message: `Hello, ${url.searchParams.get("name") ?? "World"}!` }), {
          headers: { "content-type": "application/json" },
        });
      case "/echo": {
        const kind = request.headers.get("content-type");
        return new Response(await request.arrayBuffer(), { headers: kind ? { "content-type": kind } : {} });
      }
      default:
        return new Response(null, { status: 404 });
    }
  },
};
