"""Messages, encodings, bad input (notes-ws section 2, notes-clients section 1)."""
import json
import os
import random
import socket
import struct
import subprocess
import time

import msgpack
from websockets.exceptions import ConnectionClosed

from daemon import graph, program
from suite import env


def equal(got, want):
    assert got == want, "expected %r, got %r" % (want, got)


def test_ping_in_both_encodings(d):
    for binary in (False, True):
        c = d.client(binary=binary)
        c.send({"type": "ping"})
        data = c.ws.recv(timeout=30)
        equal(isinstance(data, bytes), binary)
        m = msgpack.unpackb(data) if binary else json.loads(data)
        equal(sorted(m), ["ts", "type"])
        assert isinstance(m["ts"], float)


def test_nothing_is_said_unasked(d):
    equal(d.client().silent(0.3), [])


def test_mode_follows_the_frame(d):
    c = d.client()
    for binary in (True, False, True, True, False):
        c.binary = binary
        c.command("get_status")
        data = c.ws.recv(timeout=30)
        equal(isinstance(data, bytes), binary)


def test_set_mode(d):
    c = d.client(binary=True)
    c.command("set_mode", mode="text")
    assert isinstance(c.ws.recv(timeout=30), str)
    c.command("set_mode", mode="other")
    equal(c.until(error="invalid_command")[-1]["error"], "invalid_command")


def test_bad_frames_leave_the_socket_open(d):
    c = d.client()
    deep_json = "[" * 10000 + "]" * 10000
    deep_map = '{"a":' * 10000 + "1" + "}" * 10000
    for text in ("", "{bad", "{}x", "nul", deep_json, deep_map, '{"a":NaN}'):
        c.ws.send(text)
        equal(c.until(type="error")[-1]["type"], "error")
    for data in (b"", b"\xc1", b"\x81\xa1a", b"\xff\xff", b"\x01\x02", b"\x91" * 10000 + b"\x01", b"\x81\x01\x02",
                 b"\xdb\xff\xff\xff\xffabc", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xa2\xff\xfe",
                 b"\xc7\x03\x05abc"):
        c.ws.send(data)
        equal(c.until(type="error")[-1]["type"], "error")
    c.ping()


def test_bad_frames_do_not_change_the_mode(d):
    c = d.client()
    c.ping()
    c.ws.send(b"\xc1")
    assert isinstance(c.ws.recv(timeout=30), str)


def test_invalid_utf8_in_text(d):
    c = d.client()
    frame = c.ws.protocol
    payload = b'{"type":"\xff\xfe"}'
    mask = os.urandom(4)
    masked = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    c.ws.socket.sendall(bytes([0x81, 0x80 | len(payload)]) + mask + masked)
    equal(c.until(type="error")[-1]["type"], "error")
    assert frame is not None


def test_non_objects_are_ignored(d):
    c = d.client()
    for text in ("[1]", '"x"', "5", "true", "null"):
        c.ws.send(text)
    for v in (None, 1, "x", [1], b"x"):
        c.ws.send(msgpack.packb(v))
    c.send({"type": "ping"})
    equal(c.recv()["type"], "pong")


def test_pong_is_swallowed(d):
    c = d.client()
    c.send({"type": "pong", "ts": 1})
    c.send({"type": "pong", "ts": 1.5, "more": None})
    c.send({"type": "ping"})
    equal(c.recv()["type"], "pong")


def test_unknown_commands(d):
    c = d.client()
    for name in ("launch", "RUN_JOB", "", "pause_job", 5, ["run_job"], {"a": 1}):
        c.send({"command": name, "data": {}})
        m = c.recv()
        equal((m["error"], sorted(m)), ("invalid_command", ["details", "error"]))
    for data in ([], None, "x", 5):
        c.send({"command": "get_status", "data": data})
        equal(c.recv()["error"], "invalid_command")
    c.send({"foo": 1})
    equal(c.recv()["error"], "invalid_message")


def test_extension_0_reads_as_nil(d):
    c = d.client(binary=True)
    nothing = msgpack.ExtType(0, b"\0")
    g = graph("say")
    g["nodes"][0].update(parent_id=nothing, ui_properties={"height": nothing}, dynamic_properties=nothing)
    c.send({"command": "run_job", "data": {"graph": g, "resource_limits": nothing, "env": nothing, "job_id": nothing,
                                           "api_url": nothing, "params": nothing, "workflow_id": "w"}})
    assert c.until(type="job_update", status="completed")


