"""A server for the fast tests of the console page: just enough of the REST answers and of the run protocol, with
workflows that show what a real graph shows rarely (hostile names, every kind of value, replays with a gap).

The test program controls it: cut() drops every socket, `refuse` keeps new ones out, `forget` loses what was sent before,
`token` asks for one, `empty` has no workflows.
"""
import json
import os
import threading
import time
import urllib.parse
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import serve

CONSOLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "nginx", "console")
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css", ".svg": "image/svg+xml"}
PIXEL = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Erk"
         "Jggg==")
WAV = ("data:audio/wav;base64,UklGRiwAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQgAAAAAAAAAAAAAAA==")
HOSTILE = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"


def node(ident, kind, x=None, y=0, **data):
    ui = {} if x is None else {"position": {"x": x, "y": y}}
    return {"id": ident, "type": kind, "data": data, "parent_id": None, "ui_properties": ui, "dynamic_properties": {},
            "dynamic_outputs": {}, "sync_mode": "on_any"}


def edge(number, source, target, handle="output", into="value"):
    return {"id": "e%d" % number, "source": source, "target": target, "sourceHandle": handle, "targetHandle": into,
            "ui_properties": None}


def workflow(ident, name, nodes, edges, properties=None, **more):
    properties = properties or {}
    return {"id": ident, "name": name, "description": "", "tags": [], "graph": {"nodes": nodes, "edges": edges},
            "input_schema": {"type": "object", "properties": properties, "required": list(properties)},
            "created_at": "2026-11-24T10:00:00", "updated_at": "2026-11-24T10:00:00", **more}


MEDIA_SCHEMA = {"type": "object", "label": "Picture", "required": ["uri", "type"], "properties": {
    "uri": {"type": "string", "format": "uri"}, "type": {"type": "string", "enum": ["image"]}}}

WORKFLOWS = [
    workflow("example", "Outline of a text", [
        node("in", "nodetool.input.StringInput", 0, 60, name="text", value="One. Two. Three."),
        node("n", "nodetool.input.IntegerInput", 0, 180, name="count", value=3, min=1, max=9),
        node("split", "nodetool.text.Split", 260, 60, delimiter=". "),
        node("each", "nodetool.control.ForEach", 520, 60),
        node("tpl", "nodetool.text.Template", 780, 60, string="- {{ text }}"),
        node("join", "nodetool.text.Join", 1040, 60), node("out", "nodetool.output.Output", 1300, 60, name="outline")],
        [edge(1, "in", "split"), edge(2, "split", "each"), edge(3, "each", "tpl"), edge(4, "tpl", "join"),
         edge(5, "join", "out"), edge(6, "n", "tpl")],
        {"text": {"type": "string", "label": "Text", "default": "One. Two. Three."},
         "count": {"type": "integer", "label": "", "minimum": 1, "maximum": 9, "default": 3}},
        description="Cuts a text into sentences and makes a list of them.", tags=["text", "example"]),
    workflow("failing", "Division by nothing", [
        node("a", "nodetool.constant.Integer", value=1), node("x", "lib.math.Divide", a=1, b=0),
        node("out", "nodetool.output.Output", name="result")],
        [edge(1, "a", "x", into="a"), edge(2, "x", "out")]),
    workflow("long", "Ticks until stopped", [
        node("tick", "nodetool.triggers.IntervalTrigger"), node("out", "nodetool.output.Output", name="ticks")],
        [edge(1, "tick", "out")]),
    workflow("rich", "Every kind of output", [
        node("in", "nodetool.input.ImageInput", name="picture"), node("flag", "nodetool.input.BooleanInput", name="flag"),
        node("pick", "nodetool.input.SelectInput", name="pick", value="b", options=["a", "b"]),
        node("list", "nodetool.input.StringListInput", name="words", value=["x"]),
        *[node(i, "nodetool.output.Output", name=i) for i in
          ("image", "audio", "table", "frame", "number", "json", "stream", "foreign", "nothing")]],
        [edge(i + 1, "in", t) for i, t in enumerate(("image", "audio", "table", "frame", "number", "json", "stream"))],
        {"picture": MEDIA_SCHEMA, "flag": {"type": "boolean", "label": "Flag", "default": True}}),
    workflow("hostile", HOSTILE, [
        node("out", "nodetool.output.<b>x</b>", name=HOSTILE),
        node("__proto__", "constructor", name="__proto__", label=HOSTILE)], [],
        {"__proto__x": {"type": "string", "label": HOSTILE, "default": HOSTILE}}, description=HOSTILE, tags=[HOSTILE]),
]


