"""Workflows as nodes of others: values in and out, messages of the inner nodes, limits, cancellation."""
import json
import time

from daemon import eventually
from protocol_tests import equal
from suite import real

KIND = "nodetool.workflows.workflow_node.Workflow"
INNER = {"nodes": [{"id": "in", "type": "nodetool.input.StringInput", "data": {"name": "text", "value": ""}},
                   {"id": "cat", "type": "nodetool.text.Concat", "data": {"b": "!"}},
                   {"id": "out", "type": "nodetool.output.Output", "data": {"name": "loud"}}],
         "edges": [{"id": "e1", "source": "in", "sourceHandle": "output", "target": "cat", "targetHandle": "a"},
                   {"id": "e2", "source": "cat", "sourceHandle": "output", "target": "out", "targetHandle": "value"}]}


def outer(slot="loud", **data):
    return {"nodes": [{"id": "c", "type": "nodetool.constant.String", "data": {"value": "hey"}},
                      {"id": "w", "type": KIND, "data": data,
                       "dynamic_outputs": {"loud": {"type": "str", "type_args": []}}},
                      {"id": "o", "type": "nodetool.output.Output", "data": {"name": "r"}}],
            "edges": [{"id": "f1", "source": "c", "sourceHandle": "output", "target": "w", "targetHandle": "text"},
                      {"id": "f2", "source": "w", "sourceHandle": slot, "target": "o", "targetHandle": "value"}]}


def store(d, ident, graph):
    d.execute("INSERT OR REPLACE INTO nodetool_workflows (id, user_id, access, name, graph, created_at, updated_at)"
              " VALUES (?, '1', 'private', 'w', ?, '', '')", ident, json.dumps(graph))


def ended(d, graph, **data):
    c = d.client()
    c.command("run_job", graph=graph, **data)
    seen = c.until(timeout=20, type="job_update", status="completed")
    return seen


def failure(d, graph, **data):
    c = d.client()
    c.command("run_job", graph=graph, **data)
    return c.until(timeout=20, type="job_update", status="failed")[-1]["error"]


@real()
def test_a_graph_inside_of_a_node(d):
    seen = ended(d, outer(workflow_json={"graph": INNER}))
    equal(seen[-1]["result"], {"r": ["hey!"]})
    equal({m["node_id"] for m in seen if m.get("type") == "node_update"}, {"c", "w", "o", "w/cat", "w/out"})
    equal({m["edge_id"] for m in seen if m.get("type") == "edge_update"}, {"f1", "f2", "w/e1", "w/e2"})
    equal([(m["node_id"], m["value"]) for m in seen if m.get("type") == "output_update"], [("o", "hey!")])
    equal(len({m["job_id"] for m in seen if m.get("job_id")}), 1)
    equal([m["job_seq"] for m in seen if "job_seq" in m], list(range(1, seen[-1]["job_seq"] + 1)))
    equal(ended(d, outer(slot="output", workflow_json=INNER))[-1]["result"], {"r": [{"loud": "hey!"}]})


@real()
def test_a_stored_workflow_as_a_node(d):
    store(d, "inner", INNER)
    equal(ended(d, outer(workflow_id="inner"))[-1]["result"], {"r": ["hey!"]})
    assert "not found" in failure(d, outer(workflow_id="nowhere"))
    d.execute("UPDATE nodetool_workflows SET user_id = 'other' WHERE id = 'inner'")
    assert "not found" in failure(d, outer(workflow_id="inner"))


@real()
def test_errors_come_up(d):
    broken = {"nodes": [{"id": "x", "type": "no.such.Node", "data": {}}], "edges": []}
    assert "no.such.Node" in failure(d, outer(workflow_json=broken))
    assert "workflow_id or workflow_json" in failure(d, outer())


@real()
def test_no_workflow_goes_down_for_ever(d):
    store(d, "snake", {"nodes": [{"id": "w", "type": KIND, "data": {"workflow_id": "snake"}}], "edges": []})
    assert "contains itself" in failure(d, outer(workflow_id="snake"))
    assert "contains itself" in failure(d, outer(workflow_id="snake"), workflow_id="snake")
    deep = {"nodes": [], "edges": []}
    for _ in range(7):
        deep = {"nodes": [{"id": "w", "type": KIND, "data": {"workflow_json": deep}}], "edges": []}
    ended(d, outer(slot="output", workflow_json=deep))
    for _ in range(2):
        deep = {"nodes": [{"id": "w", "type": KIND, "data": {"workflow_json": deep}}], "edges": []}
    assert "nested more than 8 deep" in failure(d, outer(workflow_json=deep))


@real()
def test_cancellation_goes_down(d):
    waits = {"nodes": [{"id": "i", "type": "nodetool.triggers.IntervalTrigger", "data": {"interval_seconds": 3600}}],
             "edges": []}
    c = d.client()
    c.command("run_job", graph=outer(workflow_json=waits), workflow_id="w")
    job = c.until(type="node_update", node_id="w/i", status="running")[-1]["job_id"]
    began = time.time()
    c.command("cancel_job", job_id=job)
    c.until(type="job_update", status="cancelled")
    assert time.time() - began < 5
    assert eventually(lambda: d.job(job)["status"] == "cancelled")
