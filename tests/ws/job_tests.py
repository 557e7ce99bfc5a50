"""Runs: start, watch, reconnect, cancel, inputs, the pool (notes-ws sections 3 to 7, notes-clients sections 3 and 8)."""
import json
import os
import time
import uuid

from daemon import eventually, graph
from protocol_tests import equal
from suite import env

KEYS = ["duration", "error", "job_id", "job_seq", "message", "result", "run_state", "status", "traceback", "type", "workflow_id"]


def statuses(messages):
    return [m["status"] for m in messages if m.get("type") == "job_update"]


def start(c, *steps, **data):
    c.command("run_job", graph=graph(*steps), **data)
    return c.until(type="job_update")[-1]["job_id"]


def test_a_run(d):
    c = d.client()
    c.command("run_job", graph=graph("say"), workflow_id="wf")
    seen = c.until(type="job_update", status="completed")
    equal(seen[0], {"message": "Job started", "workflow_id": "wf"})
    equal(sorted(seen[1]), KEYS)
    assert seen[1]["run_state"] and seen[2]["run_state"] is None
    job = seen[1]["job_id"]
    for i, m in enumerate(seen[1:]):
        equal((m["job_id"], m["workflow_id"], m["job_seq"]), (job, "wf", i + 1))
    end = seen[-1]
    equal((end["message"], end["result"], end["error"]), ("Workflow %s completed" % job, {"out": ["hello"]}, None))
    assert isinstance(end["duration"], float)
    row = d.job(job)
    equal((row["status"], row["user_id"], row["workflow_id"], row["job_type"], row["execution_strategy"]),
          ("completed", "1", "wf", "workflow", None))
    assert row["finished_at"] and row["completed_at"] and not row["error"]
    equal(json.loads(row["graph"])["nodes"][0]["type"], "fake.say")
    equal(c.silent(0.2), [])


def test_the_end_is_stored_before_it_is_told(d):
    c = d.client()
    for _ in range(50):
        job = start(c, "say")
        c.until(type="job_update", status="completed")
        equal(d.job(job)["status"], "completed")


def test_the_clients_job_id(d):
    c = d.client()
    for wish in (str(uuid.uuid4()), uuid.uuid4().hex):
        equal(start(c, "say", job_id=wish), wish)
        c.until(type="job_update", status="completed")
        again = start(c, "say", job_id=wish)
        assert again != wish, "an id was used twice"
        c.until(type="job_update", status="completed")
    for wish in ("given-id", "", None, "x" * 32, "../" * 12, "0" * 31, "0" * 33):
        assert start(c, "say", job_id=wish) != wish
        c.until(type="job_update", status="completed")


@env()
def test_the_clients_job_id_after_a_restart(d):
    wish = str(uuid.uuid4())
    c = d.client()
    equal(start(c, "say", job_id=wish), wish)
    c.until(type="job_update", status="completed")
    d.term()
    d.start()
    c = d.client()
    c.command("run_job", graph=graph("say"), job_id=wish, workflow_id="w")
    end = c.until(type="job_update", status="completed")[-1]
    assert end["job_id"] != wish
    equal(len(d.rows("SELECT id FROM nodetool_jobs")), 2)


def test_bad_requests(d):
    c = d.client()
    bad = [{"graph": {"nodes": 5}}, {"graph": {}}, {"graph": "x"}, {"graph": {"nodes": []}}, {"graph": {"edges": []}},
           {"execution_strategy": "foo"}, {"workflow_id": 5}, {"workflow_id": None}, {"job_id": 5}, {"env": []}, {"explicit_types": "x"},
           {"graph": {"nodes": [{}], "edges": []}}, {"graph": {"nodes": [{"id": 5}], "edges": []}},
           {"graph": {"nodes": [None], "edges": []}}, {"graph": {"nodes": [], "edges": [{"source": "a"}]}}, {"job_type": 1},
           {"resource_limits": "x"}, {"workflow_id": "w" * 1000}]
    for data in bad:
        m = c.ask("run_job", **data)
        equal((data, m["error"]), (data, "invalid_command"))
    equal(c.silent(0.1), [])


