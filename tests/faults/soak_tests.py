"""Mixed runs for a while: watched, cancelled, left and joined again, their runners and the daemon killed. Nothing may be lost: each
run's messages come once and in order, each run has one end, the one in the table. Afterwards the daemon is as it was before.

tests/faults/run --soak MINUTES; 0.15 is a short form of some seconds beside the waits for quiet."""
import json
import os
import random
import signal
import threading
import time
import uuid

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from daemon import Client, eventually, graph
from suite import env

SECONDS = float(os.environ.get("SOAK_MINUTES", "0.15")) * 60
WORKERS = 6
ENDS = ("completed", "failed", "cancelled", "suspended")
SCRIPTS = [["say"], ["say", ("sleep", {"ms": 30}), "say"], [("flood", {"count": 300, "size": 200})],
           [("flood", {"count": 20, "size": 100000})], [("fail", {"error": "as told"})], ["say", ("crash", {"signal": 11})],
           [("sleep", {"ms": 200}), "say"]]


class Watched:
    """One run and what its client saw of it."""

    def __init__(self, soak, rng):
        self.soak, self.rng, self.job = soak, rng, str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.steps = rng.choice(SCRIPTS)
        self.cancel_at = rng.choice([None, None, None, 1, 3])
        self.leave_at = sorted(rng.sample(range(1, 40), rng.choice([0, 0, 1, 2])))
        self.last, self.end, self.client = 0, None, None

    def connect(self):
        end = time.time() + 60
        while True:
            try:
                self.client = Client(self.soak.daemon, "/ws", self.rng.random() < 0.5)
                return
            except (OSError, InvalidHandshake, EOFError, TimeoutError):
                if time.time() > end:
                    raise AssertionError("the daemon does not answer") from None
                time.sleep(0.05)

    def ask_to_run(self):
        self.client.command("run_job", type="run_job_request", job_id=self.job, graph=graph(*self.steps), params={})

    def take(self, m):
        if m.get("type") == "job_resumed" and m["job_id"] == self.job and m["status"] == "unknown":
            assert self.last == 0, "run %s was lost behind message %d" % (self.job, self.last)
            self.ask_to_run()  # the daemon died before it took the run
        if m.get("job_id") != self.job or "job_seq" not in m:
            return
        assert self.end is None, "run %s goes on after its end: %s" % (self.job, m)
        assert m["job_seq"] == self.last + 1, "run %s: message %d behind %d" % (self.job, m["job_seq"], self.last)
        self.last = m["job_seq"]
        if m["type"] == "job_update" and m["status"] in ENDS:
            self.end = m["status"]

    def talk(self):
        """Until the end, or until the client leaves."""
        while self.end is None:
            self.take(self.client.recv(60))
            if self.cancel_at is not None and self.last >= self.cancel_at:
                self.cancel_at = None
                self.client.command("cancel_job", job_id=self.job)
            if self.leave_at and self.last >= self.leave_at[0]:
                self.leave_at.pop(0)
                return

    def watch(self):
        self.connect()
        self.ask_to_run_safely()
        while self.end is None:
            try:
                self.talk()
            except ConnectionClosed:
                pass
            if self.end is None:
                self.client.close()
                self.connect()
                try:
                    self.client.command("reconnect_job", job_id=self.job, last_seq=self.last)
                except ConnectionClosed:
                    pass
        self.client.close()
        row = eventually(lambda: (self.soak.daemon.job(self.job) or {}).get("status") == self.end, 30)
        assert row, "run %s: %s for its client, %s in the table" % (self.job, self.end, self.soak.daemon.job(self.job))

    def ask_to_run_safely(self):
        try:
            self.ask_to_run()
        except ConnectionClosed:
            pass


class Soak:
    def __init__(self, daemon):
        self.daemon, self.over, self.counts, self.wrong = daemon, False, {}, []
        self.lock = threading.Lock()

    def work(self, number):
        rng = random.Random("%s %d" % (os.environ.get("SOAK_SEED", "1"), number))
        while not self.over and not self.wrong:
            run = Watched(self, rng)
            try:
                run.watch()
            except Exception as error:  # what ends a thread must end the test
                self.wrong.append("%s: %s" % (type(error).__name__, error))
                return
            with self.lock:
                self.counts[run.end] = self.counts.get(run.end, 0) + 1

    def kill_runners(self, rng):
        """One of those that there are."""
        try:
            pids = self.daemon.runners()
            if pids:
                os.kill(rng.choice(pids), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            pass

    def wait(self, seconds, between=None):
        end = time.time() + seconds
        while time.time() < end and not self.wrong:
            time.sleep(min(1.0, max(0.01, end - time.time())))
            if between:
                between()

    def restart(self):
        self.daemon.kill()
        self.daemon.start()

    def figures(self):
        pid = self.daemon.process.pid
        runners = len(self.daemon.runners())  # a socket for each; how many there are is the pool's affair
        return {"descriptors": len(os.listdir("/proc/%d/fd" % pid)) - runners, "memory": self.daemon.memory()}


def finish(soak, threads):
    soak.over = True
    for t in threads:
        t.join(120)
    assert not soak.wrong, soak.wrong[0]
    assert not any(t.is_alive() for t in threads), "a run does not end"


def start(soak):
    threads = [threading.Thread(target=soak.work, args=(i,), daemon=True) for i in range(WORKERS)]
    soak.over = False
    for t in threads:
        t.start()
    return threads


def settled(soak):
    """The figures once nothing goes on."""
    active = "SELECT count(*) AS n FROM nodetool_jobs WHERE status IN ('running', 'scheduled', 'queued', 'recovering')"
    assert eventually(lambda: soak.daemon.rows(active)[0]["n"] == 0, 60), "runs that nobody ends are in the table"
    best = {}
    end = time.time() + 30
    while time.time() < end:
        now = soak.figures()
        if best and all(now[k] >= best[k] for k in now):
            break
        best = {k: min(v, best.get(k, v)) for k, v in now.items()}
        time.sleep(0.5)
    return best


@env()
def test_soak(d):
    rng = random.Random(7)
    soak = Soak(d)
    threads = start(soak)
    for _ in range(max(2, int(SECONDS / 40))):  # with the daemon killed
        soak.wait(SECONDS / 2 / max(2, int(SECONDS / 40)), lambda: soak.kill_runners(rng))
        soak.restart()
    finish(soak, threads)
    threads = start(soak)  # warm, then the same again
    soak.wait(SECONDS / 4, lambda: soak.kill_runners(rng))
    finish(soak, threads)
    before = settled(soak)
    done = sum(soak.counts.values())
    threads = start(soak)
    soak.wait(SECONDS / 4, lambda: soak.kill_runners(rng))
    finish(soak, threads)
    after = settled(soak)
    print("# soak: %s; %d runs between %s and %s" % (json.dumps(soak.counts), sum(soak.counts.values()) - done, before, after))
    assert after["descriptors"] <= before["descriptors"] + 8, (before, after)
    assert after["memory"] <= before["memory"] * 1.5 + (48 << 20), (before, after)
