"""nodetoolctl, the supervisor, tests/serve, quickstart, install-deps."""
import http.server
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import uuid

import websockets.exceptions
import websockets.sync.client

from common import free_port
from harness import ECHO, Load, ROOT, Server, TREE, processes_below, wait_for


def test_start_answers_and_stop_leaves_nothing():
    with Server() as s:
        began = time.time()
        s.start()
        took = time.time() - began
        assert s.get("/health").text == '"OK"'
        if os.environ.get("BUILD", "release") == "release":
            assert took < 2, "the start took %.2f s" % took
        assert s.ctl("stop").returncode == 0
        assert s.all_gone(), processes_below(s.folder)
        assert not [n for n in os.listdir(s.run) if n.endswith((".sock", ".pid"))]
        assert "no server" in s.ctl("stop").stderr


def test_start_refuses_a_port_in_use():
    with Server() as s, socket.socket() as taken:
        taken.bind(("127.0.0.1", s.port))
        taken.listen()
        done = s.ctl("start")
        assert done.returncode == 1
        assert "port %d is in use" % s.port in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
        assert s.all_gone()


def test_start_refuses_a_second_server_on_one_folder():
    with Server() as s:
        s.start()
        done = s.ctl("start")
        assert done.returncode == 1 and "running already" in done.stderr
        assert s.get("/health").status == 200


def test_start_names_the_program_that_fails():
    with Server() as s:
        s.replace("server", "/bin/false")
        done = s.ctl("start")
        assert done.returncode == 1 and "server ended with status 1" in done.stderr, done.stderr
        assert s.all_gone()


def test_start_refuses_wrong_settings_in_one_sentence():
    wrong = [
        ({"NODETOOL_PORT": "http"}, "is no port"),
        ({"NODETOOL_MAX_UPLOAD": "much"}, "is no size"),
        ({"NODETOOL_RATE_LIMIT": "5; }"}, "is no rate"),
        ({"NODETOOL_TRUSTED_PROXY": "any where"}, "is no address"),
        ({"STATIC_FOLDER": "/nowhere at all"}, "there is no folder"),
        ({"STATIC_FOLDER": '/tmp/"; include x;'}, "a character that"),
        ({"NODETOOL_RUN_DIR": "/tmp/" + "x" * 100}, "too long"),
        ({"NODETOOL_RUN_DIR": "/proc/none"}, "cannot be made"),
        ({"DB_PATH": "/proc/none/x.sqlite3"}, "cannot be made"),
        ({"NODETOOL_SERVER_MODE": "public"}, "supabase"),
    ]
    with Server() as s:
        for settings, words in wrong:
            done = s.ctl("start", **settings)
            assert done.returncode == 1 and words in done.stderr, (settings, done.stderr)
            assert len(done.stderr.splitlines()) == 1, done.stderr
            assert s.all_gone()


def test_server_conf_and_pools_conf():
    with Server(echo=("server",)) as s:
        s.env.pop("NODETOOL_PORT")
        s.conf("server.conf", "# comment\nNODETOOL_PORT=%d\n" % s.port)
        s.conf("pools.conf", "server 3\n")
        s.start()
        assert len(s.pids("server")) == 3
        s.conf("pools.conf", "server none\n")
        assert "pools.conf, line 1" in s.ctl("reload").stderr
        s.conf("server.conf", "port: 7\n")
        assert "server.conf, line 1" in s.ctl("status").stderr
        done = s.ctl("stop")
        assert done.returncode == 0 and "server.conf, line 1" in done.stderr, done
        assert s.all_gone()


def test_dead_processes_are_replaced():
    with Server() as s:
        s.start()
        before = s.pids("server")
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: len(s.pids("server")) == len(before) and s.pids("server") != before)
        assert s.get("/health").status == 200


def test_a_process_that_keeps_dying_is_tried_again_slower():
    with Server(echo=("server",)) as s:
        s.start()
        s.replace("server", "/bin/false")
        for pid in s.pids("server"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        log = open(os.path.join(s.run, "log", "nodetool.log")).read()
        assert 4 <= log.count("a new one is started") <= 16, log
        s.replace("server", ECHO)
        wait_for(lambda: s.get("/health").status == 200)


def test_killed_in_mid_request_is_502_for_that_client_alone():
    with Server(echo=("server",)) as s:
        s.conf("pools.conf", "server 1\n")
        s.start()
        [pid] = s.pids("server")
        with Load(s, "/api/slow", threads=1) as load:
            time.sleep(0.3)
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda: load.count)
            load.ended = True
        assert len(load.failures) == 1 and load.failures[0].startswith('502 {"detail":'), load.failures
        assert s.get("/health").status == 200