def test_params_that_are_no_object(d):
    c = d.client()
    for params in ([], "x", 5, True):
        c.command("run_job", graph=graph("say"), params=params, workflow_id="wf-p")
        seen = c.until(type="job_update")
        equal(seen[0]["message"], "Job started")
        equal((seen[1]["status"], seen[1]["job_id"], seen[1]["run_state"]), ("failed", "wf-p", None))


def test_unknown_workflows(d):
    c = d.client()
    for workflow in ("no-such", ""):
        c.command("run_job", workflow_id=workflow)
        seen = c.until(type="job_update", status="failed")
        equal(statuses(seen), ["running", "failed"])
        assert "not found" in seen[-1]["error"], seen[-1]
        row = d.job(seen[-1]["job_id"])
        equal((row["status"], bool(row["finished_at"]), bool(row["error_message"])), ("failed", True, True))


def store(d, workflow, steps, user="1", access="private"):
    d.execute("INSERT INTO nodetool_workflows (id, user_id, access, name, graph, created_at, updated_at)"
              " VALUES (?, ?, ?, 'x', ?, '2026-01-01T00:00:00', '2026-01-01T00:00:00')",
              workflow, user, access, json.dumps(graph(*steps)))


def test_stored_workflows(d):
    store(d, "own", ["say"])
    store(d, "foreign", ["say"], user="2")
    store(d, "public", ["say"], user="2", access="public")
    c = d.client()
    for workflow, status in (("own", "completed"), ("public", "completed"), ("foreign", "failed")):
        c.command("run_job", workflow_id=workflow)
        while True:
            m = c.until(type="job_update")[-1]
            if m["status"] != "running":
                break
        equal((workflow, m["status"]), (workflow, status))
    c.command("run_job", workflow_id="foreign", graph=graph(("say", {"text": "mine"})))
    equal(c.until(type="job_update", status="completed")[-1]["result"], {"out": ["mine"]})


def test_failures(d):
    c = d.client()
    c.command("run_job", graph=graph("say", ("fail", {"error": "no luck"}), "say"), workflow_id="w")
    seen = c.until(type="job_update", status="failed")
    equal(statuses(seen), ["running", "running", "error", "failed"])
    equal((seen[-2]["error"], seen[-1]["error"]), ("no luck", "ValueError: no luck"))
    row = d.job(seen[-1]["job_id"])
    equal((row["status"], row["error_message"], row["error"]), ("failed", "no luck", "no luck"))
    assert row["failed_at"] and row["finished_at"]
    c.command("run_job", graph=graph(("early", {"error": "bad type"})), workflow_id="w")
    seen = c.until(type="job_update", status="failed")
    equal(statuses(seen), ["running", "failed"])
    equal(seen[-1]["error"], "ValueError: bad type")


def test_suspended(d):
    c = d.client()
    c.command("run_job", graph=graph(("suspend", {"reason": "Waiting"})), workflow_id="w")
    end = c.until(type="job_update", status="suspended")[-1]
    equal((end["message"], end["error"], end["result"]), ("Workflow suspended at node n0: Waiting", None, None))
    row = d.job(end["job_id"])
    equal((row["status"], row["suspended_node_id"], row["suspension_reason"], row["finished_at"]), ("suspended", "n0", "Waiting", None))


