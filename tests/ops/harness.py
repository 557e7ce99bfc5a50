"""An installed copy of the server in a folder of its own, so that a test may exchange its programs and settings."""
import contextlib
import glob
import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from common import free_port

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREE = os.path.join(ROOT, "build-" + os.environ.get("BUILD", "release"))
ECHO = os.path.join(TREE, "tests", "ops", "echo")


def wait_for(what, seconds=30):
    """Waits until what() is true and gives its value; a test fails when that never happens."""
    end = time.time() + seconds
    while time.time() < end:
        value = what()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("did not come true within %g seconds" % seconds)


def processes_below(path):
    """Living processes that name something below the path in their command line, or work there (nginx's workers name
    nothing): pid -> command line."""
    found = {}
    for name in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(name, "rb") as f:
                words = f.read().split(b"\0")
            place = os.readlink(os.path.join(os.path.dirname(name), "cwd"))
        except OSError:
            continue
        if (place + "/").startswith(path + "/") or any(path.encode() in w for w in words):
            found[int(name.split("/")[2])] = b" ".join(words).decode("utf-8", "replace")
    return found


class Answer:
    def __init__(self, response):
        self.status, self.reason, self.headers = response.status, response.reason, response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


class Server:
    """with Server(echo=("server",)) as s: s.ctl("start"); s.get("/health")"""

    def __init__(self, echo=(), **settings):
        self.folder = tempfile.mkdtemp(prefix="nodetool-ops-")
        self.home = os.path.join(self.folder, "home")
        self.run = os.path.join(self.folder, "run")
        self.installed = os.path.join(self.folder, "installed")
        self.libexec = os.path.join(self.installed, "libexec", "nodetool")
        self.port = free_port()
        shutil.copytree(os.path.join(TREE, "installed"), self.installed)
        os.makedirs(self.home)
        for name in echo:
            self.replace(name, ECHO)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("NODETOOL_")}
        self.env.update(HOME=self.home, NODETOOL_RUN_DIR=self.run, NODETOOL_PORT=str(self.port))
        self.env.update({k: str(v) for k, v in settings.items()})

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.ctl("stop")
        for pid in processes_below(self.folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
        shutil.rmtree(self.folder, ignore_errors=True)

    def replace(self, name, program):
        """Puts another program in the place of an installed one, as an upgrade does (a new file, not a changed one)."""
        target = os.path.join(self.libexec, name)
        shutil.copy(program, target + ".new")
        os.rename(target + ".new", target)

    def conf(self, name, text):
        folder = os.path.join(self.home, ".config", "nodetool")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)

    def ctl(self, *args, **env):
        return subprocess.run([os.path.join(self.installed, "bin", "nodetoolctl"), *args], env={**self.env, **env},
                              cwd=self.folder, capture_output=True, text=True, timeout=60)

    def start(self):
        done = self.ctl("start")
        assert done.returncode == 0, done.stderr
        return self

    def request(self, method, path, body=None, headers=None, timeout=20):
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            conn.putrequest(method, path, skip_host=bool(headers and "Host" in headers), skip_accept_encoding=True)
            for k, v in (headers or {}).items():
                conn.putheader(k, v)
            if body is not None and "Content-Length" not in (headers or {}):
                conn.putheader("Content-Length", str(len(body)))
            conn.endheaders(body)
            return Answer(conn.getresponse())
        finally:
            conn.close()

    def get(self, path, **headers):
        return self.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def variables(self, path, headers=None):
        """What a program put in the place of a router was told."""
        return dict(line.split("=", 1) for line in self.request("GET", path, headers=headers).text.splitlines())

    def pids(self, name):
        """Processes of that program, by the file that they run."""
        found = []
        for pid in processes_below(self.libexec):
            try:
                if os.path.basename(os.readlink("/proc/%d/exe" % pid)).split(" ")[0] == name:
                    found.append(pid)
            except OSError:
                pass
        return sorted(found)

    def all_gone(self):
        return not processes_below(self.folder)


class Load:
    """Requests without a pause from some threads, until it is left; failures are kept."""

    def __init__(self, server, path, threads=4):
        self.server, self.path, self.count, self.failures, self.ended = server, path, 0, [], False
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(threads)]

    def work(self):
        while not self.ended:
            try:
                answer = self.server.get(self.path)
                if answer.status != 200:
                    self.failures.append("%d %s" % (answer.status, answer.text))
            except OSError as e:
                self.failures.append(str(e))
            self.count += 1

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.ended = True
        for t in self.threads:
            t.join()
