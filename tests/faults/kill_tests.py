"""What is left when a process is killed: one run ends, nothing else; no accepted run is lost."""
import os
import signal
import time

from daemon import children, eventually, graph, program
from job_tests import start
from protocol_tests import equal
from suite import env


def test_a_runner_that_crashes_ends_its_own_run_only(d):
    c, other = d.client(), d.client()
    bystander = start(other, "wait", workflow_id="other")
    for number, name in ((signal.SIGSEGV, "Segmentation fault"), (signal.SIGKILL, "Killed"), (signal.SIGABRT, "Aborted")):
        c.command("run_job", graph=graph("say", ("crash", {"signal": int(number)})), workflow_id="w")
        seen = c.until(type="job_update", status="failed")
        error = seen[-1]["error"]
        for part in (name, "signal %d" % number, "node n1", "fake.crash"):
            assert part in error, error
        equal([m["status"] for m in seen if m.get("type") == "job_update"], ["running", "running", "failed"])
        row = d.job(seen[-1]["job_id"])
        equal((row["status"], row["error_message"], bool(row["finished_at"])), ("failed", error, True))
        equal([m["type"] for m in seen if m.get("type") == "output_update"], ["output_update"])
    equal(other.ask("get_status", job_id=bystander)["status"], "running")
    start(c, "say")
    c.until(type="job_update", status="completed")
    other.ask("cancel_job", job_id=bystander)


def test_a_runner_that_is_killed_from_outside(d):
    c = d.client()
    before = set(d.runners())
    job = start(c, "hang", workflow_id="w")
    c.until(type="node_update", status="running")
    for pid in d.runners():
        os.kill(pid, signal.SIGKILL)
    m = c.until(type="job_update", status="failed")[-1]
    equal(m["job_id"], job)
    assert "Killed" in m["error"] and "node n0" in m["error"], m
    start(c, "say")
    c.until(type="job_update", status="completed")
    assert before


def test_runners_that_misbehave(d):
    c = d.client()
    for step, word in ((("exit", {"status": 7}), "status 7"), ("garbage", "broken message"), ("silent", "Killed")):
        c.command("run_job", graph=graph(step), workflow_id="w")
        m = c.until(type="job_update", status="failed")[-1]
        assert word in m["error"], m
        equal(d.job(m["job_id"])["status"], "failed")
    start(c, "say")
    c.until(type="job_update", status="completed")


@env()
def test_the_zygote_dies(d):
    c = d.client()
    job = start(c, "wait", workflow_id="w")
    c.until(type="node_update")
    for pid in children(d.process.pid):
        os.kill(pid, signal.SIGKILL)
    m = c.until(type="job_update", status="failed")[-1]
    equal(m["job_id"], job)
    for _ in range(3):
        start(c, "say")
        c.until(type="job_update", status="completed")


@env()
def test_a_daemon_that_is_killed_loses_no_run(d):
    c = d.client()
    done = start(c, "say", workflow_id="w")
    c.until(type="job_update", status="completed")
    running = [start(c, "wait", workflow_id="w%d" % i) for i in range(3)]
    runners = d.runners()
    d.kill()
    assert eventually(lambda: not any(os.path.exists("/proc/%d" % p) for p in runners)), "runners outlive their daemon"
    for job in running:
        assert d.job(job)["status"] in ("scheduled", "running")
    d.start()
    for job in running:
        row = d.job(job)
        equal((row["status"], row["error_message"], row["error"]), ("failed", "Server shutdown while job was running",
                                                                  "Server shutdown while job was running"))
        assert row["failed_at"] and row["finished_at"]
    versions = [d.job(job)["version"] for job in running]
    equal(d.job(done)["status"], "completed")
    c = d.client()
    for job in running:
        c.ask("reconnect_job", job_id=job)
        m = c.until(type="job_update")[-1]
        equal((m["status"], m["error"]), ("failed", "Server shutdown while job was running"))
    d.kill()
    d.start()
    equal([d.job(job)["version"] for job in running], versions)  # settled once


@env()
def test_every_accepted_run_is_in_the_table_after_a_kill(d):
    c = d.client()
    for _ in range(3):
        jobs = set()
        for i in range(40):
            c.command("run_job", graph=graph("say"), workflow_id="w")
        end = time.time() + 0.05
        while time.time() < end:
            try:
                m = c.recv(0.02)
            except TimeoutError:
                continue
            if m.get("type") == "job_update":
                jobs.add((m["job_id"], m["status"]))
        d.kill()
        d.start()
        for job, status in jobs:
            row = d.job(job)
            assert row, "run %s was announced and is lost" % job
            assert row["status"] in ("completed", "failed")
            if status == "completed":
                equal(row["status"], "completed")
        equal(d.rows("SELECT id FROM nodetool_jobs WHERE status IN ('scheduled', 'running')"), [])
        c = d.client()


@env()
def test_one_daemon_per_database(d):
    import subprocess
    second = os.path.join(d.home, "second")
    os.mkdir(second)
    env_of_second = {**d.env, "NODETOOL_RUN_DIR": second, "NODETOOL_WSD_LISTEN": ""}
    p = subprocess.run([program("wsd-fake")], env=env_of_second, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert p.returncode == 1 and b"another daemon" in p.stderr, p
    d.client().ping()


@env()
def test_wishes_of_rest_survive(d):
    c = d.client()
    job = start(c, "wait")
    d.execute("INSERT INTO nodetool_c_job_commands (user_id, command, job_id, created_at) VALUES ('1', 'cancel_job', ?, '')", job)
    from updates_tests import notify
    notify(d, {"kind": "command", "user": "1", "command": "cancel_job", "id": job})
    c.until(type="job_update", status="cancelled")
    assert eventually(lambda: not d.rows("SELECT 1 FROM nodetool_c_job_commands"))