@env()
def test_suspended_runs_go_on(d):
    c = d.client()
    for restart in (False, True):
        job = start(c, "say", "suspend", ("say", {"text": "behind"}), workflow_id="w")
        last = c.until(type="job_update", status="suspended")[-1]["job_seq"]
        equal(json.loads(d.job(job)["suspension_metadata_json"]), {"completed": ["n0"]})
        if restart:
            d.term()
            d.start()
            c = d.client()
        equal(c.ask("resume_job", job_id=job)["message"], "Resumption initiated for job " + job)
        seen = c.until(type="job_update", status="completed")
        equal({m["job_id"] for m in seen}, {job})
        equal([m["value"] for m in seen if m["type"] == "output_update"], ["remembered", "behind"])
        equal([m["job_seq"] for m in seen], list(range(last + 1, last + len(seen) + 1)))
        row = d.job(job)
        equal((row["status"], row["suspended_node_id"]), ("completed", None))
        c.ask("resume_job", job_id=job)
        equal(c.until(type="job_update")[-1]["status"], "failed")
        equal(d.job(job)["status"], "completed")


def test_terminal_results(d):
    c = d.client()
    c.command("run_job", graph=graph("say"), require_terminal_result=True, workflow_id="w")
    end = c.until(type="job_update", status="completed")[-1]
    equal(end["result"], {"out": ["hello"], "outputs": {"out": ["hello"]}})
    for _ in range(3):  # C# asks every two seconds
        c.ask("reconnect_job", job_id=end["job_id"], workflow_id="w")
        m = c.until(type="job_update")[-1]
        equal((m["status"], m["result"]), ("completed", end["result"]))


@env()
def test_terminal_results_after_a_restart(d):
    c = d.client()
    c.command("run_job", graph=graph("say"), require_terminal_result=True, workflow_id="w")
    job = c.until(type="job_update", status="completed")[-1]["job_id"]
    plain = start(c, "say")
    c.until(type="job_update", status="completed")
    failed = start(c, ("fail", {"error": "no luck"}))
    c.until(type="job_update", status="failed")
    d.term()
    d.start()
    c = d.client()
    for _ in range(2):
        c.ask("reconnect_job", job_id=job)
        m = c.until(type="job_update")[-1]
        equal((m["status"], m["workflow_id"], m["result"]["outputs"]), ("completed", "w", {"out": ["hello"]}))
        c.ask("reconnect_job", job_id=plain, workflow_id="shown")
        m = c.until(type="job_update")[-1]
        equal((m["status"], m["workflow_id"], m["error"]), ("completed", "shown", None))
        c.ask("reconnect_job", job_id=failed)
        m = c.until(type="job_update")[-1]
        equal((m["status"], m["error"]), ("failed", "no luck"))


def test_cancel(d):
    for step in ("wait", "hang"):
        c = d.client()
        job = start(c, step, workflow_id="w")
        c.until(type="node_update", status="running")
        equal(c.ask("get_status", job_id=job), {"status": "running", "job_id": job, "workflow_id": "w"})
        began = time.time()
        c.command("cancel_job", job_id=job)
        seen = c.until(type="job_update", status="cancelled")
        assert time.time() - began < 5
        assert {"message": "Job cancellation requested", "job_id": job, "workflow_id": ""} in seen
        equal((seen[-1]["message"], seen[-1]["error"], seen[-1]["run_state"]), (None, None, None))
        row = d.job(job)
        equal((row["status"], bool(row["finished_at"]), row["error"]), ("cancelled", True, None))
        equal(c.ask("cancel_job", job_id=job, workflow_id="w"),
              {"error": "Job not found or already completed", "job_id": job, "workflow_id": "w"})
        equal(c.ask("get_status", job_id=job), {"status": "not_found", "job_id": job})


def test_cancel_right_after_the_start(d):
    c = d.client()
    for _ in range(30):
        job = str(uuid.uuid4())
        c.command("run_job", graph=graph("wait"), job_id=job, workflow_id="w")
        c.command("cancel_job", job_id=job)
        m = c.until(type="job_update", status="cancelled")[-1]
        equal(m["job_id"], job)
        equal(d.job(job)["status"], "cancelled")


def test_cancel_from_another_socket(d):
    c, e = d.client(), d.client(binary=True)
    job = start(c, "wait")
    equal(e.ask("cancel_job", job_id=job)["message"], "Job cancellation requested")
    c.until(type="job_update", status="cancelled")
    equal([m for m in e.silent(0.2)], [])


