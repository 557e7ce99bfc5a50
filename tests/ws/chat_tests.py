"""Chats over /ws and /ws/chat, with the real runners and a stand-in for the models (llm.py). notes-ws section 9."""
import os
import signal
import time
import uuid

from common import free_port
from daemon import PROJECT, eventually
import gemini as gemini_standin
from llm import Server
from suite import real

llm = Server()
gemini = gemini_standin.Server()
chat = real(OLLAMA_API_URL=llm.url, OPENAI_BASE_URL=llm.url + "/v1", OPENAI_API_KEY="sk-test",
            GEMINI_BASE_URL=gemini.url, GEMINI_API_KEY="g-test",
            NODETOOL_SHARE_DIR=os.path.join(PROJECT, "shared", "provider"),
            LMSTUDIO_API_URL="http://127.0.0.1:%d" % free_port())


def equal(a, b):
    assert a == b, "%r is not %r" % (a, b)


def thread():
    return str(uuid.uuid4())


def say(c, thread_id, content, **more):
    c.command("chat_message", thread_id=thread_id, content=content, role="user",
              **{"model": "m", "provider": "ollama", **more})


def texts(messages):
    return [m["content"] for m in messages if m.get("type") == "chunk" and "content_type" in m]


def answer(c, thread_id, content, **more):
    """All messages up to the one with the whole answer."""
    say(c, thread_id, content, **more)
    return c.until(type="message", role="assistant", tool_calls=None)


def stored(d, thread_id):
    return [(r["role"], r["content"]) for r in
            d.rows("SELECT role, content FROM nodetool_messages WHERE thread_id = ? ORDER BY id", thread_id)]


@chat
def test_chat_plain(d):
    for binary in (False, True):
        c, t = d.client(binary=binary), thread()
        seen = answer(c, t, "say one two")
        equal(seen[0], {"message": "Chat message processing started", "thread_id": t})
        equal(texts(seen), ["one ", "two", ""])
        equal(seen[-2], {"type": "chunk", "content": "", "done": True, "thread_id": t})
        equal(seen[-1]["content"], "one two")
        equal(stored(d, t), [("user", '"say one two"'), ("assistant", '"one two"')])
        equal([dict(r) for r in d.rows("SELECT title, user_id FROM nodetool_threads WHERE id = ?", t)],
              [{"title": None, "user_id": "1"}])


@chat
def test_chat_history_and_keys(d):
    c, t = d.client(), thread()
    answer(c, t, "say one", provider="openai")
    equal(llm.seen[-1]["key"], "Bearer sk-test")
    equal(answer(c, t, "history")[-1]["content"], "system: user:say one assistant:one user:history")
    equal(llm.seen[-1]["key"], None)


@chat
def test_chat_use_is_recorded(d):
    answer(d.client(), thread(), "say one", provider="openai", model="gpt-4o-mini-2024-07-18")
    [row] = eventually(lambda: d.rows("SELECT * FROM nodetool_predictions WHERE model = 'gpt-4o-mini-2024-07-18'"))
    equal([row[k] for k in ("provider", "user_id", "status", "input_tokens", "output_tokens", "total_tokens")],
          ["openai", "1", "completed", 1000, 200, 1200])
    equal(round(row["cost"], 6), 0.00027)


@chat
def test_chat_stop_within_a_moment(d):
    c, t = d.client(), thread()
    say(c, t, "slow " + "word " * 100)
    c.until(type="chunk")
    broken = llm.broken
    began = time.time()
    c.command("stop", thread_id=t)
    c.until(message="Stop command processed")
    eventually(lambda: llm.broken != broken)
    assert time.time() - began < 5, "the model was asked on for %.2f s" % (time.time() - began)
    equal(c.silent(0.4), [])
    equal(stored(d, t), [("user", '"slow %s"' % ("word " * 100))])
    equal(answer(c, t, "say next")[-1]["content"], "next")


@chat
def test_chat_new_message_gives_the_old_one_up(d):
    c, t = d.client(), thread()
    say(c, t, "slow " + "word " * 100)
    c.until(type="chunk")
    seen = answer(c, t, "say next")
    stopped = next(i for i, m in enumerate(seen) if m.get("type") == "generation_stopped")
    equal(seen[stopped], {"type": "generation_stopped", "message": "Generation stopped by user"})
    equal(texts(seen[stopped:]), ["next", ""])


@chat
def test_chat_socket_closes(d):
    c, t = d.client(), thread()
    say(c, t, "slow " + "word " * 100)
    c.until(type="chunk")
    c.close()
    time.sleep(0.4)
    equal(len(stored(d, t)), 1)


