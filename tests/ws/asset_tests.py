"""Assets that runs refer to: only those of the run's own user are read where authentication is on."""
import os

from handshake_tests import TOKEN, bearer
from protocol_tests import equal
from suite import env, real

OWN = "a" * 32
FOREIGN = "b" * 32


def shown(d, **ref):
    node = {"id": "i", "type": "nodetool.constant.Image", "data": {"value": {"type": "image", "uri": "", **ref}}}
    graph = {"nodes": [node, {"id": "o", "type": "nodetool.output.Output", "data": {"name": "r"}}],
             "edges": [{"id": "e", "source": "i", "sourceHandle": "output", "target": "o", "targetHandle": "value"}]}
    c = d.client(**bearer(TOKEN))
    c.command("run_job", graph=graph)
    return c.until(timeout=20, type="job_update", status="completed")[-1]["result"]["r"][0]


@env(name="wsd/wsd", AUTH_PROVIDER="static", SERVER_AUTH_TOKEN=TOKEN)
def test_assets_of_others_are_not_read(d):
    folder = os.path.join(d.home, ".local", "share", "nodetool", "assets")
    os.makedirs(folder, exist_ok=True)
    for ident, user in ((OWN, "1"), (FOREIGN, "other")):
        with open(os.path.join(folder, ident + ".png"), "wb") as f:
            f.write(b"bytes of " + user.encode())
        d.execute("INSERT INTO nodetool_assets (id, user_id, name, content_type, created_at, updated_at)"
                  " VALUES (?, ?, 'p', 'image/png', '2026-01-01T00:00:00', '2026-01-01T00:00:00')", ident, user)
    equal(shown(d, asset_id=OWN)["uri"], "data:image/png;base64,Ynl0ZXMgb2YgMQ==")
    equal(shown(d, uri="asset://%s.png" % OWN)["uri"], "data:image/png;base64,Ynl0ZXMgb2YgMQ==")
    equal(shown(d, asset_id=FOREIGN)["uri"], "")
    equal(shown(d, uri="asset://%s.png" % FOREIGN)["uri"], "asset://%s.png" % FOREIGN)


def saved(d, kind, slot, source, **data):
    """The save_update, the asset's row and its bytes after a run in which `source` is kept by a node of this kind."""
    graph = {"nodes": [{"id": "c", **source}, {"id": "s", "type": kind, "data": data}],
             "edges": [{"id": "e", "source": "c", "sourceHandle": "output", "target": "s", "targetHandle": slot}]}
    c = d.client()
    c.command("run_job", graph=graph)
    seen = c.until(timeout=20, type="job_update", status="completed")
    update = [m for m in seen if m.get("type") == "save_update"][0]
    row = d.rows("SELECT * FROM nodetool_assets WHERE id = ?", update["value"]["asset_id"])[0]
    name = update["value"]["uri"].rsplit("/", 1)[1]
    with open(os.path.join(d.home, ".local", "share", "nodetool", "assets", name), "rb") as f:
        return update, row, f.read()


@real()
def test_results_are_kept_as_assets(d):
    text = {"type": "nodetool.constant.String", "data": {"value": "h\u00e9"}}
    update, row, content = saved(d, "nodetool.text.SaveText", "text", text, name="a.txt")
    equal((update["name"], update["output_type"], content), ("a.txt", "text", "h\u00e9".encode()))
    equal((row["name"], row["content_type"], row["user_id"], row["size"]), ("a.txt", "text/plain", "1", 3))
    items = {"type": "nodetool.constant.List", "data": {"value": [1, 2.0, None, {"a": True}]}}
    equal(saved(d, "nodetool.list.SaveList", "values", items, name="l.txt")[2], b"1\n2.0\nNone\n{'a': True}")
    tone = {"type": "nodetool.audio.CreateSilence", "data": {"duration": 0.1}}
    update, row, content = saved(d, "nodetool.audio.SaveAudio", "audio", tone, name="t.wav")
    equal((update["output_type"], row["content_type"], content[:4]), ("audio", "audio/wav", b"RIFF"))


@real()
def test_kept_in_a_folder_of_ones_own_only(d):
    graph = {"nodes": [{"id": "c", "type": "nodetool.constant.String", "data": {"value": "x"}},
                       {"id": "s", "type": "nodetool.text.SaveText",
                        "data": {"folder": {"type": "folder", "asset_id": "c" * 32}}}],
             "edges": [{"id": "e", "source": "c", "sourceHandle": "output", "target": "s", "targetHandle": "text"}]}
    d.execute("INSERT OR REPLACE INTO nodetool_assets (id, user_id, name, content_type, created_at, updated_at)"
              " VALUES (?, 'other', 'f', 'folder', '2026-01-01T00:00:00', '2026-01-01T00:00:00')", "c" * 32)
    c = d.client()
    c.command("run_job", graph=graph)
    assert "no such folder" in c.until(timeout=20, type="job_update", status="failed")[-1]["error"]
