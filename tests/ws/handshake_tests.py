"""Who may connect (notes-ws section 1)."""
import hashlib
import os
import time

from websockets.exceptions import ConnectionClosed

from daemon import refused
from protocol_tests import equal
from suite import env

TOKEN = "static-token-for-cases"
STATIC = {"AUTH_PROVIDER": "static", "SERVER_AUTH_TOKEN": TOKEN, "SECRETS_MASTER_KEY": "k"}


def bearer(token):
    return {"additional_headers": {"Authorization": "Bearer " + token}}


def test_unknown_paths_are_refused(d):
    for path in ("/", "/nope", "/ws/", "/ws/nope", "/wsx", "/api/ws"):
        equal((path, refused(d, path)), (path, 403))


def test_older_paths(d):
    for path in ("/ws/predict", "/predict"):
        d.client(path).ping()


def test_origins(d):
    own = "http://127.0.0.1:%d" % d.port
    for origin in (own, own.upper().replace("HTTP", "http"), "http://localhost:3000", "https://localhost", "http://127.9.8.7:1",
                   "http://[::1]:5"):
        equal((origin, refused(d, "/ws", origin=origin)), (origin, None))
    for origin in ("http://evil.example", "https://127.0.0.1.evil.example", "null", "http://localhost.evil.example",
                   "http://evil.example/127.0.0.1", "http://user@localhost", "ftp://localhost", "file://", "http://",
                   "http://1270.0.0.1", "http://" + "a" * 5000):
        equal((origin[:60], refused(d, "/ws", origin=origin)), (origin[:60], 403))
        equal((origin[:60], refused(d, "/ws/updates", origin=origin)), (origin[:60], 403))


@env(NODETOOL_ALLOWED_ORIGINS="https://app.example, http://other.example:8000/", **STATIC)
def test_origins_where_tokens_are_asked_for(d):
    for origin in ("https://app.example", "http://other.example:8000", "http://127.0.0.1:%d" % d.port):
        equal((origin, refused(d, "/ws?api_key=" + TOKEN, origin=origin)), (origin, None))
    for origin in ("http://app.example", "http://localhost:3000", "http://other.example"):
        equal((origin, refused(d, "/ws?api_key=" + TOKEN, origin=origin)), (origin, 403))


@env(**STATIC)
def test_tokens(d):
    d.client(**bearer(TOKEN)).ping()
    d.client(additional_headers={"Authorization": "bEARER " + TOKEN}).ping()
    d.client("/ws?api_key=" + TOKEN).ping()
    d.client("/ws?x=1&api_key=%20" + TOKEN + "%20&y=2").ping()
    for path, kw in (("/ws", {}), ("/ws?token=" + TOKEN, {}), ("/ws?api_key=", {}), ("/ws?api_key=x", {}),
                     ("/ws", bearer("wrong")), ("/ws?api_key=" + TOKEN, bearer("wrong")), ("/ws", bearer("a b")),
                     ("/ws", {"additional_headers": {"Authorization": "Basic " + TOKEN}}),
                     ("/ws/chat", {}), ("/ws/predict", {})):
        equal((path, kw, d.client(path, **kw).close_code()), (path, kw, 1008))


@env(**STATIC)
def test_what_is_sent_before_the_refusal_is_not_heard(d):
    c = d.client()
    try:
        c.command("run_job", graph={"nodes": [], "edges": []})
    except ConnectionClosed:
        pass  # the refusal was faster
    equal(c.close_code(), 1008)
    equal(d.rows("SELECT id FROM nodetool_jobs"), [])


@env(**STATIC)
def test_other_sockets_with_tokens(d):
    equal(refused(d, "/ws/download"), 403)
    equal(refused(d, "/ws/download?api_key=wrong"), 403)
    equal(refused(d, "/ws/download?api_key=" + TOKEN), None)
    equal(d.client("/ws/terminal").close_code(), 1008)
    equal(d.client("/terminal?api_key=" + TOKEN).close_code(), 1008)
    u = d.client("/ws/updates")
    equal(u.recv()["type"], "system_stats")
    equal(d.client("/ws/updates?api_key=wrong").close_code(), 1008)


USERS = """users:
  alice:
    user_id: user_alice
    role: user
    token_hash: %s
"""


