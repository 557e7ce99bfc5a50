"""Tests of the chat in the console page, against the whole server and a stand-in for the models (tests/ws/llm.py)."""
import json
import os
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ws"))

import llm  # noqa: E402
from page_tests import CONTRAST  # noqa: E402
from stack import Relay, Server, rest  # noqa: E402

HOSTILE = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"


class Suite:
    def __init__(self, args):
        self.shots = args.shots
        self.models = llm.Server()
        self.server = Server(OLLAMA_API_URL=self.models.url)
        self.relay = Relay(self.server.port)
        self.url = self.relay.url

    def after_test(self):
        self.relay.refuse = False

    def shot(self, page, name):
        if self.shots:
            page.screenshot(os.path.join(self.shots, "chat-" + name + ".png"))

    def stop(self):
        self.relay.stop()
        self.server.stop()


def open_chat(page, suite, address="#/chat"):
    page.open(suite.url + "/" + address)
    page.wait("!document.querySelector('#chat').hidden && !document.querySelector('#chat-send').disabled", 30)
    page.wait("document.querySelector('#chat-model').value === 'ollama tiny:latest'", 30)


def say(page, text):
    page.click("#chat-text")
    page.type(text)
    page.key("Enter")


def answered(page, words, count=1):
    """Waits for the end of the answer, the count-th of this thread, which has these words."""
    page.wait("document.querySelectorAll('.said-by-assistant').length === %d && document.querySelector('#chat-stop').hidden" % count, 30)
    page.wait_text(".said-by-assistant:last-child", words, 30)


def thread_of(page):
    return page.eval("decodeURIComponent(location.hash.split('/chat/')[1] || '')")


MARKDOWN = """(async () => {
  const { markdown } = await import('/console/markdown.js');
  const host = document.createElement('div');
  return (%s).map((text) => { host.replaceChildren(...markdown(text)); return host.innerHTML; }); })()"""

