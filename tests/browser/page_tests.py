"""Fast tests of the console page against fake_server: what it shows and what it makes of messages, good and bad."""
import base64
import os
import tempfile
import time

from fake_server import HOSTILE, PIXEL, FakeServer


class Suite:
    def __init__(self, args):
        self.shots = args.shots
        self.server = FakeServer()

    @property
    def url(self):
        return self.server.url

    def after_test(self):
        server = self.server
        server.refuse, server.token, server.forget, server.empty = False, "", False, False
        for job in server.jobs.values():
            job.cancelled.set()
        server.commands.clear()

    def shot(self, page, name):
        if self.shots:
            page.screenshot(os.path.join(self.shots, name + ".png"))

    def stop(self):
        self.server.stop()


def open_workflow(page, suite, ident):
    page.open(suite.url + "/#/workflow/" + ident)
    page.wait("document.querySelector('#view').dataset.workflow === %r && !document.querySelector('#run').disabled" % ident)


def values(page, name):
    """The values that an output shows, as texts."""
    return page.eval("[...document.querySelectorAll('#panel-outputs section')].filter(s => s.getAttribute('aria-label') === %r)"
                     ".flatMap(s => [...s.querySelectorAll('.values > li')]).map(li => li.innerText)" % name)


def test_page_opens_with_its_workflows(page, suite):
    page.open(suite.url + "/")
    page.wait_text("#workflows", "Ticks until stopped")
    page.wait_text("#connection", "Connected")
    page.wait_text("#name", "Outline of a text")
    page.wait_text("#load", "CPU 3 %")
    assert page.eval("document.querySelectorAll('.g-node').length") == 7
    assert page.eval("document.querySelectorAll('.g-edge').length") == 6
    suite.shot(page, "open")


def test_page_follows_the_size_of_the_window(page, suite):
    for width in (1280, 860, 390):
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=False)
        for ident in ("example", "rich", "hostile"):
            open_workflow(page, suite, ident)
            page.click("#run")
            page.wait_text("#status", "ed")
            assert page.eval("document.scrollingElement.scrollWidth <= innerWidth"), "%s is wider than %d" % (ident, width)
    open_workflow(page, suite, "example")
    suite.shot(page, "narrow")


def test_page_runs_and_shows_the_output(page, suite):
    open_workflow(page, suite, "example")
    page.click("#field-0")
    page.eval("document.querySelector('#field-0').select()")
    page.type("typed")
    assert page.eval("document.querySelector('#field-0').value") == "typed"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write("Eins. Zwei. Drei")
        f.flush()
        page.files(".field-string input[type=file]", [f.name])
        page.wait("document.querySelector('#field-0').value === 'Eins. Zwei. Drei'")
    page.click("#run")
    page.wait_text("#status", "Completed in 0.25 s")
    assert values(page, "out") == ["- Eins\n- Zwei\n- Drei"], values(page, "out")
    assert page.eval("[...document.querySelectorAll('.g-node[data-state=completed]')].map(n => n.dataset.node).sort().join()") \
        == "each,join,split,tpl"
    assert suite.server.commands[-1]["data"]["params"] == {"text": "Eins. Zwei. Drei", "count": 3}
    page.wait("document.querySelector('#run') && !document.querySelector('#run').hidden")
    suite.shot(page, "completed")


def test_page_checks_the_form(page, suite):
    open_workflow(page, suite, "example")
    for typed, message in (("x", "needs a number"), ("1.5", "whole number"), ("0", "at least 1"), ("10", "at most 9"),
                           ("99999999999999999999", "too large")):
        page.eval("document.querySelector('#field-1').value = %r" % typed)
        page.click("#run")
        page.wait_text("#field-1-error", message)
        assert page.eval("document.activeElement.id") == "field-1"
    assert not any(c["command"] == "run_job" for c in suite.server.commands)


def test_page_sends_every_kind_of_input(page, suite):
    open_workflow(page, suite, "rich")
    with tempfile.NamedTemporaryFile(suffix=".png") as f:
        f.write(base64.b64decode(PIXEL.split(",")[1]))
        f.flush()
        page.files("#field-0", [f.name])
        page.click("#field-1")  # the flag goes off
        page.eval("document.querySelector('#field-2').value = 'a'")
        page.eval("document.querySelector('#field-3').value = '[1, {\"k\": null}]'")
        page.click("#run")
        page.wait_text("#status", "Completed")
    assert suite.server.commands[-1]["data"]["params"] == {
        "picture": {"type": "image", "uri": PIXEL}, "flag": False, "pick": "a", "words": [1, {"k": None}]}
    page.eval("document.querySelector('#field-3').value = '{'")
    page.click("#run")
    page.wait_text("#field-3-error", "not valid JSON")