@env(AUTH_PROVIDER="multi_user", SERVER_AUTH_TOKEN=TOKEN, SECRETS_MASTER_KEY="k")
def test_tokens_of_users(d):
    path = os.path.join(d.home, ".config", "nodetool", "users.yaml")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(USERS % hashlib.sha256(b"alices-token").hexdigest())
    alice = d.client("/ws?api_key=alices-token")
    job = alice.run(["wait"])
    server = d.client(**bearer(TOKEN))
    equal(server.ask("cancel_job", job_id=job)["error"], "Job not found or already completed")
    server.ask("reconnect_job", job_id=job)
    equal(server.until(type="job_update")[-1]["status"], "failed")
    server.ask("reconnect_job", job_id=job, last_seq=0)
    equal(server.until(type="job_resumed")[-1]["status"], "unknown")
    server.until(type="job_update")
    equal(d.job(job)["user_id"], "user_alice")
    # Whoever says that he is somebody else runs as himself.
    other = server.run(["say"], user_id="user_alice")
    equal(d.job(other)["user_id"], "1")
    equal(alice.ask("cancel_job", job_id=job)["message"], "Job cancellation requested")
    equal(d.client("/ws?api_key=bobs-token").close_code(), 1008)


def test_downloads_are_not_there_yet(d):
    c = d.client("/ws/download")
    for message in ({"command": "nope"}, {}, {"command": "get_status"}, {"command": 5}):
        c.send(message)
        equal(c.recv(), {"status": "error", "message": "Unknown command"})
    c.send({"command": "start_download", "repo_id": "a/b"})
    equal(c.recv()["status"], "error")
    c.ws.send("{bad")
    equal(c.recv()["status"], "error")
    equal(c.close_code(), 1000)


def test_the_terminal_is_off(d):
    equal(d.client("/ws/terminal").close_code(), 1008)
    equal(d.client("/terminal").close_code(), 1008)


@env(NODETOOL_ENABLE_TERMINAL_WS="1", SHELL="/bin/bash")
def test_the_terminal(d):
    c = d.client("/ws/terminal")
    c.send({"type": "ping"})
    c.until(type="pong")
    c.ws.send("{bad")
    c.ws.send(b"\xc1")
    c.send([1])
    c.send({"type": "nope"})
    c.until(type="error", message="Unknown message type")
    c.send({"type": "resize", "cols": 100, "rows": 40})
    c.send({"type": "resize", "cols": -1, "rows": 1 << 40})
    c.send({"type": "input", "data": "echo $((6*7))é; stty size; exit 3\n"})
    text = ""
    while True:
        m = c.recv()
        if m["type"] == "exit":
            break
        text += m.get("data", "")
    equal(m["code"], 3)
    assert "42é" in text and "40 100" in text, text
    equal(c.close_code(), 1000)


@env(NODETOOL_ENABLE_TERMINAL_WS="1", SHELL="/bin/bash")
def test_the_prompt_comes_as_the_client_speaks(d):
    c = d.client("/ws/terminal")
    c.send([1])
    assert isinstance(c.ws.recv(timeout=10), str)
    silent = d.client("/ws/terminal")
    assert isinstance(silent.ws.recv(timeout=10), bytes), "who says nothing gets the prompt all the same"


@env(NODETOOL_ENABLE_TERMINAL_WS="1", SHELL="/bin/bash")
def test_the_shell_ends_with_the_socket(d):
    c = d.client("/ws/terminal", binary=True)
    c.send({"type": "input", "data": "echo pid=$$ && exec sleep 1000\n"})
    text = ""
    while "pid=" not in text.replace("pid=$$", ""):
        text += c.recv().get("data", "")
    c.close()
    from daemon import children, eventually
    assert eventually(lambda: len(children(d.process.pid)) == 1), "the shell lives on"


@env(NODETOOL_ENABLE_TERMINAL_WS="1", ENV="production", NODETOOL_SERVER_MODE="desktop", **STATIC)
def test_no_terminal_in_production(d):
    equal(d.client("/ws/terminal?api_key=" + TOKEN).close_code(), 1008)
    equal(refused(d, "/ws/download?api_key=" + TOKEN), 403)