@chat
def test_chat_partial_answer_is_kept_for_newer_clients(d):
    c, t = d.client(), thread()
    c.send({"type": "pong", "ts": 1})
    say(c, t, "slow " + "word " * 100)
    c.until(type="chunk")
    c.command("stop", thread_id=t)
    c.until(message="Stop command processed")
    equal(answer(c, t, "say next")[-1]["content"], "next")
    rows = d.rows("SELECT role, content, execution_event_type FROM nodetool_messages WHERE thread_id = ? ORDER BY id", t)
    equal([(r["role"], r["execution_event_type"]) for r in rows],
          [("user", None), ("assistant", "partial"), ("user", None), ("assistant", None)])
    assert rows[1]["content"].startswith('"word '), rows[1]["content"]


@chat
def test_chat_errors_name_the_thread(d):
    c = d.client()
    unreachable = "lmstudio"
    for content, more, text in (
            ("refuse", {}, "a reason"), ("cut", {}, ""), ("x", {"provider": "nope"}, "nope"),
            ("x", {"provider": "empty"}, "No provider specified in the current conversation"),
            ("x", {"provider": "mistral"}, "MISTRAL_API_KEY"), (5, {}, "content"), ([1], {}, "content"),
            ("x", {"collections": ["nope"]}, "no collection \"nope\""),
            ("x", {"collections": ["nope"], "agent_mode": True}, "collections"), ("refuse", {"agent_mode": True}, "a reason"),
            ("x", {"workflow_id": "w1"}, "Workflow w1 not found"),
            ("x", {"workflow_target": "workflow"}, "Workflow ID is required for workflow processing"),
            ("x", {"provider": unreachable}, "Connection error")):
        t = thread()
        say(c, t, content, **more)
        m = c.until(type="error")[-1]
        equal((m["thread_id"], m["workflow_id"]), (t, more.get("workflow_id")))
        assert text in m["message"], "%r lacks %r" % (m["message"], text)
        if more.get("provider") == unreachable:
            equal(m["error_type"], "connection_error")
            equal(c.until(type="message")[-1]["role"], "assistant")
    say(c, "../x", "say x")
    assert "thread_id" in c.until(type="error")[-1]["message"]
    equal(c.ask("chat_message", content="hi"), {"error": "thread_id is required for chat_message command"})


@chat
def test_chat_of_another_user(d):
    d.execute("INSERT INTO nodetool_threads (id, user_id, title, created_at, updated_at) VALUES ('t9', 'somebody', 'x', "
              "'2026-01-01T00:00:00', '2026-01-01T00:00:00')")
    c = d.client()
    say(c, "t9", "say x")
    equal(c.until(type="error")[-1]["message"], "Thread not found")
    equal(stored(d, "t9"), [])


@chat
def test_chat_tries_again(d):
    for provider in ("ollama", "openai"):
        equal(answer(d.client(), thread(), "again and again " + provider, provider=provider)[-1]["content"],
              "and again " + provider)


@chat
def test_chat_with_tools(d):
    for provider in ("ollama", "openai"):
        c, t = d.client(), thread()
        seen = answer(c, t, 'call search_nodes {"query": "concat text", "n_results": 2}', provider=provider,
                      tools=["search_nodes", "nope"])
        roles = [m["role"] for m in seen if m.get("type") == "message"]
        equal(roles, ["assistant", "tool", "assistant"])
        assert "nodetool.text.Concat" in seen[-1]["content"]
        equal([r for r, _ in stored(d, t)], ["user", "assistant", "tool", "assistant"])
        equal([t["function"]["name"] for t in llm.seen[-1]["body"]["tools"]], ["search_nodes"])
        equal(answer(c, t, "say fine")[-1]["content"], "fine")


@chat
def test_chat_with_two_calls_at_once(d):
    for provider in ("ollama", "openai"):
        c, t = d.client(), thread()
        answer(c, t, 'twice search_nodes {"query": "concat", "n_results": 1}', provider=provider, tools=["search_nodes"])
        equal([r for r, _ in stored(d, t)], ["user", "assistant", "tool", "assistant", "tool", "assistant"])


@chat
def test_chat_with_tools_of_the_client(d):
    c, t = d.client(), thread()
    c.send({"type": "client_tools_manifest", "tools": [{"name": "ui_ping", "description": "x", "parameters": {}}]})
    for given, result in (({"ok": True, "result": {"pong": 4}}, '{"pong": 4}'),
                          ({"ok": False, "error": "no"}, '{"error": "no"}')):
        say(c, t, 'call ui_ping {"x": 3}', help_mode=True)
        call = c.until(type="tool_call")[-1]
        equal((call["name"], call["args"], call["thread_id"]), ("ui_ping", {"x": 3}, t))
        c.send({"type": "tool_result", "tool_call_id": "unknown", "ok": True, "result": 1})
        c.send({"type": "tool_result", "tool_call_id": call["tool_call_id"], "thread_id": t, **given})
        seen = c.until(type="chunk", done=True)
        equal([m["content"] for m in seen if m.get("role") == "tool"], [result])
        equal("".join(m["content"] for m in seen if m.get("type") == "chunk"), "got " + result)
    equal([r for r, _ in stored(d, t)], ["user", "assistant", "tool"] * 2)