def test_reload_drops_no_request():
    with Server() as s:
        s.start()
        before = s.pids("server")
        with Load(s, "/health") as load:
            wait_for(lambda: load.count > 20)
            for _ in range(5):
                done = s.ctl("reload")
                assert done.returncode == 0, done.stderr + open(s.run + "/log/nodetool.log").read()
        assert not load.failures, load.failures
        assert not set(before) & set(wait_for(lambda: s.pids("server")))
        assert s.get("/health").status == 200


def test_reload_waits_for_the_request_in_flight():
    with Server(echo=("server",)) as s:
        s.start()
        with Load(s, "/api/slow", threads=2) as load:
            time.sleep(0.3)
            assert s.ctl("reload").returncode == 0
            wait_for(lambda: load.count >= 2)
        assert not load.failures, load.failures


def test_reload_with_broken_programs_keeps_the_old():
    with Server(echo=("server",)) as s:
        s.start()
        before = s.pids("server")
        s.replace("server", "/bin/false")
        done = s.ctl("reload")
        assert done.returncode == 1 and "the old ones go on" in done.stderr, done.stderr
        assert s.pids("server") == before and s.get("/health").status == 200
        s.replace("server", ECHO)
        assert s.ctl("reload").returncode == 0


def test_reload_takes_new_sizes_and_keeps_the_address():
    with Server(echo=("server",)) as s:
        s.start()
        s.conf("pools.conf", "server 5\n")
        s.env.pop("NODETOOL_PORT")
        assert s.ctl("reload").returncode == 0
        wait_for(lambda: len(s.pids("server")) == 5)
        assert s.get("/health").status == 200
        assert s.ctl("restart").returncode == 0
        assert s.get("/health").status == 200


def test_nothing_survives_a_killed_supervisor():
    with Server() as s:
        s.start()
        with open(os.path.join(s.run, "supervisor.pid")) as f:
            os.kill(int(f.read()), signal.SIGKILL)
        wait_for(s.all_gone)
        s.start()
        assert s.get("/health").status == 200


def test_status_shows_each_process():
    with Server() as s:
        assert s.ctl("status").returncode == 3
        s.start()
        for _ in range(5):
            s.get("/health")
        text = s.ctl("status").stdout
        rows = re.findall(r"^\d+ +server +\w+ +(\d+) +(\d+) +(\d+)$", text, re.M)
        assert len(rows) == len(s.pids("server")), text
        assert sum(int(r[2]) for r in rows) >= 5 and all(int(r[0]) > 0 for r in rows), text
        assert re.search(r"^\d+ +nginx ", text, re.M) and "private memory of all" in text, text


def test_backup_checkpoint_check():
    with Server() as s:
        s.start()
        copy = os.path.join(s.folder, "copy's.sqlite3")
        done = s.ctl("backup", copy)
        assert done.returncode == 0, done.stderr
        with sqlite3.connect(copy) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("SELECT count(*) FROM nodetool_workflows").fetchone() == (0,)
        assert os.stat(copy).st_mode & 0o777 == 0o600
        assert s.ctl("backup", copy).returncode == 1
        assert s.ctl("checkpoint").returncode == 0
        done = s.ctl("check")
        assert "SQLite" in done.stdout and "running on http://127.0.0.1:%d" % s.port in done.stdout, done.stdout
        os.chmod(os.path.join(s.home, ".local/share/nodetool/nodetool.sqlite3"), 0o644)
        assert "chmod 600" in s.ctl("check").stdout


def test_run_in_the_foreground_ends_on_a_signal():
    with Server() as s:
        proc = subprocess.Popen([os.path.join(s.installed, "bin", "nodetoolctl"), "run"], env=s.env, cwd=s.folder,
                                stderr=subprocess.PIPE)
        wait_for(lambda: os.path.exists(os.path.join(s.run, "generation")))  # the start is over; before, a signal makes it fail
        proc.send_signal(signal.SIGTERM)
        assert proc.wait(15) == 0
        proc.stderr.close()
        assert s.all_gone()