def test_stop_only_ends_the_stream(d):
    c = d.client()
    job = start(c, "wait")
    c.command("stop", job_id=job)
    m = c.until(type="generation_stopped")[-1]
    equal((m["job_id"], m["thread_id"]), (job, None))
    equal(c.recv(), {"message": "Stop command processed", "job_id": job, "thread_id": None})
    equal(c.ask("get_status", job_id=job), {"status": "not_found", "job_id": job})
    equal(d.job(job)["finished_at"], None)
    equal(c.ask("cancel_job", job_id=job)["message"], "Job cancellation requested")
    equal(c.silent(0.3), [])
    assert eventually(lambda: d.job(job)["status"] == "cancelled")


def test_inputs(d):
    c = d.client()
    job = start(c, "wait", workflow_id="w")
    chunk = {"type": "chunk", "content": "a"}
    c.command("stream_input", job_id=job, input="mic", handle="chunk", value=chunk)
    m = c.until(type="output_update")[-1]
    equal(m["value"], {"type": "chunk", "node_id": None, "thread_id": None, "workflow_id": None, "content_type": "text",
                       "content": "a", "content_metadata": {}, "done": False, "thinking": False})
    for v in ("text", 5, 1.5, [1, 2], None, {"x": {"y": None}}, 2 ** 63, -2 ** 63, True):
        c.command("stream_input", job_id=job, input="mic", value=v)
        equal(c.until(type="output_update")[-1]["value"], v)
    for data in ({}, {"input": ""}, {"input": " \t"}, {"input": 5}, {"input": None}):
        equal(c.ask("stream_input", job_id=job, value=1, **data), {"error": "Invalid input name"})
        equal(c.ask("end_input_stream", job_id=job, **data), {"error": "Invalid input name"})
    equal(c.ask("stream_input", job_id=job, input="x", value={"type": "chunk", "content": 5})["error"], "invalid_command")
    equal(d.client().ask("stream_input", job_id=job, input="x", value=1), {"error": "No active job/context"})
    c.command("end_input_stream", job_id=job, input="mic")
    seen = c.until(type="job_update", status="completed")
    assert {"message": "Input stream ended", "job_id": job, "workflow_id": None} in seen
    equal(c.ask("stream_input", job_id=job, input="x", value=1), {"error": "No active job/context"})


def test_inputs_before_the_runner_is_there(d):
    c = d.client()
    for i in range(20):
        job = str(uuid.uuid4())
        c.command("run_job", graph=graph("wait"), job_id=job, workflow_id="w")
        for k in range(3):
            c.command("stream_input", job_id=job, input="x", value=[i, k])
        c.command("end_input_stream", job_id=job, input="x")
        equal(c.until(type="job_update", status="completed")[-1]["result"], {"out": [[i, 0], [i, 1], [i, 2]]})


def test_two_watchers_get_everything(d):
    c, e = d.client(), d.client(binary=True)
    job = start(c, "wait", workflow_id="w")
    c.until(type="node_update")
    e.command("reconnect_job", job_id=job)
    e.until(type="node_update")
    e.until(type="job_update")
    for i in range(20):
        c.command("stream_input", job_id=job, input="x", value=i)
    c.command("end_input_stream", job_id=job, input="x")
    for who in (c, e):
        seen = who.until(type="job_update", status="completed")
        equal([m["value"] for m in seen if m.get("type") == "output_update"], list(range(20)))


def test_reconnect_gets_what_nobody_read(d):
    c = d.client()
    job = start(c, "wait", workflow_id="w")
    c.until(type="node_update")
    c.command("stream_input", job_id=job, input="x", value="read")
    c.until(type="output_update")
    c.close()
    time.sleep(0.2)
    e, f = d.client(), d.client()
    e.command("reconnect_job", job_id=job)
    seen = e.until(type="node_update") + e.until(type="job_update")
    equal([m.get("type", "answer") for m in seen], ["answer", "job_update", "node_update", "job_update"])
    e.command("stop", job_id=job)
    e.until(message="Stop command processed")
    f.command("reconnect_job", job_id=job, workflow_id="other")
    seen = f.until(type="node_update") + f.until(type="job_update")
    equal({m["workflow_id"] for m in seen}, {"other"})
    f.command("stream_input", job_id=job, input="x", value="v")
    equal(f.until(type="output_update")[-1]["workflow_id"], "other")
    f.command("cancel_job", job_id=job)
    f.until(type="job_update", status="cancelled")


