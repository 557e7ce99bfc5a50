"""Trigger workflows in the real daemon: events reach their nodes once, also over restarts."""
import json
import os
import socket
import time
import uuid

from daemon import eventually
from protocol_tests import equal
from suite import env


def nudge(d, command, what):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(json.dumps({"kind": "command", "user": "1", "command": command, "id": what}).encode(),
                 os.path.join(d.run, "wsd-notify.sock"))


def store(d, kind, slot="data", **data):
    """A workflow of one trigger node and an output."""
    workflow = uuid.uuid4().hex
    graph = {"nodes": [{"id": "t", "type": "nodetool.triggers." + kind, "data": data},
                       {"id": "o", "type": "nodetool.output.Output", "data": {"name": "out"}}],
             "edges": [{"source": "t", "sourceHandle": slot, "target": "o", "targetHandle": "value"}]}
    d.execute("INSERT INTO nodetool_workflows (id, user_id, access, name, graph, created_at, updated_at) "
              "VALUES (?, '1', 'private', 'T', ?, '2026-01-01T00:00:00', '2026-01-01T00:00:00')", workflow, json.dumps(graph))
    return workflow


def start(d, workflow):
    """What REST does; the id of the run, as soon as it runs."""
    job = uuid.uuid4().hex
    d.execute("INSERT OR REPLACE INTO nodetool_c_triggers (user_id, workflow_id, job_id) VALUES ('1', ?, ?)", workflow, job)
    d.execute("INSERT INTO nodetool_c_job_commands (user_id, command, job_id, workflow_id, created_at) "
              "VALUES ('1', 'start_trigger', ?, ?, '2026-01-01T00:00:00')", job, workflow)
    nudge(d, "start_trigger", workflow)
    return wait_running(d, job)


def wait_running(d, job):
    assert eventually(lambda: (d.job(job) or {}).get("status") == "running"), "the trigger's run does not run"
    return job


def job_of(d, workflow):
    rows = d.rows("SELECT job_id FROM nodetool_c_triggers WHERE workflow_id = ?", workflow)
    return rows[0]["job_id"] if rows else None


def fire(d, workflow, data, name=None):
    d.execute("INSERT OR IGNORE INTO nodetool_c_trigger_events (event_id, user_id, workflow_id, node_id, payload, created_us) "
              "VALUES (?, '1', ?, 't', ?, ?)", name or uuid.uuid4().hex, workflow, json.dumps({"data": data}),
              int(time.time() * 1e6))
    nudge(d, "fire_trigger", workflow)


def watch(d, job):
    c = d.client()
    c.command("reconnect_job", job_id=job, last_seq=0)
    return c


def values(c, count, timeout=10):
    seen = []
    while len(seen) < count:
        seen.append(c.until(timeout, type="output_update")[-1]["value"])
    return seen


def untaken(d, workflow):
    return d.rows("SELECT count(*) AS n FROM nodetool_c_trigger_events WHERE workflow_id = ? AND taken = 0", workflow)[0]["n"]


@env(name="wsd/wsd")
def test_an_event_reaches_its_node_once(d):
    workflow = store(d, "ManualTrigger")
    job = start(d, workflow)
    c = watch(d, job)
    fire(d, workflow, "one", "same")
    equal(values(c, 1), ["one"])
    fire(d, workflow, "one again", "same")
    fire(d, workflow, {"two": 2})
    equal(values(c, 1), [{"two": 2}])
    assert eventually(lambda: untaken(d, workflow) == 0)


@env(name="wsd/wsd")
def test_many_events_come_in_their_order(d):
    workflow = store(d, "ManualTrigger")
    job = start(d, workflow)
    c = watch(d, job)
    for i in range(200):
        d.execute("INSERT INTO nodetool_c_trigger_events (event_id, user_id, workflow_id, node_id, payload, created_us) "
                  "VALUES (?, '1', ?, 't', ?, 0)", "%s:%d" % (workflow, i), workflow, json.dumps({"data": i}))
    nudge(d, "fire_trigger", workflow)
    equal(values(c, 200, 30), list(range(200)))
    assert eventually(lambda: untaken(d, workflow) == 0)