class Job:
    def __init__(self, ident, workflow_id):
        self.id, self.workflow_id = ident, workflow_id
        self.messages, self.status, self.error = [], "running", None
        self.started = time.time()
        self.finished = None
        self.cancelled = threading.Event()
        self.changed = threading.Condition()

    def send(self, kind, **fields):
        with self.changed:
            self.messages.append({"type": kind, "job_id": self.id, "workflow_id": self.workflow_id,
                                  "job_seq": len(self.messages) + 1, **fields})
            self.changed.notify_all()

    def node(self, ident, status, **more):
        self.send("node_update", node_id=ident, node_name=ident, node_type="t", status=status,
                  **{"error": None, "result": None, "properties": {}, **more})

    def output(self, ident, value, kind="str"):
        self.send("output_update", node_id=ident, node_name=ident, output_name=ident, value=value, output_type=kind, metadata={})

    def edge(self, ident, counter):
        self.send("edge_update", edge_id=ident, status="message_sent", counter=counter)

    def end(self, status, error=None, **more):
        self.status, self.error, self.finished = status, error, time.time()
        self.send("job_update", status=status, error=error, message=None, **{"result": None, "duration": None, **more})

    def trace(self):
        """Nodes that have reported, one after the other; those that have not ended go on."""
        states = {m["node_id"]: m for m in self.messages if m["type"] == "node_update"}
        nodes = [{"node_id": n, "node_type": "t", "status": "failed" if m["error"] else m["status"], "cached": False,
                  "start_ms": 10.0 * i, "end_ms": None if m["status"] == "running" else 10.0 * i + 100, "busy_ms": 5.25,
                  "waits": {"input_ms": None if m["status"] == "running" else 60.0, "output_ms": 0.0, "outside_ms": 34.75},
                  "calls": 3, "items_in": 3, "items_out": 1, "bytes_in": 1234567, "bytes_out": 12} for i, (n, m) in enumerate(states.items())]
        return {"job_id": self.id, "workflow_id": self.workflow_id, "status": self.status, "requested_at": "2026-11-24T10:00:00",
                "began_at": "2026-11-24T10:00:00.250000", "ended_at": None, "duration_ms": 250.0 if self.finished else None,
                "incomplete": False, "nodes": nodes}

    def record(self):
        stamp = lambda t: time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(t)) + ".%06d" % (t % 1 * 1e6) if t else None
        return {"id": self.id, "workflow_id": self.workflow_id, "status": self.status, "error": self.error,
                "error_message": self.error, "started_at": stamp(self.started), "finished_at": stamp(self.finished)}


def run_example(job, params):
    words = params.get("text", "One. Two. Three.").split(". ")
    for name in ("split", "each", "tpl", "join"):
        job.node(name, "running")
    for i, word in enumerate(words):
        job.edge("e3", i + 1)
        job.send("node_progress", node_id="tpl", progress=i + 1, total=len(words), chunk="")
        time.sleep(0.05)
    for name in ("split", "each", "tpl", "join"):
        job.node(name, "completed", result={"output": words[-1]})
    text = "\n".join("- " + w for w in words[:params.get("count", 3)])
    job.output("out", text)
    job.end("completed", duration=0.25, result={"out": [text]})


def run_failing(job, params):
    job.node("x", "running")
    job.node("x", "error", error="division by zero", properties=None)
    job.send("output_update", node_id="out", node_name="result", output_name="result", value=None, output_type="none")
    job.end("error", "division by zero")
    job.end("failed", "ZeroDivisionError: division by zero")


def run_long(job, params):
    job.node("tick", "running")
    count = 0
    while not job.cancelled.wait(0.02):
        count += 1
        job.output("out", count, "int")
    job.end("cancelled")


def run_rich(job, params):
    job.send("log_update", node_id="in", node_name="in", content="a line", severity="info")
    job.output("image", {"type": "image", "uri": params.get("picture", {}).get("uri", PIXEL), "data": None, "asset_id": None}, "image")
    job.output("audio", {"type": "audio", "uri": WAV, "data": None, "asset_id": None}, "audio")
    job.output("table", [{"name": "a", "size": 1}, {"name": "b", "extra": True}], "list")
    job.output("frame", {"type": "dataframe", "columns": [{"name": "k", "data_type": "string"}, {"name": "v"}],
                         "data": [["x", 1.5], ["y", 2]]}, "dataframe")
    job.output("number", 42, "int")
    job.output("json", {"flag": params.get("flag"), "pick": params.get("pick"), "words": params.get("words")}, "dict")
    for piece in ("strea", "med ", "text"):
        job.output("stream", {"type": "chunk", "content": piece, "content_type": "text", "done": piece == "text"}, "chunk")
    job.output("foreign", {"type": "image", "uri": "http://192.0.2.1/pixel.png", "data": None, "asset_id": None}, "image")
    job.output("nothing", None, "none")
    job.end("completed", duration=0.1, result={})


def run_hostile(job, params):
    job.node("out", "error", error=HOSTILE, properties={"__proto__": {"x": 1}})
    job.output("out", HOSTILE)
    job.output("__proto__", {"__proto__": HOSTILE, "constructor": HOSTILE}, "dict")
    job.output("svg", {"type": "image", "uri": "javascript:window.hacked=1"}, "image")
    job.send("__proto__")
    job.send("constructor")
    job.end("failed", HOSTILE)


RUNS = {"example": run_example, "failing": run_failing, "long": run_long, "rich": run_rich, "hostile": run_hostile}