def _up(port):
    with socket.socket() as c:
        return c.connect_ex(("127.0.0.1", port)) == 0


def test_an_ollama_on_this_machine_is_found():
    class Ollama(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = b'{"models":[{"name":"tiny:latest"}]}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args):
            pass

    try:
        ollama = http.server.ThreadingHTTPServer(("127.0.0.1", 11434), Ollama)
    except OSError:
        return  # there is one
    threading.Thread(target=ollama.serve_forever, daemon=True).start()
    try:
        with Server() as s:
            s.start()
            text = s.get("/api/models/llm/ollama").text
            assert '"id":"tiny:latest"' in text, text
    finally:
        ollama.shutdown()
        ollama.server_close()


def test_serve_twice_side_by_side():
    folder = tempfile.mkdtemp(prefix="nodetool-ops-")
    ports = [free_port(), free_port()]
    procs = []
    for i, port in enumerate(ports):
        home = os.path.join(folder, str(i))
        os.makedirs(home)
        procs.append(subprocess.Popen([os.path.join(ROOT, "tests", "serve"), str(port)],
                                      env={**os.environ, "HOME": home, "TMPDIR": home, "DB_PATH": home + "/x.sqlite3"}))
    try:
        for i, port in enumerate(ports):
            wait_for(lambda p=port: _up(p), 60)
            assert os.path.exists(os.path.join(folder, str(i), "x.sqlite3"))
    finally:
        for proc in procs:
            proc.send_signal(signal.SIGTERM)
        ends = [proc.wait(20) for proc in procs]
    assert ends == [0, 0], ends
    assert not processes_below(folder)
    assert not [n for i in range(2) for n in os.listdir(os.path.join(folder, str(i))) if n.startswith("nodetool-serve")]
    subprocess.run(["rm", "-rf", folder])


def test_client_stores_and_runs_the_examples():
    with Server() as s:
        s.start()
        client = [os.path.join(s.installed, "bin", "nodetool-client"), "--url", "http://127.0.0.1:%d" % s.port]

        def run(*args):
            return subprocess.run(client + list(args), capture_output=True, text=True, timeout=60)
        examples = [os.path.join(ROOT, "examples", n) for n in sorted(os.listdir(os.path.join(ROOT, "examples")))]
        for _ in range(2):  # storing them again changes them in place
            done = run("store", *examples)
            assert done.returncode == 0, done.stderr
        assert len(run("list").stdout.splitlines()) == len(examples)
        text = os.path.join(s.folder, "text.md")
        with open(text, "w") as f:
            f.write("# One\nthree words here\n\n## Two\nand four words more\n")
        done = run("run", "--quiet", "--file", "document=" + text, "example-outline")
        assert done.returncode == 0, done.stderr
        assert "1. One (5 words)\n2. Two (5 words)\n\n2 sections, 11 words in all\n" in done.stdout, done.stdout
        assert "Sorry, Ada: 41 points" in run("run", "--quiet", "--param", "score=41", "example-letter").stdout
        done = run("run", "--param", "count=4", "example-squares")
        assert "completed" in done.stdout and "14" in done.stdout.split("sum:")[1], done.stdout
        graph = os.path.join(s.folder, "graph.json")
        with open(graph, "w") as f:
            f.write('{"nodes": [{"id": "a", "type": "nope"}], "edges": []}')
        done = run("run", graph)
        assert done.returncode == 1 and "Invalid node type: nope" in done.stderr, done.stderr
        assert run("run", "no-such-workflow").returncode == 1
        s.ctl("stop")
        done = run("run", "example-letter")
        assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def _quickstart(*args):
    return subprocess.run([os.path.join(ROOT, "scripts", "quickstart"), *args], capture_output=True, text=True)


def test_quickstart_refuses_in_one_sentence():
    with socket.socket() as taken, tempfile.TemporaryDirectory() as prefix:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for args, words in ((["--port", str(taken.getsockname()[1])], "is in use"), (["--port", "x"], "is no port"),
                            (["--input", "/nowhere"], "cannot be read"), (["--prefix", "/proc/x"], "cannot be written")):
            done = _quickstart("--prefix", prefix, *args)
            assert done.returncode == 1 and words in done.stderr, done.stderr
            assert len(done.stderr.splitlines()) == 1 and not done.stdout, done.stderr
        assert not processes_below(prefix)


def test_the_list_of_nodes_is_up_to_date():
    done = subprocess.run([os.path.join(ROOT, "scripts", "node-list"), "--check", os.path.join(TREE, "node_metadata.json")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_install_deps_names_what_it_may_not_install():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("dpkg-query", "exit 1"), ("id", "echo 1000"), ("sudo", "exit 1")):
            path = os.path.join(folder, name)
            with open(path, "w") as f:
                f.write("#!/bin/sh\n%s\n" % text)
            os.chmod(path, 0o755)
        done = subprocess.run([os.path.join(ROOT, "scripts", "install-deps"), "build"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
        assert done.returncode == 1 and "libfcgi-dev" in done.stderr and "only root" in done.stderr, done.stderr
        assert not done.stdout


TICKS = {"nodes": [{"id": "i", "type": "nodetool.triggers.IntervalTrigger", "data": {"interval_seconds": 0.1}},
                   {"id": "o", "type": "nodetool.output.Output", "data": {"name": "tick"}}],
         "edges": [{"id": "e", "source": "i", "sourceHandle": "tick", "target": "o", "targetHandle": "value"}]}


class Watcher:
    """A client that follows one run, and comes again when it is sent away."""

    def __init__(self, server, job):
        self.server, self.job, self.seen, self.closed = server, job, [], []
        self.connect()

    def connect(self):
        self.ws = websockets.sync.client.connect("ws://127.0.0.1:%d/ws" % self.server.port, open_timeout=30, compression=None)
        if self.seen:
            self.send("reconnect_job", last_seq=self.seen[-1]["job_seq"])

    def send(self, command, **data):
        self.ws.send(json.dumps({"command": command, "data": {"job_id": self.job, **data}}))

    def until(self, done):
        while not done():
            try:
                m = json.loads(self.ws.recv(timeout=30))
            except websockets.exceptions.ConnectionClosed as e:
                self.closed.append(e.rcvd and e.rcvd.code)
                self.connect()
                continue
            if "job_seq" in m:
                self.seen.append(m)

    def ticks(self):
        return [m["value"] for m in self.seen if m["type"] == "output_update"]


def test_reload_lets_runs_go_on_and_clients_lose_nothing():
    def programs():
        with open(s.run + "/log/nodetool.log") as log:
            return len(re.findall(r"wsd\[\d+\]: ready", log.read()))

    with Server() as s:
        s.start()
        daemon = s.pids("wsd")[0]
        c = Watcher(s, uuid.uuid4().hex)
        c.send("run_job", graph=TICKS, workflow_id="w")
        c.until(lambda: len(c.ticks()) >= 3)
        for n in (1, 2):
            assert s.ctl("reload").returncode == 0
            c.until(lambda: len(c.closed) >= n and programs() > n)
            more = len(c.ticks()) + 3
            c.until(lambda: len(c.ticks()) >= more)
        c.send("cancel_job")
        c.until(lambda: c.seen[-1].get("status") == "cancelled")
        c.ws.close()
        numbers = [m["job_seq"] for m in c.seen]
        assert numbers == list(range(1, len(numbers) + 1)), numbers
        assert c.ticks() == list(range(c.ticks()[0], c.ticks()[0] + len(c.ticks()))), c.ticks()
        with sqlite3.connect(s.home + "/.local/share/nodetool/nodetool.sqlite3") as db:
            assert db.execute("SELECT status, retry_count FROM nodetool_jobs").fetchall() == [("cancelled", 0)]
        assert set(c.closed) <= {1012, None}, c.closed  # None: an old worker of nginx was faster
        assert daemon in s.pids("wsd"), "the daemon is another process"


def test_reload_with_a_daemon_that_does_not_run_changes_nothing():
    with Server() as s:
        s.start()
        before = s.pids("server")
        s.replace("wsd", "/bin/false")
        done = s.ctl("reload")
        assert done.returncode == 1 and "daemon does not run" in done.stderr, done.stderr
        assert s.pids("server") == before
