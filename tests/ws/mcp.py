"""An MCP server of the tests, over streamable HTTP on loopback, or over standard input and output (`mcp.py` as a program).

Its tools: add {a, b}; echo {text}, which tells the text and the environment's GREETING; fail; slow {}, which never ends (HTTP); big."""
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NUMBER = {"type": "number"}
TOOLS = [
    {"name": "add", "description": "Adds", "inputSchema": {"type": "object", "properties": {"a": NUMBER, "b": NUMBER}}},
    {"name": "echo", "description": "Says it again", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}},
    {"name": "fail.now", "inputSchema": {"type": "object"}},
    {"name": "slow", "inputSchema": {"type": "object"}},
    {"name": "die", "inputSchema": {"type": "object"}},
]


def text(words, **more):
    return {"content": [{"type": "text", "text": words}], **more}


def call(name, args):
    if name == "add":
        return text(str(args["a"] + args["b"]), structuredContent={"sum": args["a"] + args["b"]})
    if name == "echo":
        return {"content": [{"type": "text", "text": args["text"]}, {"type": "image", "mimeType": "image/png", "data": "eA=="},
                            {"type": "text", "text": os.environ.get("GREETING", "none")}]}
    return text("it went wrong", isError=True)


def answer(message):
    """What the server says to a request; None to a notification."""
    method, params = message["method"], message.get("params", {})
    if "id" not in message:
        return None
    if method == "initialize":
        result = {"protocolVersion": "2025-03-26", "capabilities": {"tools": {}}, "serverInfo": {"name": "t", "version": "1"}}
    elif method == "tools/list":
        # Two pages.
        result = {"tools": TOOLS[2:]} if params.get("cursor") == "p2" else {"tools": TOOLS[:2], "nextCursor": "p2"}
    elif method == "tools/call":
        result = call(params["name"], params["arguments"])
    else:
        return {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no such method"}}
    return {"jsonrpc": "2.0", "id": message["id"], "result": result}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def finish_with(self, status, data=b"", **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server = self.server
        server.seen.append((message, dict(self.headers)))
        if self.headers.get("Authorization") != "Bearer m-test":
            return self.finish_with(401)
        begins = message["method"] == "initialize"
        if not begins and (self.headers.get("Mcp-Session-Id"), self.headers.get("MCP-Protocol-Version")) != ("s1", "2025-03-26"):
            return self.finish_with(400)
        if message.get("params", {}).get("name") == "slow":
            server.hold.wait(60)
        said = answer(message)
        if said is None:
            return self.finish_with(202)
        if message["method"] == "tools/list":
            # Events: a notification and a request of the server first, and the stream stays open for a while.
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for m in ({"jsonrpc": "2.0", "method": "notifications/message", "params": {}},
                      {"jsonrpc": "2.0", "id": message["id"], "method": "ping"}, said):
                self.wfile.write(b"event: message\ndata: %s\n\n" % json.dumps(m).encode())
            self.wfile.flush()
            self.close_connection = True
            server.hold.wait(60)
            return None
        more = {"Mcp_Session_Id": "s1"} if begins else {}
        return self.finish_with(200, json.dumps(said).encode(), Content_Type="application/json", **more)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.hold = threading.Event()  # never set: what waits for it waits until the client goes
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/mcp" % self.server_address[1]


if __name__ == "__main__":
    for line in sys.stdin:
        asked = json.loads(line)
        if asked.get("params", {}).get("name") == "die":
            sys.exit("out of memory, says the test")
        told = answer(asked)
        if told:
            print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}))
            print(json.dumps(told), flush=True)