class FakeServer:
    def __init__(self):
        self.jobs, self.sockets, self.commands = {}, set(), []
        self.refuse, self.token, self.forget, self.empty = False, "", False, False
        self.server = serve(self.talk, "127.0.0.1", 0, process_request=self.request)
        self.url = "http://127.0.0.1:%d" % self.server.socket.getsockname()[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.cut()
        for job in self.jobs.values():
            job.cancelled.set()
        self.server.shutdown()

    def cut(self):
        for socket in list(self.sockets):
            socket.socket.shutdown(2)

    # ---- HTTP ----
    def request(self, connection, request):
        path, _, query = request.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        if path.startswith("/ws"):
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "") if self.refuse else None
        if path == "/" or path.startswith("/console/"):
            return self.file("index.html" if path == "/" else os.path.basename(path))
        if self.token and request.headers.get("Authorization") != "Bearer " + self.token:
            return self.answer(401, {"detail": "Unauthorized"})
        return self.rest(urllib.parse.unquote(path), query)

    def rest(self, path, query):
        if path == "/api/workflows/":
            return self.answer(200, {"workflows": [] if self.empty else [{**w, "graph": {}} for w in WORKFLOWS], "next": ""})
        if path.startswith("/api/jobs/") and path.endswith("/trace"):
            job = self.jobs.get(path.split("/")[3])
            return self.answer(200, job.trace()) if job else self.answer(404, {"detail": "Job not found"})
        if path == "/api/jobs/":
            jobs = [j.record() for j in reversed(list(self.jobs.values())) if j.workflow_id == query.get("workflow_id")]
            return self.answer(200, {"jobs": jobs, "next_start_key": ""})
        kind, ident = path.split("/")[2:4] if path.count("/") == 3 else ("", "")
        found = next((w for w in WORKFLOWS if w["id"] == ident), None) if kind == "workflows" else \
            self.jobs[ident].record() if kind == "jobs" and ident in self.jobs else None
        return self.answer(200, found) if found else self.answer(404, {"detail": "Not Found"})

    def answer(self, status, body, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(status, HTTPStatus(status).phrase, Headers([("Content-Type", kind), ("Connection", "close"),
                                                                    ("Content-Length", str(len(body)))]), body)

    def file(self, name):
        try:
            with open(os.path.join(CONSOLE, name), "rb") as f:
                return self.answer(200, f.read(), TYPES[os.path.splitext(name)[1]])
        except (OSError, KeyError):
            return self.answer(404, {"detail": "Not Found"})

    # ---- WebSocket ----
    def talk(self, socket):
        query = dict(urllib.parse.parse_qsl(socket.request.path.partition("?")[2]))
        if self.token and query.get("api_key") != self.token:
            socket.close(1008, "Missing authentication")
            return
        self.sockets.add(socket)
        try:
            if socket.request.path.startswith("/ws/updates"):
                stats = {"cpu_percent": 3.0, "memory_total_gb": 8.0, "memory_used_gb": 1.5}
                socket.send(json.dumps({"type": "system_stats", "stats": stats}))
            for frame in socket:
                message = json.loads(frame)
                if "command" in message:
                    self.commands.append(message)
                    self.command(socket, message["command"], message["data"])
        except ConnectionClosed:
            pass
        finally:
            self.sockets.discard(socket)

    def command(self, socket, name, data):
        job = self.jobs.get(data.get("job_id"))
        if name == "run_job":
            job = self.jobs[data["job_id"]] = Job(data["job_id"], data["workflow_id"])
            self.say(socket, {"message": "Job started", "workflow_id": job.workflow_id})
            job.send("job_update", status="running", error=None, message=None, result=None, duration=None, run_state={})
            threading.Thread(target=RUNS[job.workflow_id], args=(job, data["params"]), daemon=True).start()
            self.stream(socket, job, 0)
        elif name == "cancel_job":
            if job and job.status == "running":
                job.cancelled.set()
                self.say(socket, {"message": "Job cancellation requested", "job_id": job.id})
            else:
                self.say(socket, {"error": "Job not found or already completed", "job_id": data["job_id"]})
        elif name == "reconnect_job":
            self.say(socket, {"message": "Reconnecting", "job_id": data["job_id"], "workflow_id": data.get("workflow_id")})
            status = "unknown" if not job else "running" if job.status == "running" else "finished"
            self.say(socket, {"type": "job_resumed", "job_id": data["job_id"], "workflow_id": data.get("workflow_id"), "status": status,
                              "last_seq": data["last_seq"], "replay_count": 0, "replay_incomplete": self.forget})
            if job:
                # Either only the last message is left, or five come that the page has seen already.
                self.stream(socket, job, len(job.messages) - 1 if self.forget else max(data["last_seq"] - 5, 0))
        else:
            self.say(socket, {"message": "Message mode set"})

    def stream(self, socket, job, position):
        def work():
            at = position
            try:
                while True:
                    with job.changed:
                        job.changed.wait_for(lambda: len(job.messages) > at, 0.5)
                        fresh = job.messages[at:]
                    at += len(fresh)
                    for message in fresh:
                        self.say(socket, message)
                    if job.status != "running" and at == len(job.messages):
                        return
            except ConnectionClosed:
                pass
        threading.Thread(target=work, daemon=True).start()

    @staticmethod
    def say(socket, message):
        socket.send(json.dumps(message))