def test_a_run_that_ended_unseen_tells_its_result(d):
    c = d.client()
    job = start(c, ("sleep", {"ms": 300}), ("say", {"text": "late"}), workflow_id="w")
    c.close()
    assert eventually(lambda: d.job(job)["status"] == "completed")
    e = d.client()
    e.ask("reconnect_job", job_id=job)
    seen = e.until(type="job_update", status="completed")
    equal(seen[-1]["result"], {"out": ["late"]})
    equal([m["value"] for m in seen if m.get("type") == "output_update"], ["late"])
    e.ask("reconnect_job", job_id=job)
    m = e.until(type="job_update")[-1]
    equal((m["status"], m["result"], m["message"], m["duration"]), ("completed", None, None, None))


def test_reconnect_with_last_seq(d):
    c = d.client()
    job = start(c, ("flood", {"count": 50, "size": 10}), "wait", workflow_id="w")
    seen = c.until(type="node_update", node_id="n1", status="running")
    last = seen[-1]["job_seq"]
    for at in (0, 1, 30, last - 1, last, last + 5):
        e = d.client(binary=at % 2 == 0)
        e.command("reconnect_job", job_id=job, last_seq=at)
        m = e.until(type="job_resumed")[-1]
        rest = max(0, last - at)
        equal((m["status"], m["last_seq"], m["replay_count"], m["replay_incomplete"]), ("running", at, rest, False))
        equal([e.recv()["job_seq"] for _ in range(rest)], list(range(at + 1, last + 1)))
        equal(e.silent(0.05), [])
        e.close()
    c.command("end_input_stream", job_id=job, input="x")
    end = c.until(type="job_update", status="completed")[-1]["job_seq"]
    e = d.client()
    e.command("reconnect_job", job_id=job, last_seq=last)
    equal(e.until(type="job_resumed")[-1]["status"], "finished")
    equal([e.recv()["job_seq"] for _ in range(end - last)], list(range(last + 1, end + 1)))
    e.command("reconnect_job", job_id="none", last_seq=3)
    equal(e.until(type="job_resumed")[-1]["status"], "unknown")


@env(NODETOOL_JOB_MESSAGES_MAX="100")
def test_what_memory_does_not_hold_comes_from_the_log(d):
    c = d.client()
    job = start(c, ("flood", {"count": 1000, "size": 10}), "wait", workflow_id="w")
    last = c.until(type="node_update", node_id="n1", status="running")[-1]["job_seq"]
    e = d.client()
    e.command("reconnect_job", job_id=job, last_seq=5)
    m = e.until(type="job_resumed")[-1]
    equal((m["status"], m["replay_count"], m["replay_incomplete"]), ("running", last - 5, False))
    equal([e.recv()["job_seq"] for _ in range(last - 5)], list(range(6, last + 1)))
    c.ask("cancel_job", job_id=job)
    equal(e.until(type="job_update")[-1]["job_seq"], last + 1)  # it went on live


