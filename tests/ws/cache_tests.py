"""Incremental runs: what deterministic nodes gave is kept across runs and restarts, for runs that ask for it."""
import os

from daemon import Daemon
from protocol_tests import equal
from suite import real


def chain(*texts):
    """a -> b -> c …, each adds its text; the last goes to an output."""
    nodes = [{"id": "n%d" % i, "type": "nodetool.text.Concat", "data": {"b": text}} for i, text in enumerate(texts)]
    nodes.append({"id": "out", "type": "nodetool.output.Output", "data": {"name": "r"}})
    edges = [{"id": "e%d" % i, "source": "n%d" % i, "sourceHandle": "output", "target": nodes[i + 1]["id"],
              "targetHandle": "a" if i + 1 < len(texts) else "value"} for i in range(len(texts))]
    return {"nodes": nodes, "edges": edges}


def run(c, graph, **data):
    """The nodes whose results were kept, those that ran, and the result."""
    c.command("run_job", graph=graph, **data)
    seen = c.until(type="job_update", status="completed", timeout=20)
    done = [m for m in seen if m.get("type") == "node_update" and m["status"] == "completed" and m["node_id"] != "out"]
    return ([m["node_id"] for m in done if m.get("cached") is True], [m["node_id"] for m in done if "cached" not in m],
            seen[-1]["result"])


@real()
def test_only_what_changed_runs(d):
    c = d.client()
    equal(run(c, chain("k1", "k2", "k3"), use_cache=True), ([], ["n0", "n1", "n2"], {"r": ["k1k2k3"]}))
    equal(run(c, chain("k1", "k2", "k3"), use_cache=True), (["n0", "n1", "n2"], [], {"r": ["k1k2k3"]}))
    equal(run(c, chain("k1", "k2", "other"), use_cache=True), (["n0", "n1"], ["n2"], {"r": ["k1k2other"]}))
    equal(run(c, chain("k1", "new", "k3"), use_cache=True), (["n0"], ["n1", "n2"], {"r": ["k1newk3"]}))


@real()
def test_nobody_gets_what_he_did_not_ask_for(d):
    c = d.client()
    run(c, chain("q1", "q2"), use_cache=True)
    equal(run(c, chain("q1", "q2")), ([], ["n0", "n1"], {"r": ["q1q2"]}))


def test_results_outlive_the_daemon_and_damage_is_seen(fake):
    d = Daemon("wsd/wsd")
    try:
        run(d.client(), chain("s1", "s2"), use_cache=True)
        d.term()
        d.start()
        equal(run(d.client(), chain("s1", "s2"), use_cache=True)[0], ["n0", "n1"])
        for where, _, names in os.walk(d.db + "-cache"):
            for name in names:
                with open(os.path.join(where, name), "r+b") as f:
                    f.seek(-2, 2)
                    f.write(b"?")
        equal(run(d.client(), chain("s1", "s2"), use_cache=True), ([], ["n0", "n1"], {"r": ["s1s2"]}))
    finally:
        d.stop()


def test_settings_of_a_workflow_ask_for_it(fake):
    d = Daemon("wsd/wsd")
    try:
        d.execute("INSERT INTO nodetool_workflows (id, user_id, access, name, settings, graph, created_at, updated_at)"
                  " VALUES ('w1', '1', 'private', 'w', '{\"use_cache\": true}', '{\"nodes\": [], \"edges\": []}', '', '')")
        equal(run(d.client(), chain("w1", "w2"), workflow_id="w1")[0], [])
        equal(run(d.client(), chain("w1", "w2"), workflow_id="w1")[0], ["n0", "n1"])
    finally:
        d.stop()


def test_the_store_has_a_limit(fake):
    d = Daemon("wsd/wsd", NODETOOL_RESULT_CACHE_MB="1", NODETOOL_RUNNERS_MAX="1")
    try:
        c = d.client()
        for i in range(6):
            run(c, chain(*("%d.%d " % (i, k) for k in range(100))), use_cache=True)
        files = sum(len(names) for _, _, names in os.walk(d.db + "-cache"))
        assert 0 < files <= 256 + 100, files
    finally:
        d.stop()


def test_it_can_be_turned_off(fake):
    d = Daemon("wsd/wsd", NODETOOL_RESULT_CACHE_MB="0")
    try:
        for _ in range(2):
            equal(run(d.client(), chain("t1"), use_cache=True)[0], [])
        assert not os.path.exists(d.db + "-cache")
    finally:
        d.stop()
