"""GET /api/jobs/{id}/trace: what the nodes of a run did with their time."""
import json
import os
import signal

from daemon import Daemon, eventually
from handshake_tests import STATIC, TOKEN
from http_tests import call, figures
from protocol_tests import equal
from suite import env, real


def graph(*nodes, edges=()):
    return {"nodes": [{"id": i, "type": t, "data": data} for i, t, data in nodes],
            "edges": [{"id": "e%d" % n, "source": s, "sourceHandle": "output", "target": t, "targetHandle": h}
                      for n, (s, t, h) in enumerate(edges)]}


CONCAT = graph(("a", "nodetool.text.Concat", {"a": "one", "b": "two"}), ("b", "nodetool.text.Concat", {"b": "3"}),
               ("o", "nodetool.output.Output", {"name": "out"}), edges=[("a", "b", "a"), ("b", "o", "value")])
WAITS = graph(("a", "nodetool.text.Concat", {"a": "x"}), ("w", "nodetool.triggers.IntervalTrigger", {"interval_seconds": 3600}))


def trace(d, job, status=200, **headers):
    a, text = call(d, "GET", "/api/jobs/%s/trace" % job, **headers)
    equal((a.status, a.getheader("content-type")), (status, "application/json"))
    return json.loads(text)


def start(c, g, **data):
    c.command("run_job", graph=g, **data)
    return c.until(type="job_update", status="running")[-1]["job_id"]


@real()
def test_trace_of_a_run(d):
    c = d.client()
    job = start(c, CONCAT)
    c.until(type="job_update", status="completed", timeout=30)
    t = trace(d, job)
    equal(sorted(t), ["began_at", "duration_ms", "ended_at", "incomplete", "job_id", "nodes", "requested_at", "status", "workflow_id"])
    equal((t["job_id"], t["status"], t["incomplete"]), (job, "completed", False))
    nodes = {n["node_id"]: n for n in t["nodes"]}
    equal(sorted(nodes), ["a", "b", "o"])
    b = nodes["b"]
    equal(sorted(b), ["busy_ms", "bytes_in", "bytes_out", "cached", "calls", "end_ms", "items_in", "items_out", "node_id", "node_type",
                      "start_ms", "status", "waits"])
    equal((b["node_type"], b["status"], b["cached"], b["calls"], b["items_in"], b["items_out"], b["bytes_in"], b["bytes_out"]),
          ("nodetool.text.Concat", "completed", False, 1, 1, 1, 6, 7))
    equal(sorted(b["waits"]), ["input_ms", "output_ms", "outside_ms"])
    for n in t["nodes"]:
        assert 0 <= n["start_ms"] <= n["end_ms"] <= t["duration_ms"], n
    assert nodes["a"]["end_ms"] <= nodes["b"]["end_ms"] <= nodes["o"]["end_ms"]
    assert t["requested_at"] <= t["began_at"] <= t["ended_at"]


@real()
def test_trace_of_a_failure_and_of_a_cached_node(d):
    c = d.client()
    g = graph(("x", "nodetool.text.Concat", {"a": "kept"}))
    for cached in (False, True):
        job = start(c, g, use_cache=True)
        c.until(type="job_update", status="completed", timeout=30)
        equal([(n["status"], n["cached"]) for n in trace(d, job)["nodes"]], [("completed", cached)])
    job = start(c, graph(("f", "lib.json.ParseDict", {"json_string": "{"})))
    c.until(type="job_update", status="failed", timeout=30)
    equal([(n["node_id"], n["status"]) for n in trace(d, job)["nodes"]], [("f", "failed")])


@real()
def test_trace_of_a_run_that_goes_on(d):
    c = d.client()
    job = start(c, WAITS)
    assert eventually(lambda: len(trace(d, job)["nodes"]) == 2, 30)
    nodes = {n["node_id"]: n for n in trace(d, job)["nodes"]}
    equal([(nodes[i]["status"], nodes[i]["end_ms"] is None) for i in "aw"], [("completed", False), ("running", True)])
    equal((trace(d, job)["status"], trace(d, job)["ended_at"], nodes["w"]["waits"]["input_ms"]), ("running", None, None))
    c.command("cancel_job", job_id=job)
    c.until(type="job_update", status="cancelled", timeout=30)
    nodes = {n["node_id"]: n for n in trace(d, job)["nodes"]}
    equal((nodes["w"]["status"], nodes["w"]["end_ms"] is None), ("stopped", False))