def test_page_shows_every_kind_of_output(page, suite):
    open_workflow(page, suite, "rich")
    page.click("#run")
    page.wait_text("#status", "Completed")
    page.wait("document.querySelector('#panel-outputs img')?.naturalWidth === 1")
    assert page.eval("document.querySelectorAll('#panel-outputs audio[controls]').length") == 1
    tables = page.eval("[...document.querySelectorAll('#panel-outputs table')].map(t => t.innerText.replace(/\\s+/g, ' '))")
    assert tables == ["name size extra a 1 b true", "k v x 1.5 y 2"], tables
    assert values(page, "number") == ["42"]
    assert '"flag": true' in values(page, "json")[0]
    assert values(page, "stream") == ["streamed text"], values(page, "stream")
    assert page.eval("document.querySelector('#panel-outputs a').rel") == "noopener noreferrer"
    assert page.eval("[...document.querySelectorAll('img')].every(i => i.src.startsWith('data:'))"), "a foreign image was loaded"
    page.click("#tab-log")
    page.wait_text("#panel-log", "a line")
    suite.shot(page, "outputs")


def test_page_marks_a_failing_node(page, suite):
    open_workflow(page, suite, "failing")
    page.click("#run")
    page.wait_text("#status", "Failed")
    page.wait_text("#form-error", "division by zero")
    assert page.eval("document.querySelector('[data-node=x]').dataset.state") == "error"
    assert "division by zero" in page.eval("document.querySelector('[data-node=x]').getAttribute('aria-label')")
    page.click("[data-node=x]")
    page.wait_text("#node", "division by zero")
    page.click("#tab-nodes")
    page.wait_text("#panel-nodes", "division by zero")
    page.click("#tab-jobs")
    page.wait_text("#panel-jobs", "division by zero")
    suite.shot(page, "failed")


def test_page_cancels_a_long_run(page, suite):
    open_workflow(page, suite, "long")
    page.click("#run")
    page.wait("document.querySelector('.values > li:nth-child(5)')")
    assert page.text("#status").startswith("Running")
    page.click("#cancel")
    page.wait_text("#status", "Cancelled")
    assert page.eval("document.querySelector('[data-node=tick]').dataset.state") == "stopped"
    page.wait("!document.querySelector('#run').hidden")


def test_page_loses_and_regains_the_connection(page, suite):
    open_workflow(page, suite, "long")
    page.click("#run")
    page.wait("document.querySelector('.values > li:nth-child(3)')")
    suite.server.refuse = True
    suite.server.cut()
    page.wait_text("#connection", "Connection lost")
    assert page.eval("document.querySelector('#cancel').disabled")
    suite.shot(page, "offline")
    suite.server.refuse = False
    page.wait_text("#connection", "Connected")
    page.wait("document.querySelectorAll('.values > li').length > 20")
    page.click("#cancel")
    page.wait_text("#status", "Cancelled")
    total = len([m for m in next(reversed(suite.server.jobs.values())).messages if m["type"] == "output_update"])
    shown = values(page, "out")
    assert shown == [str(n) for n in range(total - len(shown) + 1, total + 1)], "lost or doubled: %s" % shown
    sent = [c["data"]["last_seq"] for c in suite.server.commands if c["command"] == "reconnect_job"]
    assert len(sent) == 1 and sent[0] > 0, sent


def test_page_fills_a_gap_of_the_replay_from_the_result(page, suite):
    open_workflow(page, suite, "example")
    page.click("#run")
    page.wait("document.querySelector('[data-node=split]').dataset.state === 'running'")
    suite.server.refuse = suite.server.forget = True
    suite.server.cut()
    page.wait_text("#connection", "Connection lost")
    job = next(reversed(suite.server.jobs.values()))
    while job.status == "running":
        time.sleep(0.02)
    suite.server.refuse = False
    page.wait_text("#status", "Completed")
    assert values(page, "out") == ["- One\n- Two\n- Three."], values(page, "out")
    page.click("#tab-log")
    page.wait_text("#panel-log", "no longer kept")


def test_page_says_when_a_run_was_not_taken(page, suite):
    open_workflow(page, suite, "example")
    real = suite.server.command

    def lose(socket, name, data):
        if name == "run_job":
            suite.server.cut()
        else:
            real(socket, name, data)
    suite.server.command = lose
    try:
        page.click("#run")
        page.wait_text("#form-error", "before the server took this run")
    finally:
        del suite.server.command


