"""Tests of the pages against the whole server: nginx, the FastCGI programs, the daemon and its runners."""
import json
import os
import signal
import tempfile
import urllib.parse

from websockets.sync.client import connect

from page_tests import CONTRAST, values
from stack import PROJECT, Relay, Server, rest

HOSTILE = "<img src=x onerror=window.hacked=1>"


def node(ident, kind, **data):
    return {"id": ident, "type": kind, "data": data}


def edge(source, target, handle="output", into="value"):
    return {"id": source + "-" + target, "source": source, "target": target, "sourceHandle": handle, "targetHandle": into}


WORKFLOWS = [
    ("failing", "Division by nothing", [node("x", "lib.math.Divide", a=1, b=0), node("o", "nodetool.output.Output", name="result")],
     [edge("x", "o")]),
    ("open-ended", "Until told to stop", [node("mic", "nodetool.input.RealtimeAudioInput", name="mic"),
                                          node("o", "nodetool.output.Output", name="heard")], [edge("mic", "o", "chunk")]),
    ("hostile", HOSTILE, [node("in", "nodetool.input.StringInput", name=HOSTILE, label=HOSTILE, value=HOSTILE),
                          node("o", "nodetool.output.Output", name=HOSTILE)], [edge("in", "o")]),
]


class Suite:
    def __init__(self, args):
        self.shots = args.shots
        self.server = None if args.url else Server()
        self.direct = args.url or self.server.url
        self.relay = Relay(urllib.parse.urlsplit(self.direct).port)
        self.url = self.relay.url
        try:
            self.store(self.direct)
        except Exception:
            self.stop()
            raise

    @staticmethod
    def store(url, token=""):
        for ident, name, nodes, edges in WORKFLOWS:
            rest("%s/api/workflows/%s" % (url, ident), "PUT",
                 {"name": name, "access": "private", "graph": {"nodes": nodes, "edges": edges}}, token)
        with open(os.path.join(PROJECT, "examples", "outline.json")) as f:
            example = json.load(f)
        rest("%s/api/workflows/%s" % (url, example["id"]), "PUT", example, token)

    def after_test(self):
        self.relay.refuse = False

    def shot(self, page, name):
        if self.shots:
            page.screenshot(os.path.join(self.shots, "stack-" + name + ".png"))

    def stop(self):
        self.relay.stop()
        if self.server:
            self.server.stop()


def open_workflow(page, suite, ident):
    page.open(suite.url + "/#/workflow/" + ident)
    page.wait("document.querySelector('#view').dataset.workflow === %r && !document.querySelector('#run').disabled" % ident)


def job_of(page):
    return page.eval("decodeURIComponent(location.hash.split('/job/')[1] || '')")


class Feeder:
    """Another client of the same run, which feeds its input: strings become pieces of one text."""

    def __init__(self, suite, job):
        self.job = job
        self.socket = connect("ws" + suite.direct[4:] + "/ws", max_size=None)
        self.command("reconnect_job")

    def command(self, name, **data):
        self.socket.send(json.dumps({"command": name, "data": {"job_id": self.job, **data}}))
        while True:
            answer = json.loads(self.socket.recv(timeout=10))
            if "type" not in answer:
                assert "error" not in answer, answer
                return

    def feed(self, *texts):
        for text in texts:
            self.command("stream_input", input="mic", handle="chunk", value={"type": "chunk", "content": text, "done": False})

    def end(self):
        self.command("end_input_stream", input="mic", handle="chunk")
        self.socket.close()


def test_stack_opens(page, suite):
    page.open(suite.url + "/")
    page.wait_text("#connection", "Connected")
    page.wait_text("#workflows", "Outline of a text")
    page.wait("document.querySelectorAll('.g-node').length > 0")
    page.wait_text("#load", "memory")


def test_stack_runs_the_example(page, suite):
    open_workflow(page, suite, "example-outline")
    page.click("#run")
    page.wait_text("#status", "Completed", 20)
    for words in ("1. Field notes", "2. The river", "3. The wood", "4. The hill"):
        page.wait_text("#panel-outputs", words)
    states = page.eval("[...document.querySelectorAll('.g-node')].map(n => n.dataset.state)")
    assert set(states) == {"completed"}, states
    suite.shot(page, "example")
    page.click("#tab-jobs")
    page.wait_text("#panel-jobs", "completed")


def test_stack_takes_a_file_as_input(page, suite):
    open_workflow(page, suite, "example-outline")
    with tempfile.NamedTemporaryFile("w", suffix=".md") as f:
        f.write("# Of a file\none two\n## Zw\u00f6lf\nthree\n")
        f.flush()
        page.files(".field-string input[type=file]", [f.name])
        page.wait("document.querySelector('#field-0').value.includes('Of a file')")
    page.click("#run")
    page.wait_text("#status", "Completed", 20)
    page.wait_text("#panel-outputs", "1. Of a file (6 words)")
    page.wait_text("#panel-outputs", "2. Zw\u00f6lf (2 words)")


