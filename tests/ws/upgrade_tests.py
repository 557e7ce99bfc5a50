"""An upgrade of the daemon (SIGUSR2): the next program takes sockets and running runs over, clients lose nothing."""
import json
import os
import signal
import threading
import uuid

from websockets.exceptions import ConnectionClosed

from daemon import children, eventually, graph, program
from http_tests import call
from job_tests import start, store
from protocol_tests import equal
from queue_tests import ONE, busy, queued, submit
from suite import env
from trigger_tests import nudge


def upgrades(d):
    """How often a program took over, and is ready."""
    text = d.log_text()
    return text.count("the next program takes over"), text.count("ready\n")


def upgrade(d, *clients):
    """Upgrades; the clients are asked to come again."""
    handed, ready = upgrades(d)
    d.process.send_signal(signal.SIGUSR2)
    for c in clients:
        equal(c.close_code(), 1012)
    assert eventually(lambda: upgrades(d) == (handed + 1, ready + 1)), d.log_text()[-2000:]


def numbers(messages, job):
    return [m["job_seq"] for m in messages if m.get("job_id") == job and "job_seq" in m]


@env()
def test_upgrade_keeps_running_runs(d):
    c = d.client(binary=True)
    pid, job = d.process.pid, start(c, "say", "wait", workflow_id="w")
    seen = c.until(type="node_update", node_id="n1")
    last = seen[-1]["job_seq"]
    runners = set(d.runners())
    for i in range(3):
        c.command("stream_input", job_id=job, input="x", value=i)
        last = c.until(type="output_update", value=i)[-1]["job_seq"]
        upgrade(d, c)
        equal(d.process.pid, pid)
        equal((d.job(job)["status"], d.job(job)["retry_count"]), ("running", 0))
        c = d.client(binary=True)
        c.command("reconnect_job", job_id=job, last_seq=last)
        equal(c.until(type="job_resumed")[-1]["replay_count"], 0)
    assert runners & set(d.runners()), "the run has another runner"
    other = d.client()
    fresh = start(other, "say")
    other.until(type="job_update", status="completed", job_id=fresh)
    c.command("end_input_stream", job_id=job, input="x")
    seen = c.until(type="job_update", status="completed")
    equal(numbers(seen, job), list(range(last + 1, last + 1 + len(numbers(seen, job)))))
    equal(seen[-1]["result"], {"out": ["hello", 0, 1, 2]})
    equal(d.job(job)["status"], "completed")
    assert eventually(lambda: not runners & set(d.runners())), "a runner of an old program lives on"


@env()
def test_upgrade_while_a_run_talks(d):
    c = d.client(binary=True)
    job = str(uuid.uuid4())
    c.command("run_job", graph=graph(("flood", {"count": 20000, "size": 200}), "say"), job_id=job, workflow_id="w")
    seen = c.until(type="output_update")
    done = False
    for _ in range(3):
        if not done:
            d.process.send_signal(signal.SIGUSR2)
        try:
            while not done:
                seen.append(c.recv())
                done = seen[-1].get("type") == "job_update" and seen[-1]["status"] == "completed"
        except ConnectionClosed as e:
            equal(e.rcvd.code, 1012)
            c = d.client(binary=True)
            c.command("reconnect_job", job_id=job, last_seq=max(numbers(seen, job)))
    seen += [] if done else c.until(type="job_update", status="completed")
    equal(numbers(seen, job), list(range(1, 1 + len(numbers(seen, job)))))
    equal(len([m for m in seen if m.get("type") == "output_update"]), 20001)
    equal(d.job(job)["retry_count"], 0)


@env(**ONE)
def test_upgrade_keeps_the_queue(d):
    c = d.client()
    first = busy(d, c)
    jobs = [submit(c, name) for name in "ab"]
    last = [queued(c, job)["job_seq"] for job in jobs]
    upgrade(d, c)
    c = d.client()
    for job, seq in zip(jobs, last):
        c.command("reconnect_job", job_id=job, last_seq=seq)
        c.until(type="job_resumed")
    equal([d.job(job)["status"] for job in jobs], ["scheduled"] * 2)
    equal(c.ask("cancel_job", job_id=first)["message"], "Job cancellation requested")
    for job in jobs:
        c.until(type="job_update", status="completed", job_id=job)
    equal(d.job(first)["status"], "cancelled")


@env()
def test_upgrade_lets_answers_over_http_end(d):
    store(d, "slow", [("sleep", {"ms": 700}), "say"])
    answers = []
    asking = threading.Thread(target=lambda: answers.append(call(d, "POST", "/api/workflows/slow/run", {})))
    asking.start()
    assert eventually(lambda: d.rows("SELECT 1 FROM nodetool_jobs WHERE status = 'running'"))
    upgrade(d)
    asking.join()
    equal([(a.status, json.loads(text)) for a, text in answers], [(200, {"out": "hello"})])


@env()
def test_upgrade_leaves_no_descriptor_and_no_process_behind(d):
    def counts():
        c = d.client()
        c.ping()
        c.close()
        return len(os.listdir("/proc/%d/fd" % d.process.pid))

    upgrade(d)
    assert eventually(lambda: len(d.runners()) == 2)
    before = counts()
    for _ in range(4):
        upgrade(d)
    assert eventually(lambda: counts() <= before), (before, counts())
    assert eventually(lambda: len(children(d.process.pid)) == 1), "a process of an old program lives on"


@env()
def test_upgrade_and_then_kill(d):
    c = d.client()
    job = start(c, "wait", workflow_id="w")
    c.until(type="node_update")
    upgrade(d, c)
    d.kill()
    d.start()
    equal((d.job(job)["status"], d.job(job)["retry_count"]), ("running", 1))
    c = d.client()
    c.command("reconnect_job", job_id=job)
    c.command("end_input_stream", job_id=job, input="x")
    c.until(type="job_update", status="completed")


@env()
def test_upgrade_keeps_started_triggers(d):
    store(d, "t", ["wait"])
    job = uuid.uuid4().hex
    d.execute("INSERT INTO nodetool_c_triggers (user_id, workflow_id, job_id) VALUES ('1', 't', ?)", job)
    d.execute("INSERT INTO nodetool_c_job_commands (user_id, command, job_id, workflow_id, created_at)"
              " VALUES ('1', 'start_trigger', ?, 't', '')", job)
    nudge(d, "start_trigger", "t")
    assert eventually(lambda: (d.job(job) or {}).get("status") == "running")
    upgrade(d)
    equal((d.job(job)["status"], d.job(job)["retry_count"]), ("running", 0))
    equal(d.rows("SELECT job_id FROM nodetool_c_triggers"), [{"job_id": job}])
    equal(len(d.rows("SELECT 1 FROM nodetool_jobs")), 1)


def test_a_program_says_whether_it_can_run(d):
    equal(os.spawnve(os.P_WAIT, program("wsd-fake"), ["wsd", "--check"], d.env), 0)
