"""Chats with Gemini's own dialect, against a stand-in (gemini.py)."""
import base64
import json

from gemini import samples
from chat_tests import answer, chat, equal, gemini, say, texts, thread

PICTURE = "data:image/png;base64," + base64.b64encode(b"png").decode()


def ask(d, content, **more):
    return answer(d.client(), thread(), content, provider="gemini", model="gemini-x", **more)


@chat
def test_gemini_streams(d):
    seen = ask(d, "say one two")
    equal(texts(seen), ["one ", "two", ""])
    equal(seen[-1]["content"], "one two")
    equal(gemini.seen[-1]["path"], "/v1beta/models/gemini-x:streamGenerateContent?alt=sse")
    row = d.rows("SELECT input_tokens, output_tokens FROM nodetool_predictions WHERE provider = 'gemini'")[-1]
    equal((row["input_tokens"], row["output_tokens"]), (7, 3))


@chat
def test_gemini_thinks(d):
    seen = ask(d, "think words")
    equal([m["content"] for m in seen if m.get("thinking")], ["hm"])
    equal(seen[-1]["content"], "words")


@chat
def test_gemini_calls_tools(d):
    seen = ask(d, 'call calculator {"expression": "6*7"}', tools=["calculator"])
    equal(json.loads(next(m for m in seen if m.get("role") == "tool")["content"]), {"result": 42})
    equal(seen[-1]["content"], 'got [{"result": 42}]')
    body = gemini.seen[-1]["body"]
    equal(body["tools"][0]["functionDeclarations"][0]["name"], "calculator")
    equal(body["contents"][-2]["parts"], [{"functionCall": {"name": "calculator", "args": {"expression": "6*7"}}, "thoughtSignature": "s1"}])
    equal(body["contents"][-1]["parts"], [{"functionResponse": {"name": "calculator", "response": {"result": 42}}}])


@chat
def test_gemini_sees_pictures(d):
    ask(d, [{"type": "text", "text": "say seen"}, {"type": "image_url", "image": {"type": "image", "uri": PICTURE}}])
    body = gemini.seen[-1]["body"]
    equal(body["contents"][-1], {"role": "user", "parts": [
        {"text": "say seen"}, {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(b"png").decode()}}]})
    assert "text" in body["systemInstruction"]["parts"][0]


@chat
def test_gemini_refuses(d):
    for words, reason in (("refuse", "a reason"), ("block", "SAFETY")):
        c, t = d.client(), thread()
        say(c, t, words, provider="gemini", model="gemini-x")
        error = c.until(type="error")[-1]
        assert reason in error["message"] and error["thread_id"] == t, error


def run_node(d, kind, **data):
    """What a node gives, by the names of its outputs."""
    graph = {"nodes": [{"id": "n", "type": kind, "data": data}], "edges": []}
    c = d.client(binary=True)
    c.command("run_job", graph=graph, workflow_id="w")
    seen = c.until(type="job_update", status="completed")
    return next(m for m in seen if m.get("type") == "node_update" and m["status"] == "completed")["result"]


@chat
def test_gemini_nodes(d):
    made = run_node(d, "gemini.image.ImageGeneration", prompt="a cat")
    assert made["output"]["data"].startswith(b"\x89PNG"), made
    equal(gemini.seen[-1]["path"], "/v1beta/models/imagen-3.0-generate-002:predict")
    image = {"type": "image", "uri": PICTURE}
    made = run_node(d, "nodetool.image.ImageToImage", prompt="a dog", image=image,
                    model={"type": "image_model", "provider": "gemini", "id": "gemini-2.5-flash-image-preview"})
    assert made["output"]["data"].startswith(b"\x89PNG"), made
    equal(gemini.seen[-1]["body"]["contents"][0]["parts"][1]["inlineData"]["data"], base64.b64encode(b"png").decode())
    made = run_node(d, "gemini.audio.TextToSpeech", text="hello", style_prompt="softly", voice_name="puck")
    equal(samples(made["output"]["data"]), (1, 24000, 240))
    equal(gemini.seen[-1]["body"]["contents"][0]["parts"][0]["text"], "softly: hello")
    made = run_node(d, "gemini.audio.Transcribe", audio=made["output"], prompt="say what was said")
    equal(made, {"output": "what was said"})
    equal(gemini.seen[-1]["body"]["contents"][0]["parts"][1]["inlineData"]["mimeType"], "audio/wav")
    made = run_node(d, "gemini.text.GroundedSearch", query="say an answer")
    equal(made, {"results": ["an answer"], "sources": [{"type": "source", "title": "A", "url": "https://x.test/a"}]})
    made = run_node(d, "gemini.text.Embedding", input="abc")
    assert gemini.seen[-1]["path"].endswith("text-embedding-004:batchEmbedContents"), gemini.seen[-1]
