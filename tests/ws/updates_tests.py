"""/ws/updates (notes-ws section 10)."""
import json
import os
import re
import socket

from daemon import graph
from handshake_tests import STATIC, TOKEN
from protocol_tests import equal
from suite import env

FIGURES = ["cpu_percent", "memory_percent", "memory_total_gb", "memory_used_gb", "vram_percent", "vram_total_gb", "vram_used_gb"]


def notify(d, message):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(message if isinstance(message, bytes) else json.dumps(message).encode(),
                 os.path.join(d.run, "wsd-notify.sock"))


def changes(c, count):
    out = []
    while len(out) < count:
        m = c.recv()
        if m["type"] == "resource_change":
            out.append((m["event"], m["resource_type"], m["resource"]["id"]))
    return out


def test_load_figures(d):
    u = d.client("/ws/updates")
    for _ in range(3):
        m = u.recv(timeout=20)
        equal((m["type"], sorted(m["stats"])), ("system_stats", FIGURES))
        assert all(isinstance(m["stats"][k], float) for k in FIGURES[:4]), m
    u.ws.send("{bad")
    u.ws.send(b"\xc1")
    u.send({"command": "run_job"})
    equal(u.recv(timeout=20)["type"], "system_stats")


def test_changes_from_rest(d):
    u = d.client("/ws/updates")
    for event in ("created", "updated", "deleted"):
        notify(d, {"kind": "change", "user": "1", "event": event, "type": "workflow", "id": "w1", "etag": "e"})
    notify(d, {"kind": "change", "user": "2", "event": "created", "type": "workflow", "id": "theirs", "etag": "e"})
    notify(d, {"kind": "change", "user": "1", "event": "updated", "type": "thread", "id": "t1", "etag": None})
    equal(changes(u, 5), [("updated", "workflow", "w1"), ("created", "workflow", "w1"), ("updated", "workflow", "w1"),
                          ("deleted", "workflow", "w1"), ("updated", "thread", "t1")])


def test_datagrams_that_make_no_sense(d):
    for data in (b"", b"{", b"[]", b"x" * 5000, b'{"kind":"change"}', b'{"kind":5}', b"\xff" * 100, b"[" * 4000):
        notify(d, data)
    d.client().ping()


def test_a_run_announces_its_job(d):
    u, c = d.client("/ws/updates"), d.client()
    c.command("run_job", graph=graph("say"), workflow_id="w")
    end = c.until(type="job_update", status="completed")[-1]
    seen = changes(u, 3)
    equal(seen[:2], [("updated", "job", end["job_id"]), ("created", "job", end["job_id"])])
    equal(seen[-1], ("updated", "job", end["job_id"]))


def test_etags_look_like_rests(d):
    u, c = d.client("/ws/updates"), d.client()
    c.command("run_job", graph=graph("say"), workflow_id="w")
    while True:
        m = u.recv()
        if m["type"] == "resource_change":
            assert re.fullmatch("[0-9a-f]{32}", m["resource"]["etag"]), m
            break


@env(**STATIC)
def test_without_a_token_only_load_figures(d):
    blind, seeing = d.client("/ws/updates"), d.client("/ws/updates?api_key=" + TOKEN)
    c = d.client("/ws?api_key=" + TOKEN)
    c.command("run_job", graph=graph("say"), workflow_id="w")
    notify(d, {"kind": "change", "user": "1", "event": "updated", "type": "asset", "id": "a", "etag": "e"})
    changes(seeing, 3)
    equal({m["type"] for m in blind.silent(1.5)}, {"system_stats"})


def test_modern_clients_hear_of_changes_on_their_socket(d):
    old, modern = d.client(), d.client()
    modern.send({"type": "pong", "ts": 1})
    modern.ping()
    notify(d, {"kind": "change", "user": "1", "event": "updated", "type": "asset", "id": "a", "etag": "e"})
    equal(modern.until(type="resource_change")[-1]["resource_type"], "asset")
    equal(old.silent(0.3), [])
