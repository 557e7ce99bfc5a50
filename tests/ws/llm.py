"""A stand-in for language models on loopback, speaking as Ollama and as OpenAI, for the tests of chats and of /v1.
Alone: llm.py FILE writes its address into FILE and serves until it is killed.

What it answers stands in the last message of the conversation:
  say WORDS        the words, cut behind every blank
  slow WORDS       the same with 0.1 s before each piece
  call NAME JSON   a call of that tool; once its result is there: "got RESULT"
  twice NAME JSON  two of them
  again WORDS      503 at first, with Retry-After 0, then the words
  refuse           400 with a reason
  cut              the connection breaks in the middle of a line
  history          all roles and texts so far
A request for JSON by a schema named "plan" is answered with what stands behind "PLAN " in the last message of the user, one named
"result" with what stands behind "RESULT "; with several, split by " | ", each try gets the next."""
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def whole(self, status, value):
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/api/tags":
            return self.whole(200, {"models": [{"name": "tiny:latest", "size": 5, "digest": "d", "details": {"family": "x"}}]})
        if self.path == "/v1beta/models?pageSize=1000":  # of Gemini; its chats: gemini.py
            self.server.lists += 1
            return self.whole(200, {"models": [
                {"name": "models/asked-%d" % self.server.lists, "supportedGenerationMethods": ["generateContent"]},
                {"name": "models/gemini-x", "displayName": "Gemini X", "supportedGenerationMethods": ["generateContent"]},
                {"name": "models/embed-x", "displayName": "Embed X", "supportedGenerationMethods": ["embedContent"]}]})
        if self.path == "/v1/models":
            return self.whole(200, {"data": [{"id": "tiny"}]})
        return self.refuse(404, "no such path")

    def do_DELETE(self):
        model = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["model"]
        return self.whole(200, None) if model == "tiny" else self.whole(404, {"error": "not found"})

    def pull(self, model):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.piece('{"status":"pulling manifest"}\n{"status":"pulling","total":2,')
        self.piece('"completed":1,"digest":"d"}\n' + ('{"error":"no such model"}\n' if model == "nope" else '{"status":"success"}'))
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append({"path": self.path, "key": self.headers.get("Authorization"), "body": body})
        if self.path == "/api/pull":
            return self.pull(body["model"])
        if self.path == "/api/show":
            return self.whole(200, {"model_info": {"a": 1}}) if body["model"] == "tiny" else self.whole(404, {"error": "x"})
        if self.path.endswith(("/embeddings", "/api/embed")):
            return self.embed(body)
        self.openai = self.path.endswith("/chat/completions")
        try:
            self.answer(body)
        except (BrokenPipeError, ConnectionResetError):
            self.server.broken += 1
            self.close_connection = True

    def embed(self, body):
        """Vectors of two numbers: the length of the text, and one."""
        given = [body["input"]] if isinstance(body["input"], str) else body["input"]
        if "refuse" in given:
            return self.refuse(400, "a reason")
        vectors = [[len(text), 1] for text in given]
        if self.path == "/api/embed":
            return self.whole(200, {"embeddings": vectors, "prompt_eval_count": len(given)})
        data = [{"index": i, "embedding": v} for i, v in enumerate(vectors)]
        return self.whole(200, {"data": data, "usage": {"prompt_tokens": len(given)}})

    def refuse(self, status, text, **headers):
        data = json.dumps({"error": {"message": text}}).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer(self, body):
        last = body["messages"][-1]
        text = last["content"] if isinstance(last["content"], str) else last["content"][0]["text"]
        word, _, rest = text.partition(" ")
        asked = [m["content"] for m in body["messages"] if m["role"] == "user"]
        wanted = (body.get("response_format") or {}).get("json_schema", {}).get("name", "").upper()
        told = [part for t in asked for part in [t.rpartition(wanted + " ")[2]] if wanted and wanted + " " in t]
        if told and last["role"] != "tool":
            tries = told[0].split(" | ") if wanted == "RESULT" else told
            return self.stream(tries[min(len(asked), len(tries)) - 1])
        if "Your step:\n" in text:
            word, _, rest = text.rpartition("Your step:\n")[2].partition(" ")
        if word == "again" and self.server.once(text):
            return self.refuse(503, "busy", Retry_After="0")
        if word == "refuse":
            return self.refuse(400, "a reason")
        if last["role"] == "tool":
            return self.stream("got " + text)
        if word == "history":
            rest = " ".join("%s:%s" % (m["role"], "" if m["role"] == "system" else m["content"]) for m in body["messages"])
        if word in ("call", "twice"):
            name, _, args = rest.partition(" ")
            return self.stream("", [(name, json.loads(args or "{}"))] * (2 if word == "twice" else 1))
        return self.stream(rest, pause=0.1 if word == "slow" else 0, cut=word == "cut")

    def piece(self, data):
        raw = data.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
        self.wfile.flush()

    def event(self, text, calls=(), last=False):
        if self.openai:
            delta = {"content": text}
            if calls:
                delta = {"tool_calls": [{"index": i, "id": "c%d" % i, "function": {"name": name, "arguments": json.dumps(args)}}
                                        for i, (name, args) in enumerate(calls)]}
            usage = {"usage": {"prompt_tokens": 1000, "completion_tokens": 200}} if last else {}
            choice = {"delta": delta, "finish_reason": "stop" if last else None}
            self.piece("data: " + json.dumps({"choices": [choice], **usage}) + "\n\n")
            if last:
                self.piece("data: [DONE]\n\n")
            return
        message = {"role": "assistant", "content": text}
        if calls:
            message["tool_calls"] = [{"function": {"name": name, "arguments": args}} for name, args in calls]
        self.piece(json.dumps({"message": message, "done": last}) + "\n")

    def stream(self, text, calls=(), pause=0, cut=False):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if cut:
            self.wfile.write(b"4\r\n{\"me\r\n")
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()
            return
        if calls:
            self.event("", calls)
        words = text.split(" ") if text else []
        for i, word in enumerate(words):
            time.sleep(pause)
            self.event(word + (" " if i + 1 < len(words) else ""))
        self.event("", last=True)
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.broken = self.lists = 0
        self.known = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]

    def once(self, text):
        """True the first time."""
        new = text not in self.known
        self.known.add(text)
        return new


if __name__ == "__main__":
    server = Server()
    with open(sys.argv[1] + ".new", "w") as f:
        f.write(server.url)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    threading.Event().wait()