@env()
def test_runs_of_the_past_are_seen_again(d):
    c = d.client()
    big = "y" * 200000
    job = start(c, "say", ("say", {"text": big}), ("say", {"text": big}), ("flood", {"count": 3000, "size": 1000}), workflow_id="w")
    seen = c.until(type="job_update", status="completed")
    lines = [m for m in seen if m.get("job_seq")]
    folder = d.db + "-runs"
    equal(sum(name.endswith(".bin") for _, _, names in os.walk(folder) for name in names), 3)  # two outputs and the result
    d.term()
    d.start()
    for after in (0, 7, lines[-1]["job_seq"]):
        e = d.client(binary=True)
        e.command("reconnect_job", job_id=job, last_seq=after)
        e.recv()
        m = e.recv()
        equal((m["type"], m["status"], m["replay_incomplete"]), ("job_resumed", "finished", False))
        equal(m["replay_count"], lines[-1]["job_seq"] - after)
        got = [e.recv() for _ in range(m["replay_count"])]
        equal([g["job_seq"] for g in got], list(range(after + 1, lines[-1]["job_seq"] + 1)))
        equal(got[-len(lines):] if after == 0 else [], lines if after == 0 else [])
        equal([x for x in e.silent() if x["type"] == "job_update"], [])
    stranger = d.client()
    stranger.command("reconnect_job", job_id=job, last_seq=3, workflow_id="shown")
    got = stranger.until(type="job_update", status="completed")
    equal({m.get("workflow_id") for m in got[1:]}, {"shown"})


