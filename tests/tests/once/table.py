"""DynamoDB's API on a port of its own, as moto answers it. Requests that AWS' own signer would not have signed so are refused.

Usage: table.py TABLE. Prints the port, and lives as long as its standard input."""
import http.server, os, socket, sys, threading

KEYS = dict(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
os.environ.update(KEYS, AWS_SESSION_TOKEN="the session's", AWS_DEFAULT_REGION="eu-west-1", AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled")
import boto3, requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws

one_at_a_time = threading.Lock()
# What the next calls are answered in place of moto's answer, and whether moto has done them.
failures = []


def signature(url, headers, body):
    """The header that AWS' own signer would send."""
    signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", url, {name: headers[name] for name in signed}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(*KEYS.values(), "the session's"), "dynamodb", "eu-west-1")
    canonical = auth.canonical_request(request)
    return auth.signature(auth.string_to_sign(request, canonical), request)


class Front(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.path == "/fail":
            failures.extend(body.decode().split())
            return self.reply(200, b"")
        with one_at_a_time:
            expected = signature(f"http://{headers['host']}/", headers, body)
            if not headers["authorization"].endswith(f"Signature={expected}") or headers["x-amz-security-token"] != "the session's":
                return self.reply(400, b'{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"signed otherwise"}')
            failure = failures.pop(0) if failures else None
            if failure == "throttle":
                return self.reply(400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slower"}')
            if failure == "refuse":
                return self.reply(400, b'{"__type":"com.amazonaws.dynamodb.v20120810#ValidationException","message":"no"}')
            kept = {name: headers[name] for name in ("content-type", "x-amz-target", "authorization", "x-amz-date")}
            answer = requests.post("https://dynamodb.eu-west-1.amazonaws.com/", body, headers=kept)
        if failure == "lose":
            # It is done, and nobody hears of it.
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        self.reply(500 if failure == "break" else answer.status_code, answer.content)

    def reply(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


with mock_aws():
    boto3.client("dynamodb").create_table(
        TableName=sys.argv[1],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