@chat
def test_chat_call_without_result_is_left_out(d):
    c, t = d.client(), thread()
    c.send({"type": "client_tools_manifest", "tools": [{"name": "ui_ping"}]})
    say(c, t, "call ui_ping", help_mode=True)
    c.until(type="tool_call")
    c.command("stop", thread_id=t)
    c.until(message="Stop command processed")
    equal(answer(c, t, "history")[-1]["content"], "system: user:call ui_ping user:history")


@chat
def test_chat_runner_dies(d):
    c, t = d.client(), thread()
    say(c, t, "slow " + "word " * 100)
    c.until(type="chunk")
    for pid in d.runners():
        os.kill(pid, signal.SIGKILL)
    equal(c.until(type="error")[-1]["thread_id"], t)
    time.sleep(0.3)  # the idle ones were killed as well
    equal(answer(c, t, "say fine")[-1]["content"], "fine")


@chat
def test_chat_only_socket(d):
    c, t = d.client("/ws/chat"), thread()
    c.send({"thread_id": t, "content": "say hi", "role": "user", "model": "m", "provider": "ollama"})
    seen = c.until(type="message")
    equal(texts(seen), ["hi", ""])
    c.send({"thread_id": t, "content": "slow " + "word " * 50, "model": "m", "provider": "ollama"})
    c.until(type="chunk")
    c.send({"command": "stop", "thread_id": t})
    c.until(type="generation_stopped")
    c.ping()


@chat
def test_chat_many_at_once(d):
    clients = [d.client() for _ in range(8)]
    names = [thread() for _ in clients]
    for i, c in enumerate(clients):
        say(c, names[i], "say " + " ".join("%d-%d" % (i, n) for n in range(200)))
    for i, c in enumerate(clients):
        seen = c.until(type="message", timeout=30)
        equal("".join(texts(seen)), " ".join("%d-%d" % (i, n) for n in range(200)))


@chat
def test_chat_looks_into_collections(d):
    c, t = d.client(), thread()
    nodes = [{"id": "c", "type": "vector.chroma.Collection", "data": {"name": "docs"}},
             {"id": "a", "type": "vector.chroma.IndexString", "data": {"document_id": "near", "text": "pears " * 60}}]
    c.command("run_job", graph={"nodes": nodes, "edges": [
        {"id": "e", "source": "c", "sourceHandle": "output", "target": "a", "targetHandle": "collection"}]})
    equal(c.until(type="job_update", status="completed")[-1]["status"], "completed")
    answer(c, t, "say yes", collections=["docs"])
    asked = [r["body"]["messages"] for r in llm.seen if "messages" in r["body"]][-1]
    equal([m["role"] for m in asked], ["system", "system", "user"])
    assert "Collection docs:\n- pears pears" in asked[1]["content"], asked[1]
    assert len(asked[1]["content"]) < 300, "only the beginning of a document is shown"


@chat
def test_chat_two_sockets_see_one_thread(d):
    a, b, t = d.client(), d.client(), thread()
    b.command("resume_chat", thread_id=t)
    equal(b.until(type="chat_resumed")[-1]["status"], "unknown")
    seen = answer(a, t, "say one two")
    equal(texts(b.until(type="message", role="assistant")), texts(seen))
    say(a, t, "slow " + "word " * 50)
    b.until(type="chunk")
    a.close()
    b.until(type="chunk")
    b.command("stop", thread_id=t)
    b.until(message="Stop command processed")
    equal([m for m in b.silent(0.4) if m["type"] != "resource_change"], [])


@chat
def test_chat_one_turn_in_a_thread(d):
    a, b, t = d.client(), d.client(), thread()
    say(a, t, "slow " + "word " * 50)
    a.until(type="chunk")
    equal(texts(answer(b, t, "say new")), ["new", ""])
    seen = a.until(type="message", role="assistant")
    stopped = next(i for i, m in enumerate(seen) if m.get("type") == "generation_stopped")
    equal(texts(seen[stopped:]), ["new", ""])


@chat
def test_chat_is_resumed(d):
    c, t = d.client(), thread()
    c.send({"type": "pong", "ts": 1})
    say(c, t, "slow " + "word " * 6)
    last = c.until(type="chunk")[-1]["chat_seq"]
    c.close()
    b = d.client()
    b.command("list_chat_turns")
    equal(b.until(type="chat_turn_active")[-1]["thread_id"], t)
    time.sleep(0.2)
    b.command("resume_chat", thread_id=t, last_seq=last)
    state = b.until(type="chat_resumed")[-1]
    equal((state["status"], state["replay_incomplete"], state["replay_count"]), ("running", False, state["last_seq"] - last))
    seen = b.until(type="message", role="assistant")
    numbers = [m["chat_seq"] for m in seen if "chat_seq" in m]
    equal((numbers, len(numbers) > 5), (list(range(last + 1, last + 1 + len(numbers))), True))
    equal(stored(d, t)[-1], ("assistant", '"%s"' % ("word " * 6)))