@env()
def test_a_damaged_log_counts_up_to_the_damage(d):
    c = d.client()
    job = start(c, "say", "say", workflow_id="w")
    last = c.until(type="job_update", status="completed")[-1]["job_seq"]
    d.term()
    [path] = [os.path.join(where, name) for where, _, names in os.walk(d.db + "-runs") for name in names
              if name != "whole.index"]
    with open(path, "r+b") as f:
        data = bytearray(f.read())
        data[len(data) // 2] ^= 1
        f.seek(0)
        f.write(data)
    d.start()
    c = d.client()
    c.command("reconnect_job", job_id=job, last_seq=0)
    seen = c.until(type="job_update", status="completed")
    numbers = [m["job_seq"] for m in seen if m.get("job_seq")]
    equal(numbers, list(range(1, len(numbers) + 1)))
    assert 0 < len(numbers) < last, numbers
    assert "job_seq" not in seen[-1]  # how it ended, the table says


def test_unknown_and_resumed(d):
    c = d.client()
    c.command("reconnect_job", job_id="no-such-job", workflow_id="wf-x")
    equal(c.recv(), {"message": "Reconnecting to job no-such-job", "job_id": "no-such-job", "workflow_id": "wf-x"})
    m = c.recv()
    equal((m["status"], m["error"], m["workflow_id"]), (
        "failed", "This job may have expired or the link is invalid. Please start a new workflow.", "wf-x"))
    job = start(c, "say")
    c.until(type="job_update", status="completed")
    c.command("resume_job", job_id=job)
    equal(c.recv(), {"message": "Resumption initiated for job " + job, "job_id": job, "workflow_id": None})
    m = c.recv()
    equal((m["status"], m["error"], m["workflow_id"]),
          ("failed", "This job may have expired or cannot be resumed. Please start a new workflow.", ""))
    job = start(c, "wait", workflow_id="w")
    e = d.client()
    e.command("resume_job", job_id=job)
    seen = e.until(type="node_update")
    while len(statuses(seen)) < 2:
        seen.append(e.recv())
    equal(statuses(seen), ["running", "running"])
    c.ask("cancel_job", job_id=job)


def test_many_runs_at_once(d):
    clients = [d.client(binary=i % 2 == 0) for i in range(8)]
    for c in clients:
        for i in range(25):
            c.command("run_job", graph=graph(("say", {"text": str(i)})), workflow_id="w%d" % i)
    for c in clients:
        results = {}
        while len(results) < 25:
            m = c.until(type="job_update", status="completed", timeout=30)[-1]
            results[m["workflow_id"]] = m["result"]["out"]
        equal(results, {"w%d" % i: [str(i)] for i in range(25)})


@env(NODETOOL_RUNNERS_MAX="2", NODETOOL_RUNNERS_WARM="1")
def test_runs_wait_for_a_runner_in_order(d):
    c = d.client()
    first = [start(c, "wait") for _ in range(2)]
    c.command("run_job", graph=graph("say"), workflow_id="third")
    c.command("run_job", graph=graph("say"), workflow_id="fourth")
    seen = c.silent(0.4)
    equal([m for m in seen if m.get("status") == "completed"], [])
    c.command("cancel_job", job_id=first[0])
    ends = [m["workflow_id"] for m in c.until(type="job_update", status="completed", workflow_id="fourth")
            if m.get("type") == "job_update" and m["status"] == "completed"]
    equal(ends, ["third", "fourth"])
    assert len(d.runners()) <= 2
    waiting = str(uuid.uuid4())
    start(c, "wait")
    c.command("run_job", graph=graph("say"), job_id=waiting)
    time.sleep(0.2)
    c.command("cancel_job", job_id=waiting)
    c.until(type="job_update", status="cancelled", job_id=waiting)
    equal(d.job(waiting)["status"], "cancelled")


@env(NODETOOL_RUNNERS_WARM="1", NODETOOL_RUNNERS_MAX="4")
def test_runners_are_recycled(d):
    c = d.client()

    def runner_of_a_run(*steps):
        start(c, *steps)
        c.until(type="job_update", status="completed", timeout=30)

    runner_of_a_run("say")
    first = set(d.runners())
    for _ in range(20):
        runner_of_a_run("say")
    assert first & set(d.runners()), "runners are not used again"
    for _ in range(110):
        runner_of_a_run("say")
    assert not first <= set(d.runners()), "a runner ran more than 100 times"
    for _ in range(25):
        runner_of_a_run(("grow", {"mb": 20}))
    for pid in d.runners():
        with open("/proc/%d/statm" % pid) as f:
            assert int(f.read().split()[1]) * 4096 < 700 << 20
    job = start(c, "fail")
    c.until(type="job_update", status="failed")
    assert job and eventually(lambda: len(d.runners()) >= 1)


def test_runners_inherit_nothing_of_the_daemon(d):
    start(d.client(), "say")
    for pid in eventually(d.runners):
        def targets():
            return [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]

        def clean():  # a runner that has just been forked closes them first
            found = targets()
            return not [t for t in found if "sqlite" in t or "eventpoll" in t or "eventfd" in t] and \
                sum("socket" in t for t in found) <= 1
        assert eventually(clean), targets()


@env(NODETOOL_WS_MAX_QUEUE="1048576")
def test_a_slow_reader_is_closed_while_others_go_on(d):
    slow = d.client(max_queue=1)
    other = d.client()
    job = start(slow, ("sleep", {"ms": 300}), ("flood", {"count": 3000, "size": 20000}), "say", workflow_id="w")
    other.command("reconnect_job", job_id=job)
    seen = other.until(type="job_update", status="completed", timeout=60)
    equal(sum(m.get("type") == "output_update" for m in seen), 3001)
    equal(slow.close_code(30), 1013)
    other.ping()


@env()
def test_shutdown(d):
    c, e = d.client(), d.client()
    job = start(c, "hang", workflow_id="w")
    began = time.time()
    d.process.terminate()
    seen = c.until(type="job_update", status="cancelled")
    equal(seen[-1]["job_id"], job)
    equal((c.close_code(), e.close_code()), (1012, 1012))
    equal(d.process.wait(10), 0)
    assert time.time() - began < 5
    row = d.job(job)
    equal((row["status"], bool(row["finished_at"])), ("cancelled", True))
    assert not os.path.exists(os.path.join(d.run, "wsd.sock"))


@env(ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
def test_memory_stays_where_it_was(d):
    c = d.client(binary=True)

    def many(n):
        for _ in range(n):
            c.command("run_job", graph=graph("say", "say", "say"), workflow_id="w")
            c.until(type="job_update", status="completed")
    many(150)
    before = d.memory()
    many(600)
    # Under AddressSanitizer freed memory rests in quarantine for a while.
    limit = (40 if "sanitize" in os.environ.get("BUILD", "sanitize") else 2) << 20
    assert d.memory() - before < limit, (before, d.memory())
