"""OpenAI's own client package against /v1 (the stand-in of tests/ws/llm.py behind it): openai_client.py BASE-URL.
Prints one line for each thing that is wrong."""
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="nodetool-local", max_retries=0)


def equal(what, a, b):
    if a != b:
        print("%s: %r is not %r" % (what, a, b))


def ask(text, **more):
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": text}], **more)


TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}

whole = ask("say one two", stream=False)
equal("whole", (whole.choices[0].message.content, whole.choices[0].finish_reason), ("one two", "stop"))
equal("usage", (whole.usage.prompt_tokens, whole.usage.total_tokens), (1000, 1200))
pieces = list(ask("say one two", stream=True, stream_options={"include_usage": True}))
equal("pieces", [p.choices[0].delta.content for p in pieces if p.choices and p.choices[0].delta.content], ["one ", "two"])
equal("end", [p.choices[0].finish_reason for p in pieces if p.choices][-1], "stop")
equal("usage of a stream", pieces[-1].usage.completion_tokens, 200)
call = ask('call f {"x": 1}', stream=False, tools=[TOOL]).choices[0]
equal("tool call", (call.finish_reason, call.message.tool_calls[0].function.name, call.message.tool_calls[0].function.arguments),
      ("tool_calls", "f", '{"x":1}'))
parts = [p.choices[0].delta.tool_calls[0] for p in ask('call f {"x": 1}', stream=True, tools=[TOOL])
         if p.choices and p.choices[0].delta.tool_calls]
equal("tool call of a stream", [(p.index, p.function.name, p.function.arguments) for p in parts], [(0, "f", '{"x":1}')])
parts = [p.choices[0].delta.tool_calls[0].index for p in ask("twice f", stream=True, tools=[TOOL])
         if p.choices and p.choices[0].delta.tool_calls]
equal("two tool calls", parts, [0, 1])
answer = client.chat.completions.create(model="m", stream=False, messages=[
    {"role": "user", "content": "call f"}, call.message,
    {"role": "tool", "tool_call_id": call.message.tool_calls[0].id, "content": "7"}])
equal("after the tool", answer.choices[0].message.content, "got 7")
picture = ask([{"type": "text", "text": "say parts"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}],
              stream=False)
equal("parts", picture.choices[0].message.content, "parts")
equal("models", ("fake-model-v1", "fake") in [(m.id, m.owned_by) for m in client.models.list().data], True)
try:
    client.models.retrieve("nope")
    print("a model that is not there is found")
except openai.NotFoundError:
    pass
vectors = client.embeddings.create(model="e", input=["abc", "de"])
equal("embeddings", [d.embedding for d in vectors.data], [[3.0, 1.0], [2.0, 1.0]])
equal("usage of embeddings", vectors.usage.prompt_tokens, 2)
equal("embeddings as numbers", client.embeddings.create(model="e", input="abc", encoding_format="float").data[0].embedding, [3, 1])
for given, kind in ((5, openai.BadRequestError), ("refuse", openai.InternalServerError)):
    try:
        client.embeddings.create(model="e", input=given)
        print("no error for %r" % given)
    except kind as e:
        equal("the error", e.body["type"] in ("invalid_request_error", "server_error"), True)