def test_stack_marks_a_failing_node(page, suite):
    open_workflow(page, suite, "failing")
    page.click("#run")
    page.wait_text("#status", "Failed")
    page.wait_text("#form-error", "division by zero")
    page.wait("document.querySelector('[data-node=x]').dataset.state === 'error'")
    page.click("[data-node=x]")
    page.wait_text("#node", "division by zero")
    page.click("#tab-jobs")
    page.wait_text("#panel-jobs", "division by zero")
    suite.shot(page, "failing")


def test_stack_cancels_a_long_run(page, suite):
    open_workflow(page, suite, "open-ended")
    page.click("#run")
    page.wait("document.querySelector('[data-node=o]').dataset.state === 'running'")
    page.click("#cancel")
    page.wait_text("#status", "Cancelled")
    assert rest("%s/api/jobs/%s" % (suite.direct, job_of(page)))["status"] == "cancelled"
    page.click("#tab-jobs")
    page.wait_text("#panel-jobs", "cancelled")


def test_stack_loses_and_regains_the_connection(page, suite):
    open_workflow(page, suite, "open-ended")
    page.click("#run")
    page.wait("document.querySelector('[data-node=o]').dataset.state === 'running'")
    feeder = Feeder(suite, job_of(page))
    feeder.feed("1 ", "2 ", "3 ")
    page.wait_text("#panel-outputs", "1 2 3")
    suite.relay.refuse = True
    suite.relay.cut()
    page.wait_text("#connection", "Connection lost")
    feeder.feed("4 ", "5 ", "6 ")
    suite.relay.refuse = False
    page.wait_text("#connection", "Connected", 20)
    page.wait_text("#panel-outputs", "5 6")
    feeder.feed("7 ", "8 ", "9 ")
    feeder.end()
    page.wait_text("#status", "Completed")
    shown = "".join(values(page, "heard")).split()
    assert shown == list("123456789"), "lost or doubled: %s" % shown


def test_stack_learns_the_end_that_came_while_it_was_away(page, suite):
    open_workflow(page, suite, "open-ended")
    page.click("#run")
    page.wait("document.querySelector('[data-node=o]').dataset.state === 'running'")
    feeder = Feeder(suite, job_of(page))
    suite.relay.refuse = True
    suite.relay.cut()
    page.wait_text("#connection", "Connection lost")
    feeder.feed("alpha ", "omega")
    feeder.end()
    suite.relay.refuse = False
    page.wait_text("#status", "Completed", 20)
    page.wait_text("#panel-outputs", "alpha omega")


def own_server(test):
    """Marks a test that stops or starts a server, which one given by --url is not for."""
    test.own_server = True
    return test


@own_server
def test_stack_survives_a_restart_of_the_server(page, suite):
    open_workflow(page, suite, "open-ended")
    page.click("#run")
    page.wait("document.querySelector('[data-node=o]').dataset.state === 'running'")
    job = job_of(page)
    suite.server.halt()
    page.wait_text("#connection", "Connection lost")
    suite.server.start()
    page.wait_text("#connection", "Connected", 30)
    page.wait("!document.querySelector('#run').hidden", 20)
    status = rest("%s/api/jobs/%s" % (suite.direct, job))["status"]
    assert status in ("failed", "cancelled"), status
    page.wait_text("#status", status.capitalize())
    open_workflow(page, suite, "example-outline")
    page.click("#run")
    page.wait_text("#status", "Completed", 20)


@own_server
def test_stack_goes_on_when_the_daemon_was_killed(page, suite):
    open_workflow(page, suite, "open-ended")
    page.click("#run")
    page.wait("document.querySelector('[data-node=o]').dataset.state === 'running'")
    page.eval("""(() => {
        const place = document.querySelector('#connection');
        window.seen = [];
        new MutationObserver(() => seen.push(place.innerText))
            .observe(place, {childList: true, subtree: true, characterData: true, attributes: true});
    })()""")
    os.kill(suite.server.daemon(), signal.SIGKILL)
    page.wait("seen.some((text) => text.includes('lost'))", 30)
    page.wait_text("#connection", "Connected", 30)
    page.wait("document.querySelector('[data-node=o]').dataset.state === 'running'", 20)
    page.wait_text("#status", "Running")
    page.click("#cancel")
    page.wait_text("#status", "Cancelled", 20)
    page.click("#run")
    page.wait_text("#status", "Running")
    page.click("#cancel")
    page.wait_text("#status", "Cancelled")


def test_stack_shows_a_run_again_after_a_reload(page, suite):
    open_workflow(page, suite, "example-outline")
    page.click("#run")
    page.wait_text("#status", "Completed", 20)
    page.call("Page.reload")
    page.wait("document.readyState === 'complete'")
    page.wait_text("#status", "Completed", 20)
    page.wait_text("#panel-outputs", "The river")