SPANS = [
    ("a *b* **c** ~~d~~ `e` ***f***", "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e</code> <strong><em>f</em></strong></p>"),
    ("snake_case_name 2 * 3 * 4", "<p>snake_case_name 2 * 3 * 4</p>"),
    ("\\*a\\* ``x ` y``", "<p>*a* <code>x ` y</code></p>"),
    ("[a **b**](https://x.test/p_(1) \"t\")",
     '<p><a href="https://x.test/p_(1)" target="_blank" rel="noopener noreferrer">a <strong>b</strong></a></p>'),
    ("[x](javascript:alert(1)) [y](data:text/html,1)", "<p>x y</p>"),
    ("![p](https://x.test/a.png)",
     '<p><a href="https://x.test/a.png" target="_blank" rel="noopener noreferrer">Picture: p</a></p>'),
    ("see https://x.test/a?b=1.", '<p>see <a href="https://x.test/a?b=1" target="_blank" rel="noopener noreferrer">https://x.test/a?b=1</a>.</p>'),
    ("<me@x.test>", '<p><a href="mailto:me@x.test" target="_blank" rel="noopener noreferrer">me@x.test</a></p>'),
    (HOSTILE, "<p>" + HOSTILE.replace("<", "&lt;").replace(">", "&gt;") + "</p>"),
    ("a  \nb\\\nc", "<p>a<br>b<br>c</p>"),
]
BLOCKS = [
    ("# A\n\n## B ##\ntext", '<h4 class="heading-1">A</h4><h5 class="heading-2">B</h5><p>text</p>'),
    ("- a\n- b\n  - c\n\n1. x\n2. y", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol start=\"1\"><li>x</li><li>y</li></ol>"),
    ("3) a\n\n4) b", '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol>'),
    ("> a\n> > b\n\n---", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote><hr>"),
    ("- [x] done", '<ul><li class="task-item"><span class="task">\u2611 </span>done</li></ul>'),
    ("* * *\n***", "<hr><hr>"),
    ("a | b\nc", "<p>a | b\nc</p>"),
]


def test_chat_shows_markdown_safely(page, suite):
    page.open(suite.url + "/#/chat")
    for text, wanted in SPANS + BLOCKS:
        got = page.eval(MARKDOWN % json.dumps([text]))[0]
        assert got == wanted, "%r gave\n%s, not\n%s" % (text, got, wanted)
    table, code, open_fence = page.eval(MARKDOWN % json.dumps(["| a | b |\n|---|--:|\n| `1|2` | x\\|y |\n| 3 |", "```c\nint x = 1 < 2;\n```\nafter",
                                                               "~~~\n<b>"]))
    assert '<th scope="col">a</th><th class="number" scope="col">b</th>' in table, table
    assert '<td><code>1|2</code></td><td class="number">x|y</td>' in table and table.count("<tr>") == 3, table
    assert "<span>c</span>" in code and "<code>int x = 1 &lt; 2;</code>" in code and code.endswith("<p>after</p>"), code
    assert "<code>&lt;b&gt;</code>" in open_fence, open_fence


def test_chat_draws_hostile_markdown_soon(page, suite):
    page.open(suite.url + "/#/chat")
    hostile = ["*a " * 20000, "[" * 20000, "> " * 5000 + "x", "`" * 20000, "- " * 5000 + "x", "**a _b " * 10000, "|" * 20000 + "\n" + "|-" * 10000,
               "![](" * 10000, "<" * 20000, "\\" * 20001, "a\n" * 20000, "_a" * 20000, "http://" * 5000, "``` " * 9000]
    for text in hostile:
        took = page.eval("(async () => { const { markdown } = await import('/console/markdown.js'); const from = performance.now();"
                         "markdown(%s); return performance.now() - from; })()" % json.dumps(text))
        assert took < 5000, "%r... took %d ms" % (text[:10], took)


def test_chat_streams_an_answer(page, suite):
    open_chat(page, suite)
    say(page, "say **bold** and `code` " + HOSTILE)
    answered(page, "bold and code " + HOSTILE)
    assert page.eval("document.querySelector('.said-by-assistant strong').textContent") == "bold"
    assert not page.eval("window.hacked || document.querySelector('#chat-log img, #chat-log script')")
    thread = thread_of(page)
    assert page.text(".said-by-user").startswith("say **bold**")
    say(page, "history")
    answered(page, "user:say bold", 2)
    # The model names the thread; the page is the same after a reload.
    page.wait("document.querySelector('#threads a[aria-current]')?.innerText !== 'New Thread'", 30)
    page.call("Page.reload")
    answered(page, "user:say bold", 2)
    assert thread_of(page) == thread
    stored = rest(suite.url + "/api/messages/?thread_id=" + thread)["messages"]
    assert [m["role"] for m in stored] == ["user", "assistant"] * 2, stored
    suite.shot(page, "answer")


def test_chat_stops_an_answer(page, suite):
    open_chat(page, suite)
    say(page, "slow " + "word " * 400)
    page.wait_text(".said-by-assistant", "word word", 30)
    assert page.text("#chat-status") == "Answering\u2026"
    page.key("Escape")
    page.wait_text(".said-by-assistant", "Stopped.", 30)
    page.wait("document.querySelector('#chat-stop').hidden")
    say(page, "say next")
    answered(page, "next", 2)
    page.call("Page.reload")
    page.wait_text(".said-by-assistant", "Stopped.", 30)  # what there was of it is kept


def test_chat_folds_tool_calls(page, suite):
    open_chat(page, suite)
    page.click("#chat-tools-title")
    page.click("#chat-tools input[value=calculator]")
    page.wait_text("#chat-tools-title", "Tools (1)")
    page.click("#chat-tools-title")
    say(page, 'call calculator {"expression": "6*7"}')
    answered(page, "got")
    page.wait("document.querySelector('.tool[data-state=done]:not([open])')")
    page.click(".tool summary")
    page.wait_text(".tool", "6*7")
    page.wait_text(".tool", "42")
    suite.shot(page, "tool")
    page.call("Page.reload")
    page.wait_text(".tool summary", "calculator", 30)


def test_chat_takes_files(page, suite):
    open_chat(page, suite)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("a.png", "notes.md")]
        with open(paths[0], "wb") as f:
            f.write(b"\x89PNG\r\n\x1a\n")
        with open(paths[1], "w") as f:
            f.write("of a file")
        page.files("#chat-files", paths)
        page.wait("document.querySelectorAll('#chat-attached li').length === 2")
        page.click("#chat-attached li:first-child button")
        page.wait("document.querySelectorAll('#chat-attached li').length === 1")
        page.files("#chat-files", paths[:1])
        say(page, "say seen")
        answered(page, "seen")
    # The first that the model heard of the file: the thread is named by it afterwards.
    sent = next(m for m in (s["body"]["messages"][-1] for s in suite.models.seen) if "notes.md" in str(m["content"]))
    assert "of a file" in sent["content"] and len(sent["images"]) == 1, sent
    assert page.eval("document.querySelectorAll('#chat-attached li').length") == 0


