"""POST /api/workflows/{id}/run (notes-workflows "Running over HTTP", section 7)."""
import http.client
import json
import time

from daemon import eventually
from handshake_tests import STATIC, TOKEN
from job_tests import store
from protocol_tests import equal
from suite import env


def call(d, method, path, body=None, raw=None, **headers):
    conn = http.client.HTTPConnection("127.0.0.1", d.port, timeout=20)
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    if data is not None:
        headers.setdefault("Content-Type", "application/json")
    conn.request(method, path, data, {k.replace("_", "-"): v for k, v in headers.items()})
    answer = conn.getresponse()
    text = answer.read()
    conn.close()
    return answer, text


def test_plain(d):
    store(d, "plain", ["say", ("say", {"text": "a", "name": "two"}), ("say", {"text": "b", "name": "two"})])
    a, text = call(d, "POST", "/api/workflows/plain/run", {"params": {}})
    equal((a.status, a.getheader("content-type"), json.loads(text)), (200, "application/json", {"out": "hello", "two": "b"}))
    row = d.rows("SELECT * FROM nodetool_jobs WHERE workflow_id = 'plain'")[0]
    equal((row["job_type"], row["graph"], row["params"], row["execution_strategy"], row["status"], row["version"], row["finished_at"]),
          ("", "{}", "{}", "threaded", "completed", 2, None))
    assert row["completed_at"]


def test_stream(d):
    store(d, "stream", ["say"])
    a, text = call(d, "POST", "/api/workflows/stream/run?stream=true", {})
    equal((a.status, a.getheader("content-type")), (200, "application/x-ndjson"))
    lines = [json.loads(x) for x in text.decode().splitlines()]
    equal([m["type"] for m in lines], ["job_update", "node_update", "output_update", "node_update", "job_update", "job_completed"])
    assert text.endswith(b"\n") and b'"type": "job_update"' in text
    equal(sorted(lines[1]), ["error", "node_id", "node_name", "node_type", "properties", "result", "status", "type", "workflow_id"])
    equal((lines[1]["workflow_id"], lines[0]["workflow_id"], lines[-1]["job_id"]), (None, "stream", lines[0]["job_id"]))


def test_failures(d):
    store(d, "fails", [("fail", {"error": "no luck"})])
    a, text = call(d, "POST", "/api/workflows/fails/run", {})
    equal((a.status, json.loads(text)), (500, {"detail": "no luck"}))
    a, text = call(d, "POST", "/api/workflows/fails/run?stream=1", {})
    lines = [json.loads(x) for x in text.splitlines()]
    equal([(m["type"], m.get("status")) for m in lines][-4:],
          [("job_update", "error"), ("error", None), ("job_update", "failed"), ("job_completed", None)])
    equal((lines[-2]["error"], lines[-2]["workflow_id"], lines[-3]["message"]), ("no luck", None, "no luck"))
    row = d.rows("SELECT * FROM nodetool_jobs WHERE workflow_id = 'fails'")[0]
    equal((row["status"], row["error"], row["error_message"], row["finished_at"]), ("failed", None, "no luck", None))


def test_runs_that_never_begin_leave_no_row(d):
    store(d, "early", [("early", {"error": "bad"})])
    store(d, "theirs", ["say"], user="2")
    for workflow, error in (("early", "bad"), ("none", "Workflow none not found"), ("theirs", "Workflow theirs not found")):
        a, text = call(d, "POST", "/api/workflows/%s/run?stream=true" % workflow, {})
        lines = [json.loads(x) for x in text.splitlines()]
        equal([m["type"] for m in lines], ["error", "job_update", "job_completed"])
        equal((lines[0]["message"], lines[1]["error"], lines[1]["status"]), (error, error, "failed"))
        equal(list(lines[1]), ["type", "status", "job_id", "workflow_id", "message", "result", "error", "traceback", "run_state",
                               "duration"])
        assert eventually(lambda w=workflow: not d.rows("SELECT id FROM nodetool_jobs WHERE workflow_id = ?", w))
    equal(call(d, "POST", "/api/workflows/none/run", {})[0].status, 404)
    equal(call(d, "POST", "/api/workflows/early/run", {})[0].status, 500)


def test_bad_requests(d):
    path = "/api/workflows/w/run"
    for raw, loc in ((b"", ["body"]), (b"[]", ["body"]), (b"{", ["body", 1]), (b'{"params": []}', ["body", "params"]),
                     (b'{"params": null}', ["body", "params"]), (b"null", ["body"])):
        a, text = call(d, "POST", path, raw=raw)
        equal((raw, a.status, json.loads(text)["detail"][0]["loc"]), (raw, 422, loc))
    equal(call(d, "POST", path + "?stream=maybe", {})[0].status, 422)
    equal(call(d, "POST", path, raw=b"\xff\xfe")[0].status, 400)
    a, _ = call(d, "GET", path)
    equal((a.status, a.getheader("allow")), (405, "POST"))
    equal(call(d, "HEAD", path)[0].status, 405)
    a, _ = call(d, "POST", path + "/", {})
    equal((a.status, a.getheader("location")), (307, "http://127.0.0.1:%d%s" % (d.port, path)))
    equal(call(d, "GET", "/")[0].status, 404)
    equal(call(d, "GET", "/ws")[0].status, 404)
    equal(call(d, "POST", "/api/workflows/a%2Fb/run", {})[0].status, 404)
    equal(call(d, "POST", "/api/workflows/" + "x" * 5000 + "/run", {})[0].status in (404, 414), True)
    equal(call(d, "POST", path, raw=b"{" + b" " * (1 << 20))[0].status, 422)


