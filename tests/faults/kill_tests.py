"""What is left when a process is killed: one run ends, nothing else; no accepted run is lost."""
import os
import random
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
    running = [start(d.client(), "wait", workflow_id="w%d" % i) for i in range(3)]
    runners = d.runners()
    d.kill()
    assert eventually(lambda: not any(os.path.exists("/proc/%d" % p) for p in runners)), "runners outlive their daemon"
    for job in running:
        assert d.job(job)["status"] in ("scheduled", "running")
    d.start()
    equal(d.job(done)["status"], "completed")
    c = d.client()
    for job in running:  # they go on
        equal((d.job(job)["status"], d.job(job)["retry_count"]), ("running", 1))
        c.ask("reconnect_job", job_id=job)
        equal(c.until(type="job_update")[-1]["status"], "running")
        equal(c.ask("end_input_stream", job_id=job, input="x")["message"], "Input stream ended")
        equal(c.until(type="job_update", status="completed")[-1]["job_id"], job)
        equal(d.job(job)["status"], "completed")
    versions = [d.job(job)["version"] for job in running]
    d.kill()
    d.start()
    equal([d.job(job)["version"] for job in running], versions)  # ended once


@env(NODETOOL_AUTO_RECOVER_JOBS="0")
def test_runs_may_be_told_not_to_go_on(d):
    c = d.client()
    running = [start(d.client(), "wait", workflow_id="w%d" % i) for i in range(3)]
    d.kill()
    d.start()
    for job in running:
        row = d.job(job)
        equal((row["status"], row["error_message"], row["error"]), ("failed", "Server shutdown while job was running",
                                                                  "Server shutdown while job was running"))
        assert row["failed_at"] and row["finished_at"]


@env()
def test_a_run_that_takes_the_daemon_down_does_not_do_so_for_ever(d):
    job = start(d.client(), "wait", workflow_id="w")
    for attempt in (1, 2, 3):
        d.kill()
        d.start()
        equal((d.job(job)["status"], d.job(job)["retry_count"]), ("running", attempt))
    d.kill()
    d.start()
    equal(d.job(job)["status"], "failed")


def rest_of(d, job, seen):
    """What a client that has seen the messages so far gets after a restart, up to the end."""
    if any(m.get("type") == "job_update" and m["status"] == "completed" for m in seen):
        return []  # it was over before it could be killed
    numbers = [m["job_seq"] for m in seen if m.get("job_seq") and m.get("job_id") == job]
    c = d.client()
    c.command("reconnect_job", job_id=job, last_seq=max(numbers, default=0))
    got = []
    while True:
        m = c.recv()
        if m.get("type"):
            got.append(m)
        if m.get("type") == "job_update" and m["status"] in ("completed", "failed", "cancelled"):
            c.close()
            return got


def check_story(d, job, seen, rest, outputs):
    """Every number once and in order, one end, in the table and for the client."""
    every = [m for m in seen + rest if m.get("job_id") == job and m.get("type") != "job_resumed"]
    numbers = [m["job_seq"] for m in every if "job_seq" in m]
    equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
    ends = [m["status"] for m in every if m["type"] == "job_update" and m["status"] != "running"]
    row = d.job(job)
    equal(set(ends), {"completed"}), every[-3:]
    equal(row["status"], "completed")
    equal([m["value"] for m in every if m["type"] == "output_update"], outputs)
    completed = [m["node_id"] for m in every if m["type"] == "node_update" and m["status"] == "completed"]
    equal(sorted(completed), sorted(set(completed)))


def watch_until_gone(c, seen):
    """Messages until the socket breaks, or the run has ended all the same."""
    try:
        while not (seen and seen[-1].get("type") == "job_update" and seen[-1]["status"] == "completed"):
            seen.append(c.recv(20))
    except Exception as e:
        if isinstance(e, TimeoutError):
            raise


def killed_at(d, point, steps):
    d.term()
    d.env["NODETOOL_FAULT"] = point
    d.start()
    del d.env["NODETOOL_FAULT"]
    c = d.client()
    c.command("run_job", graph=graph(*steps), workflow_id="w")
    seen = []
    watch_until_gone(c, seen)
    d.kill()
    d.start()
    return seen


@env()
def test_fault_points(d):
    steps = [("say", {"text": "a"}), ("sleep", {"ms": 30}), ("say", {"text": "b"}), ("sleep", {"ms": 30}), ("say", {"text": "c"})]
    for name in ("before-append", "after-append", "before-commit", "after-commit"):
        for nth in (1, 2, 3, 4):
            if "commit" in name and nth == 4:
                continue
            seen = killed_at(d, "%s:%d" % (name, nth), steps)
            rows = d.rows("SELECT id FROM nodetool_jobs ORDER BY started_at DESC LIMIT 1")
            jobs = {m["job_id"] for m in seen if m.get("job_id")}
            if not rows or (jobs and rows[0]["id"] not in jobs):
                assert not jobs, "run %s was announced and is lost" % jobs
                continue
            check_story(d, rows[0]["id"], seen, rest_of(d, rows[0]["id"], seen), ["a", "b", "c"])
            equal(d.rows("SELECT 1 FROM nodetool_jobs WHERE status IN ('scheduled', 'running')"), [])


@env()
def test_random_kills(d):
    chance = random.Random(int(os.environ.get("FAULT_SEED", "7")))
    for _ in range(int(os.environ.get("FAULT_ROUNDS", "12"))):
        c = d.client()
        seen = []
        for i in range(4):
            c.command("run_job", graph=graph("say", ("sleep", {"ms": 5 + 20 * i}), "say", ("flood", {"count": 300}), "say"),
                      workflow_id="w%d" % i)
        end = time.time() + chance.uniform(0.0, 0.25)
        while time.time() < end:
            try:
                seen.append(c.recv(0.01))
            except TimeoutError:
                continue
        d.kill()
        watch_until_gone(c, seen)
        d.start()
        for job in {m["job_id"] for m in seen if m.get("job_id")}:
            mine = [m for m in seen if m.get("job_id") == job]
            if any(m["type"] == "job_update" and m["status"] == "completed" for m in mine):
                equal(d.job(job)["status"], "completed")
                continue
            every = [m for m in mine + rest_of(d, job, mine) if "job_seq" in m]
            equal([m["job_seq"] for m in every], list(range(1, len(every) + 1)))
            equal(d.job(job)["status"], "completed")
            ends = [m for m in every if m["type"] == "job_update" and m["status"] != "running"]
            equal(len(ends), 1)
        assert eventually(lambda: not d.rows("SELECT 1 FROM nodetool_jobs WHERE status IN ('scheduled', 'running')"), 20)


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
            assert row["status"] in ("completed", "failed", "running", "scheduled")
            if status == "completed":
                equal(row["status"], "completed")
        assert eventually(lambda: not d.rows("SELECT id FROM nodetool_jobs WHERE status IN ('scheduled', 'running')"))
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
