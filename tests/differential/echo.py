"""The echo function as an ASGI application behind Mangum, asked with the events on standard input: a line of JSON each,
[row, event]. One line comes back for each: ["mangum", row, answer, error]."""
import base64
import json
import logging
import re
import sys

from mangum import Mangum

GZIP = bytes.fromhex("1f8b08000000000002ffcb48cdc9c95748afca2c0000196ad2df0a000000")
TEXT = "text/plain; charset=utf-8"


def answer(scope, body):
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").split("?")[0]
    query = scope["query_string"].decode("latin-1") or None
    headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    text = lambda status, body, kind=TEXT: (status, [("content-type", kind)], body.encode())
    problem = lambda status, title, detail=None: text(
        status, json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail}), "application/problem+json"
    )
    parts = path.split("/")[1:]
    kind = dict(headers).get("content-type", "application/octet-stream")
    context = {"client_ip": (scope.get("client") or [None])[0]}
    if parts[:1] == ["echo"]:
        host = dict(headers).get("host", "")
        url = f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")
        told = {"method": scope["method"], "url": url, "path": path, "query": query, "headers": headers,
                "body": base64.b64encode(body).decode(), "context": context}
        return text(200, json.dumps(told), "application/json")
    match parts:
        case ["context"]:
            return text(200, json.dumps(context), "application/json")
        case ["mirror"]:
            return 200, [("content-type", kind)], body
        case ["gzip"]:
            return 200, [("content-encoding", "gzip"), ("content-type", "text/plain")], GZIP
        case ["panic"]:
            raise RuntimeError("echo panics when it is asked to")
        case ["error"]:
            return problem(500, "Internal Server Error")
        case ["reject"]:
            return problem(422, "Out of cheese", "Add cheese and start again.")
        case ["redirect"]:
            to = re.search(r"(?:^|&)to=([^&]*)", query or "")
            return 302, [("location", to.group(1) if to else "")], b""
        case ["status", code]:
            return text(int(code), "" if code in ("204", "205", "304") else code)
        case ["bytes", count]:
            return 200, [("content-type", "application/octet-stream")], bytes(i % 256 for i in range(int(count)))
        case ["text", count]:
            return text(200, "x" * int(count))
        case ["cookies", count]:
            cookies = [("set-cookie", f"c{i}={i}; Path=/" + ("; HttpOnly" if i % 2 else "")) for i in range(int(count))]
            return 200, cookies + [("x-multi", "a"), ("x-multi", "b")], b""
        case _:
            return problem(404, "Not Found")


async def application(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status, headers, body = answer(scope, body)
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


logging.disable(logging.CRITICAL)
handler = Mangum(application, lifespan="off")
for line in sys.stdin:
    row, event = json.loads(line)
    told, error = None, None
    try:
        told = handler(event, {})
    except Exception as thrown:
        error = f"{type(thrown).__name__}: {thrown}".split("\n")[0]
    print(json.dumps(["mangum", row, told, error]), flush=True)
