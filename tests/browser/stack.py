"""The whole server for tests, started through tests/serve, and a TCP relay in front of it that can cut connections."""
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from common import free_port

PROJECT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD_SECONDS = 900  # tests/serve builds first


class Server:
    """One server with a home folder of its own; `env` are settings such as AUTH_PROVIDER."""

    def __init__(self, **env):
        self.home = tempfile.mkdtemp(prefix="browser-home-")
        self.env = {**os.environ, "HOME": self.home, "DB_PATH": os.path.join(self.home, "nodetool.sqlite3"), **env}
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.home, "serve.log"), "ab")
        self.process = subprocess.Popen([os.path.join(PROJECT, "tests", "serve"), str(self.port)], cwd=PROJECT, env=self.env,
                                        start_new_session=True, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.time() + BUILD_SECONDS
        while time.time() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.url + "/health", timeout=2).read()
                return
            except OSError:
                time.sleep(0.1)
        with open(self.log.name, errors="replace") as f:
            last = f.read()[-2000:]
        self.stop()
        raise RuntimeError("the server did not come up:\n" + last)

    def daemon(self):
        """The process id of the server's daemon: the topmost wsd below tests/serve."""
        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
        rows = {int(pid): (int(parent), args) for pid, parent, args in (line.split(None, 2) for line in listed.splitlines())}
        for pid, (parent, args) in rows.items():
            name = os.path.basename(args.split()[0])
            if name != "wsd" or os.path.basename(rows.get(parent, (0, "-"))[1].split()[0]) == "wsd":
                continue
            above = pid
            while above in rows and above != self.process.pid:
                above = rows[above][0]
            if above == self.process.pid:
                return pid
        raise AssertionError("no daemon runs")

    def halt(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()

    def stop(self):
        self.halt()
        shutil.rmtree(self.home, ignore_errors=True)


def rest(url, method="GET", body=None, token=""):
    headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=20) as answer:
        return json.loads(answer.read() or b"null")


class Relay:
    """Passes TCP connections on; cut() ends all of them, and while `refuse` is set new ones are closed at once."""

    def __init__(self, port):
        self.target, self.refuse, self.open = port, False, set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.refuse:
                    raise OSError
                server = socket.create_connection(("127.0.0.1", self.target), 5)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            self.open |= {client, server}
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(a, b), daemon=True).start()

    def _copy(self, source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for s in (source, target):
            self.open.discard(s)
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for s in list(self.open):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.listener.close()
        self.cut()
