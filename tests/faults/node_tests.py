"""Real nodes in runs that outlive their daemon: what completed does not run again, what must not run twice does not."""
import http.server
import threading

from daemon import Daemon
from protocol_tests import equal
from suite import env


class Service:
    """Counts requests by method and path; those to /hang get no answer until they are let go."""

    def __init__(self):
        service = self
        self.counts = {}
        self.free = threading.Event()
        self.arrived = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                key = self.command + " " + self.path
                service.counts[key] = service.counts.get(key, 0) + 1
                if self.path == "/hang":
                    service.arrived.set()
                    service.free.wait(20)
                try:
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"answer")
                except OSError:
                    pass

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.free.set()
        self.server.shutdown()


def node(ident, kind, **data):
    return {"id": ident, "type": kind, "data": data}


def edge(source, target, handle, slot="output"):
    return {"id": source + target, "source": source, "sourceHandle": slot, "target": target, "targetHandle": handle}


def run_graph(d, nodes, edges):
    c = d.client()
    c.command("run_job", graph={"nodes": nodes, "edges": edges}, workflow_id="w")
    return c


def after_restart(d, job, last):
    d.kill()
    d.start()
    c = d.client()
    c.command("reconnect_job", job_id=job, last_seq=last)
    seen = []
    while not (seen and seen[-1].get("type") == "job_update" and seen[-1]["status"] in ("completed", "failed")):
        seen.append(c.recv(20))
    return seen


def with_daemon(test):
    @env()
    def run(fake):
        service = Service()
        d = Daemon("wsd/wsd")
        try:
            test(d, service)
        finally:
            service.close()
            for c in d.clients:
                c.close()
            d.clients = []
            d.stop()
    run.__name__ = test.__name__
    return run


@with_daemon
def test_completed_nodes_do_not_run_again(d, service):
    c = run_graph(d, [node("p", "lib.http.PostRequest", url=service.url + "/post", data="x"),
                      node("t", "nodetool.text.Concat", b="!"),
                      node("o", "nodetool.output.Output", name="posted"),
                      node("g", "lib.http.GetRequest", url=service.url + "/hang"),
                      node("q", "nodetool.output.Output", name="got")],
                  [edge("p", "t", "a"), edge("t", "o", "value"), edge("g", "q", "value")])
    seen = c.until(type="node_update", node_id="o", status="completed", timeout=20)
    assert service.arrived.wait(10)
    job = seen[-1]["job_id"]
    last = max(m["job_seq"] for m in seen if m.get("job_seq"))
    service.free.set()
    rest = after_restart(d, job, last)
    equal(rest[1]["type"], "job_resumed")
    equal(service.counts["POST /post"], 1)
    equal(rest[-1]["status"], "completed")
    equal(rest[-1]["result"], {"posted": ["answer!"], "got": ["answer"]})
    equal([m["job_seq"] for m in rest if "job_seq" in m], list(range(last + 1, rest[-1]["job_seq"] + 1)))
    equal([m["value"] for m in seen + rest if m.get("type") == "output_update"], ["answer!", "answer"])
    equal({m["node_id"] for m in rest if m.get("type") == "node_update"}, {"g", "q"})
    equal(d.job(job)["status"], "completed")


@with_daemon
def test_a_node_that_must_not_run_twice_fails_the_run(d, service):
    c = run_graph(d, [node("p", "lib.http.PostRequest", url=service.url + "/hang", data="x"),
                      node("o", "nodetool.output.Output", name="posted")], [edge("p", "o", "value")])
    seen = c.until(type="node_update", node_id="p", status="running", timeout=20)
    assert service.arrived.wait(10)
    rest = after_restart(d, seen[-1]["job_id"], 1)
    equal(rest[-1]["status"], "failed")
    assert "node p" in rest[-1]["error"] and "must not run twice" in rest[-1]["error"], rest[-1]
    equal(service.counts, {"POST /hang": 1})
    equal(d.job(seen[-1]["job_id"])["status"], "failed")
