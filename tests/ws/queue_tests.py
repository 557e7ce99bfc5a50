"""Runs that wait for a runner: what clients see, fairness, limits, order, and what survives (issue: nothing waits unseen)."""
import hashlib
import json
import os
import uuid

from daemon import eventually, graph
from job_tests import start
from protocol_tests import equal
from suite import env
from updates_tests import notify

ONE = {"NODETOOL_RUNNERS_MAX": "1", "NODETOOL_RUNNERS_WARM": "1"}
USERS = {"AUTH_PROVIDER": "multi_user", "SERVER_AUTH_TOKEN": "server-token", "SECRETS_MASTER_KEY": "k"}


def busy(d, c=None):
    """A run that holds a runner until it is cancelled; its id."""
    c = c or d.client()
    job = start(c, "hang", workflow_id="busy")
    c.until(type="node_update", status="running")
    return job


def submit(c, name, *steps, **data):
    """Starts a run with an id of its own; the id, without a look at any answer."""
    job = str(uuid.uuid4())
    c.command("run_job", graph=graph(*(steps or ["say"])), workflow_id=name, job_id=job, **data)
    return job


def queued(c, job):
    """The message that the run waits."""
    return c.until(type="job_update", status="queued", job_id=job)[-1]


def position(c, job):
    """Its place as it is now."""
    c.command("reconnect_job", job_id=job)
    return queued(c, job)["queue_position"]


def order_of_ends(c, count):
    """workflow_ids of the next runs that complete."""
    ends = []
    while len(ends) < count:
        ends.append(c.until(type="job_update", status="completed")[-1]["workflow_id"])
    return ends


def add_users(d, *names):
    path = os.path.join(d.home, ".config", "nodetool", "users.yaml")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write("users:\n")
        for name in names:
            f.write("  %s:\n    user_id: user_%s\n    role: user\n    token_hash: %s\n"
                    % (name, name, hashlib.sha256(name.encode()).hexdigest()))


def reorder(d, places, user="1"):
    """What POST /api/jobs/queue does: {job: (priority, place)}."""
    for job, (priority, place) in places.items():
        d.execute("UPDATE nodetool_jobs SET metadata_json = json_set(metadata_json, '$.options.priority', ?, '$.options.place', ?)"
                  " WHERE id = ?", priority, place, job)
    d.execute("INSERT INTO nodetool_c_job_commands (user_id, command, created_at) VALUES (?, 'reorder_queue', '')", user)
    notify(d, {"kind": "command", "user": user, "command": "reorder_queue", "id": user})


@env(**ONE)
def test_queue_is_shown_to_clients(d):
    first = busy(d)
    c = d.client()
    second, third = submit(c, "second"), submit(c, "third")
    told = [queued(c, job) for job in (second, third)]
    for place, job, m in zip((1, 2), (second, third), told):
        equal((m["queue_position"], m["job_seq"], m["run_state"], m["error"]), (place, 1, None, None))
        equal(c.ask("get_status", job_id=job)["status"], "queued")
        equal(d.job(job)["status"], "scheduled")
    other = d.client()
    other.command("reconnect_job", job_id=third)
    m = queued(other, third)
    equal(m["queue_position"], 2)
    late = d.client()
    late.command("reconnect_job", job_id=third, last_seq=0)
    equal(late.until(type="job_resumed")[-1]["replay_count"], 1)
    equal(queued(late, third)["job_seq"], 1)
    c.command("cancel_job", job_id=first)
    seen = [m for m in c.until(type="job_update", status="completed", job_id=second) if m.get("job_id") == second and "job_seq" in m]
    equal([m["job_seq"] for m in seen], list(range(2, len(seen) + 2)))
    equal([m["status"] for m in seen if m["type"] == "job_update"], ["running", "running", "completed"])
    assert seen[0]["run_state"] and seen[1]["run_state"] is None
    for who in (c, other, late):
        who.until(type="job_update", status="completed", job_id=third)


def test_queue_is_not_shown_while_there_are_runners(d):
    c = d.client()
    for _ in range(5):
        c.command("run_job", graph=graph("say"), workflow_id="w")
        seen = c.until(type="job_update", status="completed")
        equal([m["status"] for m in seen if m.get("type") == "job_update"], ["running", "running", "completed"])


@env(**ONE)
def test_queue_goes_by_priority_and_arrival(d):
    first = busy(d)
    c = d.client()
    jobs = [submit(c, "a"), submit(c, "b", priority=5), submit(c, "c", priority=-1), submit(c, "d", priority=5), submit(c, "e"),
            submit(c, "f", priority="nonsense"), submit(c, "g", priority=1e300)]
    for job in jobs:
        queued(c, job)
    c.command("cancel_job", job_id=first)
    equal(order_of_ends(c, 7), ["g", "b", "d", "a", "e", "f", "c"])