def test_integers_are_short_and_keys_are_text(d):
    c = d.client(binary=True)
    c.command("run_job", graph=graph(("say", {"text": "é"})), workflow_id="w")
    c.until(type="job_update")
    while True:
        data = c.ws.recv(timeout=30)
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=True)
        unpacker.feed(data)
        m = unpacker.unpack()
        equal(unpacker.tell(), len(data))
        assert b"\xd3" not in data.split(b"duration")[0] and b"\xcf" not in data, data
        if m.get("status") == "completed" and m["type"] == "job_update":
            return


def test_whole_floats_are_integers(d):
    c = d.client(binary=True)
    job = c.run(["say", "wait"])
    m = c.ask("reconnect_job", job_id=job, last_seq=1.0)
    equal(m["message"], "Reconnecting to job " + job)
    equal(c.until(type="job_resumed")[-1]["last_seq"], 1)
    c.ask("cancel_job", job_id=job)


def test_continuation_frames(d):
    c = d.client()
    text = json.dumps({"type": "ping", "filler": "x" * 50000})
    c.ws.send(text[i:i + 777] for i in range(0, len(text), 777))
    equal(c.recv()["type"], "pong")


def test_big_messages(d):
    c = d.client(binary=True)
    c.command("run_job", graph=graph("say"), params={"blob": os.urandom(70 << 20)})
    assert c.until(type="job_update", status="completed", timeout=60)


@env(NODETOOL_WS_MAX_FRAME="65536")
def test_too_big_a_message_is_1009(d):
    c = d.client()
    c.send({"type": "ping", "x": "y" * 60000})
    equal(c.recv()["type"], "pong")
    c.send({"type": "ping", "x": "y" * 70000})
    equal(c.close_code(), 1009)
    d.client().ping()


def test_commands_without_job_id(d):
    c = d.client()
    for name in ("cancel_job", "reconnect_job", "resume_job", "stream_input", "end_input_stream"):
        for data in ({}, {"job_id": ""}, {"job_id": None}, {"job_id": 0}):
            c.send({"command": name, "data": data})
            equal(c.recv(), {"error": "job_id is required"})


def test_strange_job_ids(d):
    c = d.client()
    for job in (5, 1.5, ["x"], {"a": 1}, "../../etc/passwd", "a\0b", "é" * 500, "x" * 100000):
        m = c.ask("get_status", job_id=job)
        equal((m["status"], m["job_id"]), ("not_found", job))
        equal(c.ask("cancel_job", job_id=job)["error"], "Job not found or already completed")
        c.ask("reconnect_job", job_id=job)
        equal(c.until(type="job_update")[-1]["status"], "failed")
        equal(c.ask("stream_input", job_id=job, input="x"), {"error": "No active job/context"})


def test_manifest_and_tool_results(d):
    c = d.client()
    c.send({"type": "client_tools_manifest", "tools": [{"name": "a"}]})
    c.send({"type": "client_tools_manifest"})
    c.send({"type": "tool_result", "tool_call_id": "x"})
    c.send({"type": "client_tools_manifest", "tools": [{"description": "no name"}]})
    equal(c.recv()["type"], "error")


def test_requests_by_id(d):
    c = d.client()
    c.send({"command": "list_workflows", "data": {}, "request_id": "r1"})
    m = c.until(type="rpc_response")[-1]
    equal((m["request_id"], m["command"], m["error"]["code"], m["error"]["retryable"]),
          ("r1", "list_workflows", "unavailable", True))  # no REST programs in this test
    c.send({"command": "get_workflow", "data": {"request_id": "r2"}})
    equal(c.until(type="rpc_response")[-1]["error"]["code"], "invalid_request")
    c.send({"command": "no_such_thing", "data": {}, "request_id": "r3"})
    equal(c.until(type="rpc_response")[-1]["error"]["code"], "not_supported")
    c.send({"command": "get_status", "data": {}, "request_id": None})
    equal(c.recv(), {"active_jobs": []})


