"""Tools that a model calls in a chat: files of the workspace, pages, workflows, sums. notes-ws section 9."""
import json
import os
import tempfile
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chat_tests import answer, chat, equal, llm, say, thread
from common import free_port
from daemon import PROJECT, program
from suite import env


class Page(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        data = b"<html><head><style>p{}</style></head><body><h1>Title</h1><p>one &amp; two</p></body></html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


pages = ThreadingHTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=pages.serve_forever, daemon=True).start()


def call(d, name, args, tools=None):
    """What the tool gave."""
    seen = answer(d.client(), thread(), "call %s %s" % (name, json.dumps(args)), tools=tools or [name], provider="openai")
    return json.loads(next(m for m in seen if m.get("role") == "tool")["content"])


@chat
def test_tool_calculator(d):
    for text, result in (("2 + 3 * 4", 14), ("-2 ** 2", -4), ("(1 + 2) / 4", 0.75), ("7 // 2 + 7 % 4", 6), ("-7 % 3", 2),
                         ("sqrt(16) + max(1, 2, 3)", 7), ("2 ^ 10", 1024), ("round(pi * 100)", 314)):
        equal(call(d, "calculator", {"expression": text}), {"result": result})
    for text in ("", "1 / 0", "1 +", "(1", "foo(1)", "1 2", "sqrt(1, 2)", "(" * 5000, "-" * 5000, "9 ** 9 ** 9"):
        equal(list(call(d, "calculator", {"expression": text})), ["error"])


@chat
def test_tool_date(d):
    equal(sorted(call(d, "current_date", {})), ["date", "time", "utc_offset", "weekday"])


@chat
def test_tool_files_of_the_workspace(d):
    error = call(d, "read_file", {"path": "a.txt"})
    assert "error" in error, error
    with tempfile.TemporaryDirectory() as folder:
        d.execute("INSERT INTO nodetool_workspaces (id, user_id, name, path, is_default, created_at, updated_at) VALUES "
                  "('w1', '1', 'x', ?, 1, '2026-01-01T00:00:00', '2026-01-01T00:00:00')", folder)
        call(d, "write_file", {"path": "a/b.txt", "content": "hello", "nonsense": 1})
        with open(os.path.join(folder, "a", "b.txt")) as f:
            equal(f.read(), "hello")
        equal(call(d, "read_file", {"path": "a/b.txt"}), "hello")
        equal(call(d, "list_directory", {"path": "a"}), ["a/b.txt"])
        for path in ("../x", "/etc/passwd", ""):
            equal(list(call(d, "read_file", {"path": path})), ["error"])
        d.execute("DELETE FROM nodetool_workspaces")


@chat
def test_tool_pages(d):
    url = "http://127.0.0.1:%d/" % pages.server_address[1]
    text = call(d, "page_to_text", {"url": url})
    assert "Title" in text and "one & two" in text and "<" not in text, text
    assert "<h1>" in call(d, "http_fetch", {"url": url})
    equal(list(call(d, "http_fetch", {"url": "file:///etc/passwd"})), ["error"])


@chat
def test_tool_assets(d):
    equal(call(d, "search_assets", {"query": "nothing-of-this-name"}), [])


@chat
def test_tool_that_was_not_offered(d):
    equal(call(d, "write_file", {"path": "x", "content": "y"}, tools=["calculator"]), {"error": "There is no such tool"})
    answer(d.client(), thread(), "say x", tools=["google_search"], provider="openai")
    equal(llm.seen[-1]["body"].get("tools"), None)


@chat
def test_tool_is_a_workflow(d):
    graph = {"nodes": [{"id": "i", "type": "nodetool.input.StringInput", "data": {"name": "text", "value": ""}},
                       {"id": "c", "type": "nodetool.text.Concat", "data": {"a": "<"}},
                       {"id": "o", "type": "nodetool.output.Output", "data": {"name": "out"}}],
             "edges": [{"id": "1", "source": "i", "sourceHandle": "output", "target": "c", "targetHandle": "b"},
                       {"id": "2", "source": "c", "sourceHandle": "output", "target": "o", "targetHandle": "value"}]}
    for user, name in (("1", "mark"), ("2", "foreign")):
        d.execute("INSERT INTO nodetool_workflows (id, user_id, access, name, description, graph, run_mode, tool_name, "
                  "created_at, updated_at) VALUES (?, ?, 'private', 'x', 'Marks a text', ?, 'tool', ?, "
                  "'2026-01-01T00:00:00', '2026-01-01T00:00:00')", str(uuid.uuid4()), user, json.dumps(graph), name)
    equal(call(d, "workflow_mark", {"text": "a"}), {"out": ["<a"]})
    told = llm.seen[-1]["body"]["tools"][0]["function"]
    equal((told["name"], told["description"], list(told["parameters"]["properties"])),
          ("workflow_mark", "Marks a text", ["text"]))
    equal(call(d, "workflow_foreign", {"text": "a"}, tools=["workflow_mark", "workflow_foreign"]),
          {"error": "There is no such tool"})


def settings(**more):
    return env(name="wsd/wsd", OPENAI_BASE_URL=llm.url + "/v1", OPENAI_API_KEY="sk-test",
               NODETOOL_LIBEXEC_DIR=os.path.dirname(program("nodetool-sandbox")),
               NODETOOL_SHARE_DIR=os.path.join(PROJECT, "shared", "provider"), **more)


@settings()
def test_tool_runs_python(d):
    equal(call(d, "run_python", {"code": "for i in range(3):\n    print(i * i)"}), "0\n1\n4\n")
    equal(call(d, "run_python", {"code": "x = 1"}), "")
    failed = call(d, "run_python", {"code": "1 / 0"})
    assert "ZeroDivisionError" in failed["error"], failed
    failed = call(d, "run_python", {"code": "import socket; socket.create_connection(('127.0.0.1', %d), 5)" % pages.server_address[1]})
    assert "error" in failed, failed


@settings(NODETOOL_CODE_NODES="0")
def test_tool_python_is_off(d):
    answer(d.client(), thread(), "say x", tools=["run_python"], provider="openai")
    equal(llm.seen[-1]["body"].get("tools"), None)


KEY = "serp-key-that-nobody-may-see"


@settings(SERPAPI_API_KEY=KEY, SERPAPI_URL="http://127.0.0.1:%d" % free_port(), LOG_LEVEL="DEBUG", NODETOOL_LOG_LEVEL="DEBUG")
def test_tool_google_keeps_its_key(d):
    c, t = d.client(), thread()
    say(c, t, 'call google_search {"keyword": "x"}', tools=["google_search"], provider="openai")
    seen = c.until(type="message", role="assistant", tool_calls=None)
    result = json.loads(next(m for m in seen if m.get("role") == "tool")["content"])
    assert "error" in result, result
    stored = [tuple(r) for r in d.rows("SELECT content, tool_calls FROM nodetool_messages")]
    for place in (json.dumps(seen), str(stored), d.log_text(), json.dumps(llm.seen[-1]["body"])):
        assert KEY not in place, place[-500:]