@env(**ONE)
def test_queue_is_reordered(d):
    first = busy(d)
    c = d.client()
    jobs = {name: submit(c, name) for name in "abcd"}
    for job in jobs.values():
        queued(c, job)
    reorder(d, {jobs["c"]: (0, 1), jobs["a"]: (0, 2), jobs["b"]: (0, 3), jobs["d"]: (0, 4)})
    equal(queued(c, jobs["c"])["queue_position"], 1)
    equal(queued(c, jobs["a"])["queue_position"], 2)
    late = submit(c, "late")
    queued(c, late)
    c.command("cancel_job", job_id=jobs["b"])
    c.until(type="job_update", status="cancelled", job_id=jobs["b"])
    equal(d.job(jobs["b"])["status"], "cancelled")
    reorder(d, {jobs["d"]: (7, 0)})
    equal(queued(c, jobs["d"])["queue_position"], 1)
    assert eventually(lambda: not d.rows("SELECT 1 FROM nodetool_c_job_commands"))
    c.command("cancel_job", job_id=first)
    equal(order_of_ends(c, 4), ["d", "c", "a", "late"])


@env(**ONE, **USERS)
def test_queue_is_fair_between_users(d):
    add_users(d, "alice", "bob")
    alice, bob = d.client("/ws?api_key=alice"), d.client("/ws?api_key=bob")
    first = busy(d, alice)
    for i in range(4):
        queued(alice, submit(alice, "a%d" % i, priority=1000))
    jobs = [submit(bob, "b%d" % i) for i in range(2)]
    for i, job in enumerate(jobs):
        equal(queued(bob, job)["queue_position"], i + 1)
    alice.command("cancel_job", job_id=first)
    bob.until(type="job_update", status="completed", job_id=jobs[1])
    alice.until(type="job_update", status="completed", workflow_id="a3")
    begun = [r["workflow_id"] for r in d.rows("SELECT workflow_id FROM nodetool_jobs WHERE status = 'completed' ORDER BY completed_at")]
    equal(begun, ["b0", "a0", "b1", "a1", "a2", "a3"])


@env(NODETOOL_RUNNERS_MAX="3", NODETOOL_RUNNERS_PER_USER="1", NODETOOL_QUEUE_PER_USER="3", **USERS)
def test_queue_has_limits_for_each_user(d):
    add_users(d, "alice", "bob")
    alice, bob = d.client("/ws?api_key=alice"), d.client("/ws?api_key=bob")
    first = busy(d, alice)
    queued(alice, submit(alice, "second"))
    queued(alice, submit(alice, "third"))
    submit(alice, "fourth")
    m = alice.until(type="job_update", status="failed")[-1]
    equal(m["workflow_id"], "fourth")
    assert "Too many runs" in m["error"], m
    bob.run(["say"])
    bob.until(type="job_update", status="completed")  # others go on
    alice.command("cancel_job", job_id=first)
    equal(order_of_ends(alice, 2), ["second", "third"])


@env(**ONE)
def test_queue_survives_kill_and_restart(d):
    c = d.client()
    first = busy(d, c)
    jobs = {name: submit(c, name, priority=p) for name, p in (("a", 0), ("b", 0), ("c", 3))}
    for job in jobs.values():
        queued(c, job)
    reorder(d, {jobs["c"]: (3, 1), jobs["b"]: (0, 2), jobs["a"]: (0, 3)})
    equal(queued(c, jobs["b"])["queue_position"], 2)
    last = queued(c, jobs["a"])
    equal(last["queue_position"], 3)
    for end in (d.kill, d.term):
        end()
        for job in jobs.values():
            equal((d.job(job)["status"], d.job(job)["retry_count"]), ("scheduled", 0))
        d.start()
        if end == d.kill:  # it goes on, and before the others
            c = d.client()
            c.command("reconnect_job", job_id=first)
            c.until(type="job_update", status="running")
            assert eventually(lambda: position(c, jobs["a"]) == 3)
    equal(d.job(first)["status"], "cancelled")  # of a restart in order
    assert eventually(lambda: all(d.job(job)["status"] == "completed" for job in jobs.values()))
    equal([r["workflow_id"] for r in d.rows("SELECT workflow_id FROM nodetool_jobs WHERE status = 'completed' ORDER BY completed_at")],
          ["c", "b", "a"])
    c = d.client()
    c.command("reconnect_job", job_id=jobs["a"], last_seq=last["job_seq"])
    seen = [m for m in c.until(type="job_update", status="completed") if "job_seq" in m]
    equal([m["job_seq"] for m in seen], list(range(last["job_seq"] + 1, last["job_seq"] + 1 + len(seen))))


@env(NODETOOL_AUTO_RECOVER_JOBS="0", **ONE)
def test_queue_survives_where_runs_do_not_go_on(d):
    c = d.client()
    first = busy(d, c)
    waits = submit(c, "waits")
    queued(c, waits)
    d.kill()
    d.start()
    equal(d.job(first)["status"], "failed")
    assert eventually(lambda: d.job(waits)["status"] == "completed")


@env()
def test_queue_leaves_rows_of_the_original_alone(d):
    for job, error in (("f" * 32, "it failed"), ("e" * 32, None)):
        d.execute("INSERT INTO nodetool_jobs (id, user_id, job_type, status, workflow_id, started_at, graph, params, worker_id, error)"
                  " VALUES (?, '1', 'workflow', 'scheduled', 'w', '2026-01-01T00:00:00', ?, '{}', 'old-1-abc', ?)",
                  job, json.dumps(graph("say")), error)
    d.kill()
    d.start()
    equal((d.job("f" * 32)["status"], d.job("f" * 32)["error"]), ("scheduled", "it failed"))
    equal(d.job("e" * 32)["status"], "failed")