@env(name="wsd/wsd")
def test_a_started_trigger_survives_restarts(d):
    workflow = store(d, "ManualTrigger")
    first = start(d, workflow)
    for end in (d.kill, d.term):
        end()
        fire_while_down(d, workflow)
        d.clients = []
        d.start()
        assert eventually(lambda: job_of(d, workflow) != first)
        job = wait_running(d, job_of(d, workflow))
        assert d.job(first)["status"] in ("failed", "cancelled"), d.job(first)
        equal(values(watch(d, job), 1), ["while it was down"])
        assert eventually(lambda: untaken(d, workflow) == 0)
        first = job


def fire_while_down(d, workflow):
    d.execute("INSERT INTO nodetool_c_trigger_events (event_id, user_id, workflow_id, node_id, payload, created_us) "
              "VALUES (?, '1', ?, 't', ?, 0)", uuid.uuid4().hex, workflow, json.dumps({"data": "while it was down"}))


@env(name="wsd/wsd")
def test_a_trigger_that_ends_by_itself_is_not_started_again(d):
    workflow = store(d, "ManualTrigger", max_events=1)
    job = start(d, workflow)
    fire(d, workflow, "last")
    assert eventually(lambda: d.job(job)["status"] == "completed")
    assert eventually(lambda: job_of(d, workflow) is None)
    timed = store(d, "ManualTrigger", timeout_seconds=0.2)
    job = start(d, timed)
    assert eventually(lambda: d.job(job)["status"] == "completed")
    assert eventually(lambda: job_of(d, timed) is None)


@env(name="wsd/wsd")
def test_a_schedule_catches_up_as_it_is_told(d):
    now = int(time.time())
    for how, count in (("skip", 0), ("last", 1), ("all", 3)):
        workflow = store(d, "ScheduleTrigger", "scheduled_at", cron="0 * * * *", catch_up=how)
        d.execute("INSERT INTO nodetool_c_trigger_schedules (key, workflow_id, fired_s) VALUES (?, ?, ?)",
                  workflow + ":t", workflow, now - now % 3600 - 2 * 3600 - 1)
        job = start(d, workflow)
        c = watch(d, job)
        seen = values(c, count)
        hours = [time.strftime("%Y-%m-%dT%H:00:00+00:00", time.gmtime(now - now % 3600 - h * 3600)) for h in (2, 1, 0)]
        equal(seen, hours[3 - count:])
        equal([m for m in c.silent(0.3) if m.get("type") == "output_update"], [])


@env(name="wsd/wsd")
def test_a_schedule_that_is_none_fails_with_the_reason(d):
    for data in ({"cron": "61 * * * *"}, {"cron": "* * * * *", "time_zone": "No/Where"}):
        workflow = store(d, "ScheduleTrigger", "scheduled_at", **data)
        job = uuid.uuid4().hex
        d.execute("INSERT INTO nodetool_c_triggers (user_id, workflow_id, job_id) VALUES ('1', ?, ?)", workflow, job)
        d.execute("INSERT INTO nodetool_c_job_commands (user_id, command, job_id, workflow_id, created_at) "
                  "VALUES ('1', 'start_trigger', ?, ?, '')", job, workflow)
        nudge(d, "start_trigger", workflow)
        assert eventually(lambda: job_of(d, workflow) is None)


@env(name="wsd/wsd")
def test_files_that_change(d):
    folder = os.path.join(d.home, "watched")
    os.makedirs(os.path.join(folder, "below"))
    workflow = store(d, "FileWatchTrigger", "path", path=folder, recursive=True, patterns=["*.txt"], ignore_patterns=["no*"],
                     debounce_seconds=0.05)
    c = watch(d, start(d, workflow))
    c.until(type="node_update", node_id="t", status="running")
    time.sleep(0.2)  # the node says that it runs before it watches
    for name in ("no.txt", "other.bin", "below/yes.txt"):
        with open(os.path.join(folder, name), "w") as f:
            f.write("x")
    equal(values(c, 1), [os.path.join(folder, "below/yes.txt")])
    os.makedirs(os.path.join(folder, "new"))
    time.sleep(0.2)
    with open(os.path.join(folder, "new", "a.txt"), "w") as f:
        f.write("x")
    equal(values(c, 1), [os.path.join(folder, "new/a.txt")])
    os.rename(os.path.join(folder, "new", "a.txt"), os.path.join(folder, "b.txt"))
    equal(values(c, 1), [os.path.join(folder, "new/a.txt")])
    equal([m for m in c.silent(0.3) if m.get("type") == "output_update"], [])