def test_chat_shows_what_went_wrong(page, suite):
    open_chat(page, suite)
    say(page, "refuse")
    page.wait_text(".said-by-assistant .error-text", "a reason", 30)
    page.wait("document.querySelector('#chat-stop').hidden")


def test_chat_goes_on_after_a_lost_connection(page, suite):
    open_chat(page, suite)
    words = " ".join("w%d" % i for i in range(60))
    say(page, "slow " + words)
    page.wait_text(".said-by-assistant", "w5 ", 30)
    suite.relay.cut()
    page.wait_text(".said-by-assistant", words, 60)
    answered(page, words)


def test_chat_grows_on_two_pages(page, suite):
    open_chat(page, suite)
    say(page, "say one")
    answered(page, "one")
    other = page_of(page)
    try:
        open_chat(other, suite, "#/chat/" + thread_of(page))
        answered(other, "one")
        say(page, "say two")
        answered(other, "two", 2)
        other.wait("document.querySelectorAll('.said-by-user').length === 2")
    finally:
        other.close()


def page_of(page):
    return type(page)(page.browser, 1280, 900)


def test_chat_keeps_its_threads(page, suite):
    open_chat(page, suite)
    say(page, "say first")
    answered(page, "first")
    first = thread_of(page)
    page.click("#chat-side a.button")
    page.wait("!document.querySelector('.said-by-user')")
    page.wait_text("#chat-title", "New chat")
    say(page, "say second")
    answered(page, "second")
    page.click("#threads a[data-thread='%s']" % first)
    answered(page, "first")
    page.eval("window.prompt = () => 'Renamed'")
    page.click("#chat-rename")
    page.wait_text("#chat-title", "Renamed")
    page.eval("window.confirm = () => true")
    page.click("#chat-delete")
    page.wait("location.hash === '#/chat' && !document.querySelector('#threads a[data-thread=\"%s\"]')" % first)
    page.click("#to-workflows")
    page.wait("document.querySelector('#chat').hidden && !document.querySelector('#workflow-side').hidden")


def test_chat_can_be_read_and_reached(page, suite):
    open_chat(page, suite)
    say(page, "say # Title\n\ntext `code` [link](https://x.test)\n\n> quote\n\n```c\nint x;\n```")
    answered(page, "quote")
    for scheme in ("light", "dark"):
        page.media(prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
        bad = page.eval(CONTRAST)
        assert not bad, "too little contrast in %s: %s" % (scheme, bad)
        suite.shot(page, scheme)
    for selector in ("#chat-attach", "#chat-model", "#chat-tools-title", "#chat-send"):
        page.tab_to(selector, 60)
    page.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=1, mobile=False)
    assert page.eval("document.scrollingElement.scrollWidth <= innerWidth"), "the chat is wider than the window"
    suite.shot(page, "narrow")
    assert page.eval("JSON.stringify({...localStorage})") == "{}"