@env()
def test_requests_by_id_reach_rest(d):
    d.execute("INSERT INTO nodetool_workflows (id, user_id, access, created_at, updated_at, name, graph) VALUES "
              "('w', '1', 'private', '2026-01-01', '2026-01-01', 'mine', ?)",
              json.dumps({"nodes": [{"id": "i", "type": "nodetool.input.StringInput", "data": {"name": "s"}}], "edges": []}))
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(os.path.join(d.run, "sdk.sock"))
        s.listen(8)
        sdk = subprocess.Popen([program("sdk")], stdin=s, env=d.env)
    c = d.client()

    def ask(command, **data):
        c.send({"command": command, "data": data, "request_id": "r"})
        return c.until(type="rpc_response")[-1]
    try:
        equal(ask("get_capabilities")["result"]["protocol_version"], "1")
        equal([w["name"] for w in ask("list_workflow_summaries", limit=5)["result"]["workflows"]], ["mine"])
        got = ask("get_workflow_interfaces", ids=["w"] + ["x" * 100 + str(i) for i in range(99)], version=1)["result"]
        equal([i["workflow_id"] for i in got["interfaces"]], ["w"])
        equal(len(got["errors"]), 99)
        equal(ask("get_workflow_interfaces", ids="w")["error"]["code"], "invalid_request")
        equal(ask("get_workflow_interfaces", ids=["w"], rest="x" * 200000)["result"]["errors"], [])
        equal(ask("get_workflow_interfaces", ids=["w"], rest="x" * 2000000)["error"]["code"], "invalid_request")
        equal(ask("preflight_workflow", workflow_id="w")["error"]["code"], "not_supported")
        equal(ask("get_workflow_interface")["error"]["code"], "invalid_request")
    finally:
        sdk.terminate()
        sdk.wait()


def test_random_bytes(d):
    rng = random.Random(7)
    c = d.client()
    for _ in range(500):
        c.ws.send(rng.randbytes(rng.randrange(1, 60)))
    seed = msgpack.packb({"command": "run_job", "data": {"graph": graph("say"), "job_id": "x", "params": {"a": [1, 2.5, None]}}})
    for _ in range(500):
        data = bytearray(seed)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        c.ws.send(bytes(data))
    c.binary = False
    c.send({"type": "ping", "last": 1})
    c.until(type="pong", timeout=30)


@env(NODETOOL_WS_MAX_QUEUE="1048576")
def test_a_flood_from_a_client_that_never_reads(d):
    raw = socket.create_connection(("127.0.0.1", d.port))
    raw.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    payload = b'{"type":"ping"}'
    frame = bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload
    raw.settimeout(0.5)
    sent = 0
    try:
        while sent < 200 << 20:
            sent += raw.send(frame * 500)
    except (TimeoutError, OSError):
        pass
    assert sent < 100 << 20, "the daemon takes everything"
    assert d.memory() < 400 << 20
    d.client().ping()
    raw.close()


@env()
def test_ping_message_after_25_seconds(d):
    c = d.client()
    began = time.time()
    m = c.recv(timeout=30)
    equal(sorted(m), ["ts", "type"])
    equal(m["type"], "ping")
    assert 23 < time.time() - began < 40
    c.send({"type": "pong"})
    equal(c.silent(0.3), [])


@env()
def test_half_open_sockets_are_closed(d):
    raw = socket.create_connection(("127.0.0.1", d.port))
    raw.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
    raw.settimeout(90)
    began = time.time()
    while raw.recv(65536):
        pass
    assert 40 < time.time() - began < 75, time.time() - began


def test_half_a_frame(d):
    c = d.client()
    c.ws.socket.sendall(bytes([0x82, 0xfe]) + struct.pack(">H", 60000) + b"\0\0\0\0" + b"x" * 100)
    d.client().ping()
    c.ws.socket.close()
    d.client().ping()


def test_wrong_opcodes(d):
    for head in (b"\x83\x80\0\0\0\0", b"\x80\x80\0\0\0\0", b"\xf1\x80\0\0\0\0", b"\x81\x01x"):
        c = d.client()
        c.ws.socket.sendall(head)
        try:
            c.ws.recv(timeout=3)
        except (ConnectionClosed, TimeoutError):
            pass
    d.client().ping()
