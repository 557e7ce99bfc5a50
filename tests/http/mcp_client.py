"""The official client package of the Model Context Protocol against /mcp: mcp_client.py BASE-URL WORKFLOW-ID.
Prints one line for each thing that is wrong."""
import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client import streamable_http

# Named otherwise, with three values, before version 2 of the package.
connect = getattr(streamable_http, "streamable_http_client", None) or streamable_http.streamablehttp_client


def equal(what, a, b):
    if a != b:
        print("%s: %r is not %r" % (what, a, b))


async def main(base, workflow):
    async with connect(base + "/mcp") as streams, ClientSession(*streams[:2]) as session:
        hello = await session.initialize()
        equal("name", hello.model_dump(by_alias=True)["serverInfo"]["name"], "NodeTool")
        await session.send_ping()
        names = [tool.name for tool in (await session.list_tools()).tools]
        for name in ("list_workflows", "get_workflow", "run_workflow", "validate_workflow", "list_examples", "search_nodes",
                     "get_node_info", "list_jobs", "list_assets", "list_models"):
            equal("tool " + name, name in names, True)

        async def call(tool, **args):
            result = await session.call_tool(tool, args)
            text = result.content[0].text
            return "error: " + text if result.model_dump(by_alias=True)["isError"] else json.loads(text)

        equal("list", [w["id"] for w in await call("list_workflows")], [workflow])
        shown = await call("get_workflow", workflow_id=workflow)
        equal("inputs", list(shown["input_schema"]["properties"]), ["text"])
        equal("valid", await call("validate_workflow", workflow_id=workflow), {"valid": True, "errors": []})
        equal("run", await call("run_workflow", workflow_id=workflow, params={"text": "b"}), {"out": "<b"})
        equal("jobs", [(j["workflow_id"], j["status"]) for j in await call("list_jobs")], [(workflow, "completed")])
        found = await call("search_nodes", query="concat text", limit=5)
        equal("search", "nodetool.text.Concat" in [n["node_type"] for n in found], True)
        info = await call("get_node_info", node_type="nodetool.text.Concat")
        equal("node", sorted(p["name"] for p in info["properties"]), ["a", "b"])
        equal("unknown node", await call("get_node_info", node_type="x"), "error: There is no such node type")
        equal("examples", isinstance(await call("list_examples"), list), True)
        equal("assets", await call("list_assets", query="nothing"), [])
        equal("models", isinstance(await call("list_models"), list), True)
        equal("no kind", await call("list_models", kind="x"), "error: There is no such kind of models")


asyncio.run(main(*sys.argv[1:]))
