"""Tools of MCP servers that a user has configured, in chats and agents, against a server of the tests (mcp.py)."""
import json
import os

import mcp
from agent_tests import order, run, step
from chat_tests import answer, chat, equal, llm, say, thread
from common import free_port
from daemon import PROJECT, eventually, program
from suite import env

server = mcp.Server()
with open(os.path.join(PROJECT, "tests", "ws", "mcp.py")) as f:
    SOURCE = f.read()
CONFIG = {"mcpServers": {
    "web": {"url": server.url, "headers": {"Authorization": "Bearer m-test"}},
    "own": {"command": "python3", "args": ["-c", SOURCE], "env": {"GREETING": "hello"}},
    "gone": {"url": "http://127.0.0.1:%d/mcp" % free_port()},
    "closed": {"url": server.url},
    "wrong": {"url": "ftp://127.0.0.1/"},
    "missing": {"command": "no-such-program"},
}}


def servers(config, **more):
    """A daemon of its own; the user's secret comes from the environment here, as keys do where there is one user."""
    return env(name="wsd/wsd", OPENAI_BASE_URL=llm.url + "/v1", OPENAI_API_KEY="sk-test", MCP_SERVERS=config,
               NODETOOL_LIBEXEC_DIR=os.path.dirname(program("nodetool-sandbox")),
               NODETOOL_SHARE_DIR=os.path.join(PROJECT, "shared", "provider"), **more)


tools = servers(json.dumps(CONFIG))


def call(d, name, args, wanted):
    seen = answer(d.client(), thread(), "call %s %s" % (name, json.dumps(args)), tools=wanted, provider="openai")
    return json.loads(next(m for m in seen if m.get("role") == "tool")["content"])


def refusal(d, wanted, **more):
    c, t = d.client(), thread()
    say(c, t, "say x", tools=wanted, provider="openai", **more)
    error = c.until(type="error")[-1]
    equal(error["thread_id"], t)
    return error["message"]


def offered():
    return [t["function"]["name"] for t in llm.seen[-1]["body"].get("tools", [])]


@tools
def test_mcp_calls_tools_over_http(d):
    equal(call(d, "mcp__web__add", {"a": 2, "b": 3}, ["mcp__web"]), {"sum": 5})
    equal(offered(), ["mcp__web__" + n for n in ("add", "echo", "fail_now", "slow", "die")])
    equal(call(d, "mcp__web__echo", {"text": "x"}, ["mcp__web__echo", "calculator"]), "x\n[image image/png]\nnone")
    equal(offered(), ["calculator", "mcp__web__echo"])
    equal(call(d, "mcp__web__fail_now", {}, ["mcp__web"]), {"error": "it went wrong"})
    equal(server.seen[-1][0]["params"], {"name": "fail.now", "arguments": {}})
    equal(call(d, "mcp__web__add", {}, ["mcp__web__echo"]), {"error": "There is no such tool"})


@tools
def test_mcp_runs_programs(d):
    equal(call(d, "mcp__own__add", {"a": 2, "b": 3}, ["mcp__own"]), {"sum": 5})
    equal(call(d, "mcp__own__echo", {"text": "x"}, ["mcp__own"]), "x\n[image image/png]\nhello")
    died = call(d, "mcp__own__die", {}, ["mcp__own"])
    assert "out of memory, says the test" in died["error"], died


@tools
def test_mcp_says_what_is_wrong(d):
    for wanted, reason in ((["mcp__gone"], "MCP server gone: it cannot be reached"), (["mcp__closed"], "MCP server closed: it answers with status 401"),
                           (["mcp__wrong"], "MCP server wrong: url"), (["mcp__nobody"], "names no MCP server"),
                           (["mcp__missing"], "MCP server missing: its program has ended")):
        said = refusal(d, wanted)
        assert said.startswith(reason) or reason in said, said
    assert "gone" in refusal(d, ["mcp__gone"], agent_mode=True)


@chat
def test_mcp_without_servers(d):
    assert "MCP_SERVERS" in refusal(d, ["mcp"])


@tools
def test_mcp_tools_of_agents(d):
    seen = run(d, order(step("a", 'call mcp__web__add {"a": 40, "b": 2}')), tools=["mcp__web"])
    equal(seen[-2]["content"], 'got {"sum": 42}')
    update = next(m for m in seen if m.get("type") == "tool_call_update")
    equal((update["name"], update["step_id"]), ("mcp__web__add", "a"))


@tools
def test_mcp_call_is_broken_off(d):
    c, t = d.client(), thread()
    say(c, t, "call mcp__web__slow {}", tools=["mcp__web"], provider="openai")
    assert eventually(lambda: any(m.get("params", {}).get("name") == "slow" for m, _ in server.seen))
    c.command("stop", thread_id=t)
    c.until(message="Stop command processed")
    equal(answer(c, t, "say next", provider="openai")[-1]["content"], "next")


@servers(json.dumps(CONFIG), NODETOOL_CODE_NODES="0")
def test_mcp_programs_need_code_nodes(d):
    assert "NODETOOL_CODE_NODES" in refusal(d, ["mcp__own"])


@servers("{not json")
def test_mcp_configuration_is_json(d):
    assert "no JSON object" in refusal(d, ["mcp"])