@real()
def test_traces_of_no_run(d):
    for job in ("none", "..", "x" * 500, "a%2Fb"):
        equal(call(d, "GET", "/api/jobs/%s/trace" % job)[0].status, 404)
    a, _ = call(d, "POST", "/api/jobs/none/trace", {})
    equal((a.status, a.getheader("allow")), (405, "GET"))
    d.execute("INSERT INTO nodetool_jobs (id, user_id, job_type, status, workflow_id, started_at, graph, params) "
              "VALUES ('theirs', '2', '', 'completed', '', '2026-01-01T00:00:00', '{}', '{}'), "
              "('old', '1', '', 'completed', '', '2026-01-01T00:00:00', '{}', '{}')")
    equal(call(d, "GET", "/api/jobs/theirs/trace")[0].status, 404)
    t = trace(d, "old")
    equal((t["incomplete"], t["nodes"], t["began_at"], t["duration_ms"]), (True, [], None, None))


@env(**STATIC)
def test_traces_need_a_token_where_there_is_one(d):
    equal(call(d, "GET", "/api/jobs/none/trace")[0].status, 401)
    equal(call(d, "GET", "/api/jobs/none/trace", Authorization="Bearer " + TOKEN)[0].status, 404)


def test_a_trace_outlives_the_daemon(fake):
    d = Daemon("wsd/wsd")
    try:
        job = start(d.client(), WAITS)
        assert eventually(lambda: len(trace(d, job)["nodes"]) == 2, 30)
        os.killpg(d.process.pid, signal.SIGKILL)
        d.process.wait()
        d.log.close()
        d.start()
        assert eventually(lambda: len(trace(d, job)["nodes"]) == 3, 30)
        nodes = trace(d, job)["nodes"]
        equal([(n["node_id"], n["status"]) for n in nodes], [("a", "completed"), ("w", "stopped"), ("w", "running")])
    finally:
        d.stop()


@real()
def test_figures_of_nodes(d):
    c = d.client()
    label = 'nodetool_nodes_ended_total{type="nodetool.text.Concat",status="completed"}'
    before = figures(d)
    start(c, CONCAT)
    c.until(type="job_update", status="completed", timeout=30)
    start(c, graph(("f", "lib.json.ParseDict", {"json_string": "{"})))
    c.until(type="job_update", status="failed", timeout=30)
    seen = figures(d)
    equal(seen[label] - before.get(label, 0), 2)
    assert seen['nodetool_nodes_ended_total{type="lib.json.ParseDict",status="failed"}'] >= 1
    assert seen['nodetool_node_busy_seconds_total{type="nodetool.text.Concat"}'] > 0
    equal(seen["nodetool_node_seconds_count"] - before["nodetool_node_seconds_count"], 4)
    equal(seen['nodetool_node_seconds_bucket{le="+Inf"}'], seen["nodetool_node_seconds_count"])


def test_lines_of_the_log_name_job_and_node(fake):
    d = Daemon("wsd/wsd", NODETOOL_LOG="json", LOG_LEVEL="INFO")
    try:
        c = d.client()
        c.command("run_job", graph=WAITS)
        job = c.until(type="job_update", status="running")[-1]["job_id"]
        assert eventually(lambda: len(trace(d, job)["nodes"]) == 2, 30)
        for pid in d.runners():
            os.kill(pid, signal.SIGKILL)
        c.until(type="job_update", status="failed", timeout=30)
        lines = [json.loads(line) for line in d.log_text().splitlines() if line.startswith("{")]
        assert any(line.get("job") == job and "Killed" in line["message"] and line["level"] == "WARN" for line in lines), lines
        assert all({"time", "level", "program", "pid", "message"} <= set(line) for line in lines), lines
    finally:
        d.stop()