def test_page_shows_a_run_again_after_a_reload(page, suite):
    open_workflow(page, suite, "example")
    page.click("#run")
    page.wait_text("#status", "Completed")
    page.call("Page.reload")
    page.wait_text("#status", "Completed")
    page.wait_text("#panel-outputs", "- Three.")
    page.click("#tab-jobs")
    page.wait("document.querySelector('#panel-jobs a[aria-current=true]')")


def test_page_takes_hostile_texts_as_text(page, suite):
    open_workflow(page, suite, "hostile")
    page.click("#run")
    page.wait_text("#status", "Failed")
    assert page.text("#name") == HOSTILE
    page.wait_text("#workflows", HOSTILE)
    page.wait_text("#panel-outputs", HOSTILE)
    page.click("[data-node=out]")
    page.wait_text("#node", HOSTILE)
    for tab in ("nodes", "log", "jobs"):
        page.click("#tab-" + tab)
        page.wait_text("#panel-" + tab, HOSTILE)
    page.click("#tab-timeline")
    page.wait("document.querySelector('.timeline-row[data-state=failed]')")
    assert page.eval("window.hacked === undefined && ({}).x === undefined")
    assert page.eval("document.querySelectorAll('main img, main script').length") == 0
    suite.shot(page, "hostile")


def test_page_works_by_keyboard_alone(page, suite):
    page.open(suite.url + "/")
    page.wait_text("#name", "Outline of a text")
    page.key("Tab")
    assert page.eval("document.activeElement.className") == "skip"
    page.key("Enter")
    assert page.eval("document.activeElement.id") == "workflow"
    page.tab_to(".g-node")
    page.key("ArrowRight")
    assert page.eval("document.activeElement.dataset.node") == "split"
    page.key("Enter")
    page.wait_text("#node", "nodetool.text.Split")
    page.key("Escape")
    page.wait("document.querySelector('#node').hidden")
    page.tab_to("#field-0")
    outline = page.eval("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "the focus is not seen"
    page.tab_to("#run")
    page.key("Enter")
    page.wait_text("#status", "Completed")
    assert page.eval("document.activeElement.id") == "run"
    page.tab_to("#tab-outputs")
    page.key("ArrowRight")
    page.wait("document.activeElement.id === 'tab-nodes' && !document.querySelector('#panel-nodes').hidden")
    page.key("End")
    page.wait("document.activeElement.id === 'tab-jobs'")
    page.tab_to("#panel-jobs a")


def test_page_starts_and_cancels_by_keyboard(page, suite):
    open_workflow(page, suite, "long")
    page.tab_to("#run", 60)
    page.key("Enter")
    page.wait("document.activeElement.id === 'cancel'")  # the focus goes where the button went
    page.key(" ")
    page.wait_text("#status", "Cancelled")


def test_page_shows_a_timeline(page, suite):
    open_workflow(page, suite, "example")
    page.click("#tab-timeline")
    page.wait_text("#panel-timeline", "Run the workflow")
    page.click("#run")
    page.wait_text("#status", "Completed")
    page.click("#tab-timeline")
    page.wait_text("#panel-timeline", "0.25 s in all")
    page.wait_text("#panel-timeline", "0.25 s before it began")
    page.wait("[...document.querySelectorAll('.timeline-row')].map(r => r.dataset.node).join() === 'split,each,tpl,join'")
    bars = page.eval("[...document.querySelectorAll('.t-wait')].map(r => +r.getAttribute('x'))")
    assert bars == sorted(bars) and bars[0] == 0 and bars[1] == 40, bars
    page.click(".timeline-row[data-node=tpl]")
    for text in ("Template", "3 values, 1.2 MB", "1 value, 12 B", "5 ms, called 3 times", "35 ms"):
        page.wait_text(".timeline-detail", text)
    label = page.eval("document.querySelector('[aria-selected=true].timeline-row').getAttribute('aria-label')")
    assert label == "Template: completed, began at 20 ms, took 0.10 s", label
    suite.shot(page, "timeline")


def test_page_timeline_works_by_keyboard(page, suite):
    open_workflow(page, suite, "example")
    page.click("#run")
    page.wait_text("#status", "Completed")
    page.click("#tab-timeline")
    page.wait("document.querySelectorAll('.timeline-row').length === 4")
    page.tab_to(".timeline-row")
    chosen = "document.activeElement.dataset.node"
    assert page.eval(chosen) == "split" and page.eval("getComputedStyle(document.activeElement).outlineStyle") != "none"
    for key, node in (("ArrowDown", "each"), ("ArrowDown", "tpl"), ("ArrowUp", "each"), ("End", "join"), ("Home", "split"),
                      ("ArrowUp", "split")):
        page.key(key)
        assert page.eval(chosen) == node, (key, page.eval(chosen))
    page.key("ArrowDown")
    page.wait_text(".timeline-detail", "For Each")
    page.key("Enter")
    page.wait_text("#node", "nodetool.control.ForEach")


def test_page_timeline_of_a_run_that_goes_on(page, suite):
    open_workflow(page, suite, "long")
    page.click("#run")
    page.click("#tab-timeline")
    page.wait("document.querySelector('.timeline-row[data-node=tick]')?.dataset.state === 'running'")
    page.click("#cancel")
    page.wait_text("#status", "Cancelled")
    page.wait_text("#panel-timeline", "0.25 s in all")


CONTRAST = """(() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = (css) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const lum = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((s, c, i) => s + c * [0.2126, 0.7152, 0.0722][i], 0);
  const back = (n) => { for (; n; n = n.parentElement) { const c = rgb(getComputedStyle(n).backgroundColor); if (c[3] > 200) return c; }
    return [255, 255, 255]; };
  const bad = [];
  for (const n of document.querySelectorAll('body *')) {
    const own = [...n.childNodes].some(c => c.nodeType === 3 && c.data.trim());
    if (!own || n.namespaceURI.endsWith('svg') || !n.checkVisibility() || n.disabled) continue;
    const [a, b] = [lum(rgb(getComputedStyle(n).color)), lum(back(n))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(n.tagName + ' ' + n.className + ' ' + n.innerText.slice(0, 20));
  }
  return bad; })()"""


def test_page_can_be_read_in_light_and_dark(page, suite):
    page.media(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    open_workflow(page, suite, "failing")
    page.click("#run")
    page.wait_text("#status", "Failed")
    page.click("[data-node=x]")
    backgrounds = []
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        backgrounds.append(page.eval("getComputedStyle(document.body).backgroundColor"))
        for tab in ("outputs", "nodes", "log", "timeline", "jobs"):
            page.click("#tab-" + tab)
            page.wait("!document.querySelector('#panel-%s').hidden" % tab)
            if tab == "timeline":
                page.wait("document.querySelector('.timeline-row')")
                suite.shot(page, "timeline-" + scheme)
            bad = page.eval(CONTRAST)
            assert not bad, "too little contrast in %s: %s" % (scheme, bad)
        suite.shot(page, scheme)
    assert backgrounds[0] != backgrounds[1]


def test_page_names_every_control(page, suite):
    open_workflow(page, suite, "rich")
    nameless = page.eval("[...document.querySelectorAll('input, textarea, select, button, a, [role=tab], [tabindex]')].filter(n =>"
                         "!n.closest('[aria-hidden=true]') && n.checkVisibility() && n.id !== 'workflow' && !(n.labels?.length || n.innerText?.trim() ||"
                         "n.getAttribute('aria-label') || n.getAttribute('aria-labelledby'))).map(n => n.outerHTML.slice(0, 80))")
    assert not nameless, nameless


def test_page_asks_for_a_token(page, suite):
    suite.server.token = "secret-token"
    page.open(suite.url + "/")
    page.wait("document.querySelector('#token-dialog').open")
    page.type("wrong")
    page.key("Enter")
    page.wait("document.querySelector('#token-dialog').open && document.querySelector('#token').value === ''")
    page.type("secret-token")
    page.key("Enter")
    page.wait_text("#name", "Outline of a text")
    page.wait_text("#connection", "Connected")
    page.click("#run")
    page.wait_text("#status", "Completed")
    assert page.eval("JSON.stringify({...localStorage})") == "{}" and not page.eval("document.cookie")


def test_page_filters_workflows(page, suite):
    page.open(suite.url + "/")
    page.wait_text("#workflows", "Ticks")
    page.click("#filter")
    page.type("TICK")
    page.wait("document.querySelectorAll('#workflows a').length === 1")
    page.type("zzz")
    page.wait_text("#workflows-note", "None has this")


def test_page_says_that_a_workflow_is_gone(page, suite):
    page.open(suite.url + "/#/workflow/missing%2Fone")
    page.wait_text("#alert", "no workflow of this id")
    page.wait_text("#connection", "Connected")
    page.eval("new Promise(done => setTimeout(done, 600))")  # the list is read again: the notice stays
    page.wait_text("#alert", "no workflow of this id")
    page.click("#workflows a")
    page.wait_text("#name", "Outline of a text")
    assert page.text("#alert") == ""


LAYOUTS = """(async () => {
  const { layout } = await import('/console/layout.js');
  const node = (id, x, y, more) => ({ id, type: 'a.b.C', data: {}, ui_properties: x === undefined ? {} : { position: { x, y } }, ...more });
  const edge = (source, target) => ({ source, target, sourceHandle: 'output', targetHandle: 'value' });
  const many = Array.from({ length: 300 }, (_, i) => node('n' + i));
  const graphs = {
    nothing: null, empty: { nodes: [], edges: [] }, wrong: { nodes: 'x', edges: [null, 3] },
    one: { nodes: [node('a')], edges: [edge('a', 'a')] },
    cycle: { nodes: ['a', 'b', 'c'].map((i) => node(i)), edges: [edge('a', 'b'), edge('b', 'c'), edge('c', 'a')] },
    dangling: { nodes: [node('a')], edges: [edge('a', 'gone'), edge('gone', 'a')] },
    diamond: { nodes: ['a', 'b', 'c', 'd'].map((i) => node(i)), edges: [edge('a', 'b'), edge('a', 'c'), edge('b', 'd'), edge('c', 'd')] },
    chain: { nodes: many, edges: many.slice(1).map((n, i) => edge('n' + i, n.id)) },
    stacked: { nodes: [node('a', 5, 5), node('b', 5, 5), node('c', 5, 5)], edges: [] },
    half: { nodes: [node('a', 1, 1), node('b')], edges: [edge('a', 'b')] },
    wide: { nodes: [node('a', 0, 0), node('b', 900, 20), node('c', 900, 600)], edges: [edge('a', 'b')] },
    huge: { nodes: [node('a', -1e6, 1e6), node('b', 1e6, -1e6)], edges: [] },
    group: { nodes: [node('g', 100, 100, { type: 'nodetool.workflows.base_node.Group', ui_properties: { position: { x: 100, y: 100 }, width: 600, height: 300 } }),
      node('in', 20, 50, { parent_id: 'g' }), node('loop', 300, 50, { parent_id: 'loop' })], edges: [] },
  };
  const bad = [];
  for (const [name, graph] of Object.entries(graphs)) {
    const { nodes, box } = layout(graph);
    if (![box.x, box.y, box.width, box.height].every(Number.isFinite)) bad.push(name + ': no bounds');
    const solid = nodes.filter((n) => n.kind === 'node');
    for (const a of solid) for (const b of solid) {
      if (a !== b && Math.abs(a.x - b.x) < 180 && Math.abs(a.y - b.y) < 56) bad.push(`${name}: ${a.id} lies on ${b.id}`);
    }
    if (name === 'group' && nodes.find((n) => n.id === 'in').x !== 120) bad.push('a child is placed relative to its group');
  }
  return bad.slice(0, 5); })()"""


def test_page_lays_out_every_graph(page, suite):
    page.open(suite.url + "/")
    bad = page.eval(LAYOUTS)
    assert not bad, bad


FLOOD = """(async () => {
  const { Run } = await import('/console/run.js');
  const run = new Run('j', { id: 'w', graph: { edges: [{ id: 'e', source: 's' }] } });
  const began = performance.now();
  for (let seq = 1; seq <= 50000; seq++) {
    const common = { job_seq: seq, job_id: 'j', node_id: 'n' + seq % 100 };
    run.apply(seq % 3 ? { ...common, type: 'output_update', node_name: 'o', output_name: 'o', value: seq, output_type: 'int' }
      : { ...common, type: 'log_update', content: 'x'.repeat(100), severity: 'info' });
  }
  const kept = Math.max(...Array.from(run.outputs.values(), (o) => o.values.length));
  const repeated = run.apply({ type: 'output_update', job_seq: 50000, node_id: 'n1', value: 1 });
  return { ms: performance.now() - began, kept, log: run.log.length, repeated }; })()"""


def test_page_takes_a_flood_of_messages(page, suite):
    page.open(suite.url + "/")
    got = page.eval(FLOOD)
    assert got["kept"] <= 500 and got["log"] <= 500 and got["repeated"] is False, got
    assert got["ms"] < 3000, got


def test_page_says_how_to_begin(page, suite):
    suite.server.empty = True
    page.open(suite.url + "/")
    page.wait_text("#empty", "No workflows yet")
    suite.shot(page, "empty")
    suite.server.empty = False
    suite.server.cut()
    page.wait_text("#name", "Outline of a text")
    assert page.eval("document.querySelector('#empty').hidden")