def test_stack_shows_what_others_change(page, suite):
    open_workflow(page, suite, "example-outline")
    rest(suite.direct + "/api/workflows/fresh", "PUT", {"name": "Made by another", "access": "private", "graph": {"nodes": [], "edges": []}})
    page.wait_text("#workflows", "Made by another")
    page.click("#tab-jobs")
    page.wait("document.querySelector('#panel-jobs').innerText.length > 0")
    before = page.eval("document.querySelectorAll('#panel-jobs tbody tr').length")
    got = rest(suite.direct + "/api/workflows/example-outline/run", "POST", {"params": {}})
    assert "4. The hill" in got["outline"], got
    page.wait("document.querySelectorAll('#panel-jobs tbody tr').length > %d" % before)


def test_stack_works_by_keyboard_alone(page, suite):
    open_workflow(page, suite, "example-outline")
    page.tab_to(".g-node", 60)
    page.key("ArrowRight")
    page.key("Enter")
    page.wait("!document.querySelector('#node').hidden")
    page.tab_to("#field-0")
    page.key("a", 2)
    page.type("# Only\nfour words are here")
    page.tab_to("#run")
    page.key("Enter")
    page.wait_text("#status", "Completed", 20)
    page.wait_text("#panel-outputs", "1. Only")
    page.tab_to("#tab-outputs")
    page.key("End")
    page.wait("!document.querySelector('#panel-jobs').hidden")


def test_stack_can_be_read_in_light_and_dark(page, suite):
    page.media(prefers_color_scheme="light", prefers_reduced_motion="reduce")
    open_workflow(page, suite, "example-outline")
    page.click("#run")
    page.wait_text("#status", "Completed", 20)
    backgrounds = []
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        backgrounds.append(page.eval("getComputedStyle(document.body).backgroundColor"))
        bad = page.eval(CONTRAST)
        assert not bad, "too little contrast in %s: %s" % (scheme, bad)
        suite.shot(page, scheme)
    assert backgrounds[0] != backgrounds[1]


def test_stack_takes_hostile_names_as_text(page, suite):
    open_workflow(page, suite, "hostile")
    assert page.text("#name") == HOSTILE
    page.click("#run")
    page.wait_text("#status", "Completed")
    page.wait_text("#panel-outputs", HOSTILE)
    assert page.eval("window.hacked === undefined && document.querySelectorAll('main img').length === 0")


@own_server
def test_stack_asks_for_a_token(page, suite):
    server = Server(AUTH_PROVIDER="static", SERVER_AUTH_TOKEN="token-of-the-tests")
    try:
        suite.store(server.url, "token-of-the-tests")
        page.open(server.url + "/")
        page.wait("document.querySelector('#token-dialog').open")
        page.type("token-of-the-tests")
        page.key("Enter")
        page.wait_text("#connection", "Connected")
        page.wait_text("#workflows", "Outline of a text")
        page.eval("location.hash = '#/workflow/example-outline'")
        page.wait_text("#name", "Outline of a text")
        page.click("#run")
        page.wait_text("#status", "Completed", 20)
    finally:
        server.stop()


def open_docs(page, suite, path="/docs"):
    page.open(suite.url + path)
    page.wait("document.body.innerText.includes('/api/workflows/')")


def operation(method, path):
    """JavaScript for the <details> of an operation."""
    return ("[...document.querySelectorAll('details')].find(d => d.querySelector('summary').innerText.replace(/\\s+/g, ' ')"
            ".startsWith('%s %s'))" % (method, path))


def test_docs_show_the_operations(page, suite):
    open_docs(page, suite)
    for words in ("/api/jobs/", "/api/nodes/metadata", "/health"):
        assert words in page.eval("document.body.innerText"), words
    page.eval(operation("PUT", "/api/workflows/{") + ".open = true")
    page.wait("(%s).innerText.includes('graph')" % operation("PUT", "/api/workflows/{"))
    foreign = page.eval("performance.getEntriesByType('resource').map(e => e.name).filter(n => !n.startsWith(location.origin))")
    assert not foreign, "loaded from elsewhere: %s" % foreign
    suite.shot(page, "docs")
    page.tab_to("input[type=search]")
    page.type("nodes/metadata")
    page.wait("[...document.querySelectorAll('article')].filter(a => a.checkVisibility()).length < 5")


def test_docs_try_an_operation(page, suite):
    open_docs(page, suite)
    health = operation("GET", "/health")
    page.eval("(%s).open = true" % health)
    page.eval("(%s).querySelector('button').click()" % health)
    page.wait("(%s).innerText.includes('200')" % health)


def test_docs_can_be_read_in_light_and_dark(page, suite):
    open_docs(page, suite, "/redoc")
    colours = []
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme)
        colours.append(page.eval("getComputedStyle(document.body).color"))
    assert colours[0] != colours[1]
