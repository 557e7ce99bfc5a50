"""A stand-in for Gemini on loopback: generateContent (whole and as a stream), embeddings, pictures, sound.

What it answers stands in the last text of the conversation: "say WORDS", "call NAME JSON", "think WORDS", "block", "refuse";
after the result of a function: "got RESULT"."""
import base64
import json
import threading
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
USAGE = {"promptTokenCount": 7, "candidatesTokenCount": 2, "thoughtsTokenCount": 1}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def whole(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, text):
        self.whole(status, {"error": {"code": status, "message": text, "status": "X"}})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append({"path": self.path, "body": body})
        if self.headers.get("x-goog-api-key") != "g-test" or self.headers.get("Authorization") or "key=" in self.path:
            return self.error(403, "no key")
        model, _, method = self.path.rpartition("/")[2].partition(":")
        if method == "batchEmbedContents":
            texts = [r["content"]["parts"][0]["text"] for r in body["requests"]]
            return self.whole(200, {"embeddings": [{"values": [len(t), 1.5]} for t in texts]})
        if method == "predict":
            return self.whole(200, {"predictions": [{"mimeType": "image/png", "bytesBase64Encoded": PIXEL}]})
        parts, reason = self.parts(body)
        if reason == "refuse":
            return self.error(400, "a reason")
        if method == "generateContent":
            return self.whole(200, {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP",
                                                    "groundingMetadata": self.server.grounding}], "usageMetadata": USAGE})
        if method != "streamGenerateContent?alt=sse":
            return self.error(404, "no such method")
        events = [{"promptFeedback": {"blockReason": reason}}] if reason else [
            {"candidates": [{"content": {"role": "model", "parts": [part]}}]} for part in parts]
        if not reason:
            events.append({"candidates": [{"content": {"parts": [{"text": ""}]}, "finishReason": "STOP"}], "usageMetadata": USAGE})
        data = b"".join(b"data: %s\r\n\r\n" % json.dumps(e).encode() for e in events)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def parts(self, body):
        """The parts of the answer, and what is wrong with the question."""
        config = body.get("generationConfig", {})
        if "AUDIO" in config.get("responseModalities", []):
            return [{"inlineData": {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": base64.b64encode(b"\0\1" * 240).decode()}}], None
        if "IMAGE" in config.get("responseModalities", []):
            return [{"text": "here"}, {"inlineData": {"mimeType": "image/png", "data": PIXEL}}], None
        last = body["contents"][-1]["parts"]
        given = [p["functionResponse"]["response"] for p in last if "functionResponse" in p]
        if given:
            return [{"text": "got " + json.dumps(given)}], None
        if config.get("responseMimeType") == "application/json":
            return [{"text": json.dumps({"asked": config.get("responseJsonSchema", {}).get("type")})}], None
        word, _, rest = next((p["text"] for p in last if "text" in p), "").partition(" ")
        if word == "call":
            name, _, args = rest.partition(" ")
            return [{"functionCall": {"name": name, "args": json.loads(args)}, "thoughtSignature": "s1"}], None
        if word == "think":
            return [{"text": "hm", "thought": True}, {"text": rest}], None
        if word in ("block", "refuse"):
            return [], {"block": "SAFETY"}.get(word, word)
        return [{"text": piece} for piece in rest.replace(" ", " |").split("|")], None


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.grounding = {"groundingChunks": [{"web": {"uri": "https://x.test/a", "title": "A"}}]}
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_address[1]


def samples(data):
    """Number of channels, rate and frames of a WAV file."""
    with wave.open(BytesIO(data)) as w:
        return w.getnchannels(), w.getframerate(), w.getnframes()