def test_too_long_a_body(d):
    conn = http.client.HTTPConnection("127.0.0.1", d.port, timeout=20)
    conn.putrequest("POST", "/api/workflows/w/run")
    conn.putheader("Content-Type", "application/json")
    conn.putheader("Content-Length", str(1 << 40))
    conn.endheaders()
    equal(conn.getresponse().status, 413)
    conn.close()


def test_cors(d):
    store(d, "cors", ["say"])
    a, _ = call(d, "OPTIONS", "/api/workflows/cors/run", Origin="http://x.example", Access_Control_Request_Method="POST",
                Access_Control_Request_Headers="x-y")
    equal((a.status, a.getheader("access-control-allow-origin"), a.getheader("access-control-allow-headers")),
          (200, "http://x.example", "x-y"))
    for query in ("", "?stream=true"):
        a, _ = call(d, "POST", "/api/workflows/cors/run" + query, {}, Origin="http://x.example")
        equal((a.status, a.getheader("access-control-allow-origin")), (200, "*"))


@env(**STATIC)
def test_tokens(d):
    store(d, "w", ["say"])
    equal(call(d, "POST", "/api/workflows/w/run", {})[0].status, 401)
    equal(call(d, "POST", "/api/workflows/w/run?api_key=" + TOKEN, {})[0].status, 401)
    equal(call(d, "POST", "/api/workflows/w/run", {}, Authorization="Bearer x")[0].status, 401)
    equal(call(d, "POST", "/api/workflows/w/run", {}, Authorization="Bearer " + TOKEN)[0].status, 200)
    equal(call(d, "POST", "/api/nope", {})[0].status, 401)
    equal(d.rows("SELECT count(*) AS n FROM nodetool_jobs")[0]["n"], 1)


def test_the_run_goes_on_without_its_client(d):
    store(d, "long", [("sleep", {"ms": 500}), "say"])
    conn = http.client.HTTPConnection("127.0.0.1", d.port)
    conn.request("POST", "/api/workflows/long/run", b"{}", {"Content-Type": "application/json"})
    time.sleep(0.2)
    conn.close()
    assert eventually(lambda: [r for r in d.rows("SELECT status FROM nodetool_jobs WHERE workflow_id = 'long'")
                               if r["status"] == "completed"])


def test_a_big_stream(d):
    store(d, "big", [("flood", {"count": 2000, "size": 10000})])
    a, text = call(d, "POST", "/api/workflows/big/run?stream=true", {})
    equal((a.status, text.count(b'"output_update"')), (200, 2000))
    assert text.rstrip().endswith(b"}")


def figures(d, **headers):
    a, text = call(d, "GET", "/metrics", None, **headers)
    equal(a.status, 200)
    assert a.getheader("content-type").startswith("text/plain; version=0.0.4"), a.getheader("content-type")
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.decode().splitlines() if line[0] != "#"}


@env()
def test_metrics(d):
    c = d.client()
    c.run(["say"])
    c.until(type="job_update", status="completed")
    c.run([("fail", {})])
    c.until(type="job_update", status="failed")
    seen = figures(d)
    equal([seen["nodetool_" + n] for n in ("runs_started_total", "sockets", "runs_active", "queue_length")], [2, 1, 0, 0])
    equal([seen['nodetool_runs_ended_total{status="%s"}' % s] for s in ("completed", "failed", "cancelled")], [1, 1, 0])
    equal((seen['nodetool_run_seconds_bucket{le="+Inf"}'], seen["nodetool_run_seconds_count"]), (2, 2))
    assert seen["nodetool_runners"] >= 1 and seen["nodetool_run_wait_seconds_count"] == 2
    equal(seen["nodetool_runners"], seen["nodetool_runners_busy"] + seen["nodetool_runners_idle"])
    for name in ("bytes", "wal_bytes", "cache_bytes", "cache_hits_total"):
        assert seen["nodetool_db_" + name] > 0, name
    equal(seen["nodetool_db_busy_total"] >= 0, True)


@env(**STATIC)
def test_metrics_need_a_token_where_there_is_one(d):
    equal(call(d, "GET", "/metrics", None)[0].status, 401)
    figures(d, Authorization="Bearer " + TOKEN)


@env(NODETOOL_QUEUE_MAX="1", NODETOOL_RUNNERS_MAX="1")
def test_too_many_runs_are_turned_away(d):
    store(d, "w", ["say"])
    c = d.client()
    job = c.run([("sleep", {"ms": 20000})])
    a, text = call(d, "POST", "/api/workflows/w/run", {})
    equal((a.status, a.getheader("retry-after")), (429, "5"))
    equal(call(d, "POST", "/api/workflows/w/run?stream=true", {})[0].status, 429)
    c.command("run_job", graph={"nodes": [], "edges": []})
    assert "Too many runs" in c.until(type="job_update", status="failed")[-1]["error"]
    c.command("cancel_job", job_id=job)
    c.until(type="job_update", status="cancelled")
    equal(call(d, "POST", "/api/workflows/w/run", {})[0].status, 200)
    equal(figures(d)["nodetool_runs_refused_total"], 2)
