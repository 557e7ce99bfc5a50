"""Assets that runs refer to: only those of the run's own user are read where authentication is on."""
import os

from handshake_tests import TOKEN, bearer
from protocol_tests import equal
from suite import env

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
