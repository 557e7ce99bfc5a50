"""The daemon alone (wsd-fake: its runners play the scripts of fake_runner.c) and a client, for tests."""
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import msgpack
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from common import Fault, free_port

PROJECT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def program(name):
    """wsd-fake or wsd/wsd of the build under test, built when it is not there."""
    if os.environ.get("WSD_FAKE"):
        return os.path.join(os.path.dirname(os.environ["WSD_FAKE"]), name)
    tree = os.path.join(PROJECT, "build-" + os.environ.get("BUILD", "sanitize"))
    subprocess.run(["make", "-s", "-C", tree, name], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(tree, name)


def graph(*steps):
    """A graph whose nodes are the steps of a script: graph("say", ("flood", {"count": 5}))."""
    nodes = []
    for i, step in enumerate(steps):
        kind, data = step if isinstance(step, tuple) else (step, {})
        nodes.append({"id": "n%d" % i, "type": "fake." + kind, "data": data})
    return {"nodes": nodes, "edges": []}


class Daemon:
    def __init__(self, name="wsd-fake", **env):
        self.name = name
        self.home = tempfile.mkdtemp(prefix="wsd-test-")
        self.run = os.path.join(self.home, "run")
        os.mkdir(self.run, 0o700)
        self.db = os.path.join(self.home, "nodetool.sqlite3")
        self.port = free_port()
        self.env = {**os.environ, "HOME": self.home, "DB_PATH": self.db, "NODETOOL_RUN_DIR": self.run,
                    "NODETOOL_WSD_LISTEN": "127.0.0.1:%d" % self.port, **env}
        self.clients = []
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.home, "wsd.log"), "ab")
        self.process = subprocess.Popen([program(self.name)], env=self.env, cwd=self.home, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True)
        end = time.time() + 20
        while time.time() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("the daemon did not come up:\n" + self.log_text())

    def log_text(self):
        with open(os.path.join(self.home, "wsd.log"), errors="replace") as f:
            return f.read()

    def kill(self):
        """kill -9, the daemon alone."""
        self.process.kill()
        self.process.wait()
        self.log.close()

    def term(self):
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.log.close()

    def leave(self):
        """Closes all sockets of the test."""
        for c in self.clients:
            c.close()
        self.clients = []

    def stop(self):
        """Ends everything; whatever a sanitizer found fails the test."""
        self.leave()
        if self.process.poll() is None:
            self.term()
        text = self.log_text()
        shutil.rmtree(self.home, ignore_errors=True)
        if self.process.returncode != 0 or "Sanitizer" in text or "runtime error" in text:
            raise Fault("the daemon ended with %s:\n%s" % (self.process.returncode, text[-4000:]))

    def client(self, path="/ws", binary=False, **kw):
        c = Client(self, path, binary, **kw)
        self.clients.append(c)
        return c

    def rows(self, sql, *args):
        with sqlite3.connect(self.db, timeout=10) as db:
            db.row_factory = sqlite3.Row
            return [dict(r) for r in db.execute(sql, args)]

    def execute(self, sql, *args):
        with sqlite3.connect(self.db, timeout=10) as db:
            db.execute(sql, args)

    def job(self, job_id):
        found = self.rows("SELECT * FROM nodetool_jobs WHERE id = ?", job_id)
        return found[0] if found else None

    def runners(self):
        """Process ids of the runners: grandchildren of the daemon."""
        return [r for z in children(self.process.pid) for r in children(z)]

    def memory(self):
        """Private memory of the daemon in bytes."""
        total = 0
        with open("/proc/%d/smaps_rollup" % self.process.pid) as f:
            for line in f:
                if line.startswith("Private_"):
                    total += int(line.split()[1]) * 1024
        return total


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(x) for x in f.read().split()]


class Client:
    def __init__(self, daemon, path, binary, **kw):
        kw.setdefault("max_size", None)
        kw.setdefault("compression", None)
        self.binary = binary
        self.ws = connect("ws://127.0.0.1:%d%s" % (daemon.port, path), open_timeout=30, **kw)

    def send(self, message):
        self.ws.send(msgpack.packb(message) if self.binary else json.dumps(message))

    def command(self, command, **data):
        self.send({"command": command, "data": data})

    def recv(self, timeout=30):
        data = self.ws.recv(timeout=timeout)
        return msgpack.unpackb(data, raw=False) if isinstance(data, bytes) else json.loads(data)

    def until(self, timeout=30, **want):
        """Messages up to the first that has all of `want`."""
        seen = []
        end = time.time() + timeout
        while True:
            try:
                m = self.recv(max(0.01, end - time.time()))
            except TimeoutError:
                raise AssertionError("no %s within %s s, but %s" % (want, timeout, str(seen)[-1500:])) from None
            seen.append(m)
            if isinstance(m, dict) and all(m.get(k) == v for k, v in want.items()):
                return seen

    def ask(self, command, **data):
        """The next answer (a message without type)."""
        self.command(command, **data)
        while True:
            m = self.recv()
            if "type" not in m:
                return m

    def ping(self):
        self.send({"type": "ping"})
        return self.until(type="pong")

    def silent(self, seconds=0.3):
        """What comes within that time."""
        seen = []
        end = time.time() + seconds
        while time.time() < end:
            try:
                seen.append(self.recv(max(0.01, end - time.time())))
            except TimeoutError:
                break
        return seen

    def run(self, steps, **data):
        """Starts a run; its job_id."""
        self.command("run_job", graph=graph(*steps), **data)
        return self.until(type="job_update")[-1]["job_id"]

    def close_code(self, timeout=30):
        end = time.time() + timeout
        try:
            while True:
                self.ws.recv(timeout=max(0.01, end - time.time()))
        except ConnectionClosed as e:
            return e.rcvd.code if e.rcvd else None

    def close(self):
        self.ws.close()


def refused(daemon, path, **kw):
    """The status of an upgrade that is refused, None when it is accepted."""
    try:
        daemon.client(path, **kw)
        return None
    except InvalidStatus as e:
        return e.response.status_code


def eventually(check, timeout=30):
    """Waits until check() is true; its last value."""
    end = time.time() + timeout
    while True:
        value = check()
        if value or time.time() > end:
            return value
        time.sleep(0.02)
