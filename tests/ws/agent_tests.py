"""Agent mode: plans, steps, results by a schema, interruptions and limits. notes-ws section 9 "Agent"."""
import json
import os

from chat_tests import chat, equal, llm, say, thread
from daemon import PROJECT
from suite import env


def step(name, instructions, needs=(), schema=""):
    return {"id": name, "instructions": instructions, "depends_on": list(needs), "output_schema": json.dumps(schema) if schema else ""}


def order(*steps):
    return "PLAN " + json.dumps({"title": "A title", "steps": steps})


def run(d, content, client=None, thread_id=None, until=None, **more):
    c, t = client or d.client(), thread_id or thread()
    say(c, t, content, agent_mode=True, provider="openai", **more)
    return c.until(**(until or {"type": "chunk", "done": True}))


def events(seen):
    return [m["content"] for m in seen if m.get("role") == "agent_execution"]


def told(seen):
    return [e.get("event") or e["type"] for e in events(seen)]


@chat
def test_agent_takes_steps_in_order(d):
    t = thread()
    seen = run(d, order(step("b", "say two", ["a", "b", "nope"]), step("a", "say one")), thread_id=t)
    equal(told(seen), ["planning_update"] * 3 + ["task_created", "step_started", "step_completed", "step_result",
                                                 "step_started", "step_completed", "step_result", "task_completed"])
    results = [e for e in events(seen) if e["type"] == "step_result"]
    equal([(r["step"]["id"], r["result"], r["error"], r["is_task_result"]) for r in results],
          [("a", "one", None, False), ("b", "two", None, True)])
    equal(sorted(results[0]), ["error", "is_task_result", "result", "step", "thread_id", "type", "workflow_id"])
    task = events(seen)[3]["task"]
    equal(([s["id"] for s in task["steps"]], task["steps"][1]["depends_on"], task["title"]), (["a", "b"], ["a"], "A title"))
    ids = {m["agent_execution_id"] for m in seen if m.get("role") == "agent_execution"}
    equal([len(i) for i in ids], [36])
    equal((seen[-2]["role"], seen[-2]["content"], seen[-2]["agent_mode"]), ("assistant", "two", True))
    equal(seen[-1], {"type": "chunk", "content": "", "done": True, "thread_id": t})
    equal("The result of step a:\none" in llm.seen[-1]["body"]["messages"][1]["content"], True)
    rows = d.rows("SELECT role FROM nodetool_messages WHERE thread_id = ?", t)
    equal(len([r for r in rows if r["role"] == "agent_execution"]), len(events(seen)))
    say(c := d.client(), t, "history")
    assert "agent_execution" not in c.until(type="message")[-1]["content"]


@chat
def test_agent_circle_of_steps(d):
    seen = run(d, order(step("a", "say 1", ["b"]), step("b", "say 2", ["a"])))
    equal([e["step"]["id"] for e in events(seen) if e["type"] == "step_result"], ["a", "b"])


@chat
def test_agent_result_fits_its_schema(d):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    seen = run(d, order(step("a", 'RESULT {"n": "x"} | no json | ```{"n": 4}```', schema=schema)))
    equal([e["result"] for e in events(seen) if e["type"] == "step_result"], [{"n": 4}])
    equal([m for m in seen if m.get("type") == "chunk" and m["content"]], [])
    seen = run(d, order(step("a", 'RESULT {"n": "x"}', schema=schema)))
    failed = next(m for m in seen if m.get("type") == "error")
    assert "schema" in failed["message"], failed
    assert "step_failed" in told(seen)


@chat
def test_agent_uses_tools(d):
    seen = run(d, order(step("a", 'call calculator {"expression": "6 * 7"}')), tools=["calculator"])
    update = next(m for m in seen if m.get("type") == "tool_call_update")
    equal((update["name"], update["step_id"], len(update["agent_execution_id"])), ("calculator", "a", 36))
    equal(seen[-2]["content"], 'got {"result": 42}')


@chat
def test_agent_without_a_plan_has_one_step(d):
    seen = run(d, "say PLAN nonsense")
    equal([e["step"]["id"] for e in events(seen) if e["type"] == "step_result"], ["step_1"])


@chat
def test_agent_goes_on_after_an_interruption(d):
    c, t = d.client(), thread()
    text = order(step("a", "say one"), step("b", "slow " + "word " * 30, ["a"]))
    seen = run(d, text, client=c, thread_id=t, until={"type": "chunk", "content": "word "})
    c.command("stop", thread_id=t)
    c.until(message="Stop command processed")
    began = next(m["agent_execution_id"] for m in seen if m.get("role") == "agent_execution")
    llm_calls = len(llm.seen)
    seen = run(d, text, thread_id=t)
    equal([e["step"]["id"] for e in events(seen) if e["type"] == "step_result"], ["b"])
    equal({m["agent_execution_id"] for m in seen if m.get("role") == "agent_execution"}, {began})
    equal(len(llm.seen), llm_calls + 1)
    seen = run(d, text, thread_id=t, until={"content": "one"})
    assert "task_created" in told(seen)  # what is over is not gone on with


def limited(**settings):
    return env(name="wsd/wsd", OPENAI_BASE_URL=llm.url + "/v1", OPENAI_API_KEY="sk-test",
               NODETOOL_SHARE_DIR=os.path.join(PROJECT, "shared", "provider"), **settings)


def breaks_off(d, words, done, **more):
    """The task ends with this reason, after these steps."""
    seen = run(d, order(step("a", "say one"), step("b", "slow " + "word " * 300, ["a"])), **more)
    failed = next(m for m in seen if m.get("type") == "error")
    assert words in failed["message"], failed
    results = [e for e in events(seen) if e["type"] == "step_result"]
    equal([r["step"]["id"] for r in results if not r["error"]], done)
    assert words in results[-1]["error"], results[-1]
    equal("step_failed" in told(seen), True)


# The stand-in says 1200 tokens for each answer: one for the plan, one for each step.
@limited(NODETOOL_AGENT_TOKENS="2400")
def test_agent_limit_of_tokens(d):
    breaks_off(d, "the tokens that one task may use", ["a"])


@limited(NODETOOL_AGENT_COST_CENTS="1")
def test_agent_limit_of_cost(d):
    # o3 costs 2 and 8 dollars for a million tokens: 0.36 cents an answer are less than one, three are more.
    seen = run(d, order(*[step("s%d" % i, "say %d" % i) for i in range(4)]), model="o3")
    equal([e["step"]["id"] for e in events(seen) if e["type"] == "step_result" and not e["error"]], ["s0", "s1"])
    assert "what one task may cost" in next(m for m in seen if m.get("type") == "error")["message"]


@limited(NODETOOL_AGENT_SECONDS="2")
def test_agent_limit_of_time_breaks_an_answer_off(d):
    breaks_off(d, "the time that one task may take", ["a"])


@limited(NODETOOL_AGENT_STEPS="1")
def test_agent_limit_of_steps(d):
    # A plan that is too long is refused; after three of them the task is one step.
    seen = run(d, order(step("a", "say one"), step("b", "say two")))
    equal(len([e for e in events(seen) if e["type"] == "step_result"]), 1)
    refused = [m["content"] for s in llm.seen for m in s["body"].get("messages", []) if "at most 1 are possible" in str(m["content"])]
    assert refused, "the model was not told"
