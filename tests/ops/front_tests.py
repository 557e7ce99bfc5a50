"""nginx's configuration: what reaches the programs, limits, pages, files."""
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time

from harness import ROOT, Server, wait_for


def _rest(c):
    """What the server sends before it closes or resets the connection."""
    c.settimeout(30)
    try:
        return c.recv(4096)
    except ConnectionResetError:
        return b""


def test_address_reaches_the_program_as_sent():
    with Server(echo=("server",)).start() as s:
        for path in ("/api/x%2Fy", "/api//x///y", "/api/x/../y", "/api/%20x?q=%2F&b=a+b", "/api/x;y=1,2"):
            assert s.variables(path)["REQUEST_URI"] == path, path


def test_headers_are_no_identity():
    claims = {"X-User-Id": "7", "X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6", "X-Forwarded-Proto": "https",
              "X-Forwarded-User": "root", "X-Remote-User": "root", "Remote-User": "root", "Forwarded": "for=6.6.6.6",
              "Proxy": "http://6.6.6.6", "X-Forwarded-Host": "evil"}
    with Server(echo=("server",)).start() as s:
        seen = s.variables("/api/x", claims)
        assert not {k: v for k, v in seen.items() if "6.6.6.6" in v or v in ("root", "7", "evil", "https")}, seen
        assert seen["REMOTE_ADDR"] == "127.0.0.1" and seen["REQUEST_SCHEME"] == "http" and "HTTPS" not in seen


def test_a_trusted_proxy_is_believed():
    with Server(echo=("server",), NODETOOL_TRUSTED_PROXY="127.0.0.1").start() as s:
        seen = s.variables("/api/x", {"X-Forwarded-For": "9.8.7.6", "X-Forwarded-Proto": "https"})
        assert seen["REMOTE_ADDR"] == "9.8.7.6" and seen["REQUEST_SCHEME"] == "https" and seen["HTTPS"] == "on", seen


def test_limits_of_size():
    with Server(echo=("server",), NODETOOL_MAX_UPLOAD="1m").start() as s:
        assert s.request("POST", "/api/body", b"x" * (1 << 20)).text == "%d\n" % (1 << 20)
        answer = s.request("POST", "/api/body", b"", {"Content-Length": str((1 << 20) + 1)})
        assert answer.status == 413 and json.loads(answer.body)["detail"], answer.text
        for answer in (s.get("/api/" + "x" * 40000), s.request("GET", "/api/x", headers={"X-Long": "x" * 40000})):
            assert answer.status == 414 and json.loads(answer.body)["detail"], answer.text


def test_a_slow_body_holds_no_process():
    with Server(echo=("server",), NODETOOL_BODY_TIMEOUT="5s").start() as s:
        s.conf("pools.conf", "server 1\n")
        s.ctl("reload")
        with socket.create_connection(("127.0.0.1", s.port)) as c:
            c.sendall(b"POST /api/body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
            began = time.time()
            assert s.get("/health").status == 200
            assert time.time() - began < 4
            assert b" 200 " not in _rest(c)


def test_half_sent_headers_time_out():
    with Server(echo=("server",), NODETOOL_HEADER_TIMEOUT="1s").start() as s:
        with socket.create_connection(("127.0.0.1", s.port)) as c:
            c.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
            assert b" 200 " not in _rest(c)


def test_rate_and_connection_limits():
    with Server(echo=("server",), NODETOOL_RATE_LIMIT="5r/s", NODETOOL_RATE_BURST=5, NODETOOL_CONN_LIMIT=8).start() as s:
        answers = [s.get("/health") for _ in range(20)]
        refused = [a for a in answers if a.status == 429]
        assert len(refused) >= 10 and answers[0].status == 200
        assert json.loads(refused[0].body) == {"detail": "Too many requests"}


def test_program_that_is_not_there_is_502_json():
    with Server(echo=("server",)).start() as s:
        shutil.move(os.path.join(s.run, "server.sock"), os.path.join(s.run, "away.sock"))
        answer = s.get("/health", Origin="http://a.example")
        assert answer.status == 502 and answer.headers["Content-Type"] == "application/json"
        assert json.loads(answer.body)["detail"] and answer.headers["Access-Control-Allow-Origin"] == "*"


def test_stored_files_are_sent_by_nginx_alone():
    with Server(echo=("server",)).start() as s:
        with open(os.path.join(s.home, ".local/share/nodetool/assets/file.txt"), "w") as f:
            f.write("0123456789")
        assert s.get("/api/accel").text == "0123456789"
        part = s.get("/api/accel", Range="bytes=2-4")
        assert part.status == 206 and part.text == "234"
        direct = s.get("/.stored/assets/file.txt")
        assert direct.status == 404 and json.loads(direct.body) == {"detail": "Not Found"}


def test_page_without_a_frontend():
    with Server().start() as s:
        page = s.get("/", Accept="text/html,*/*")
        assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
        for path in re.findall(r'(?:src|href)="(console/[^"]+)"', page.text):
            assert s.get("/" + path).status == 200, path
        for answer in (s.get("/"), s.get("/", Accept="application/json"), s.get("/nothing", Accept="text/html")):
            assert answer.status == 404 and json.loads(answer.body) == {"detail": "Not Found"}
        answer = s.get("/console/../../../routers.conf")
        assert answer.status == 400 and json.loads(answer.body) == {"detail": "Bad Request"}, answer.text


class Site:
    """A folder with a frontend build."""

    def __init__(self, **files):
        self.folder = tempfile.mkdtemp(prefix="nodetool-site-")
        for name, text in {"index.html": "<title>site</title>", **files}.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)

    def __enter__(self):
        return self.folder

    def __exit__(self, *exc):
        shutil.rmtree(self.folder)


def test_frontend_with_a_404_page():
    with Site(**{"404.html": "gone", "docs/index.html": "docs", "a b.txt": "blank"}) as folder, \
            Server(STATIC_FOLDER=folder).start() as s:
        assert s.get("/").text == s.get("/index.html").text == "<title>site</title>"
        assert s.get("/docs/").text == "docs" and s.get("/a%20b.txt").text == "blank"
        head = s.request("HEAD", "/index.html")
        assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == "19"
        for path in ("/nope", "/api/nope", "/assets/nope.js", "/.no-route", "/docs/x/"):
            answer = s.get(path, Accept="text/html")
            assert (answer.status, answer.text) == (404, "gone"), (path, answer.status, answer.text)
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert s.get("/health").text == '"OK"'
        answer = s.request("POST", "/index.html", b"")
        assert answer.status == 405 and json.loads(answer.body) == {"detail": "Method Not Allowed"}
        cors = s.get("/index.html", Origin="http://a.example")
        assert cors.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in s.get("/index.html").headers


def test_frontend_with_client_side_routes():
    with Site(**{"assets/x.js": "1"}) as folder, Server(STATIC_FOLDER=folder).start() as s:
        for path in ("/workflow/17", "/login", "/a/b/c"):
            answer = s.get(path, Accept="text/html")
            assert (answer.status, answer.text) == (200, "<title>site</title>"), path
            assert answer.headers["Cache-Control"] == "no-cache"
        for answer in (s.get("/login"), s.get("/x.js", Accept="text/html"), s.get("/api/nope", Accept="text/html"),
                       s.get("/assets/", Accept="application/json")):
            assert answer.status == 404 and json.loads(answer.body) == {"detail": "Not Found"}, answer.text


def test_hashed_files_are_cached_for_ever():
    names = {"assets/index-BfG3k9aQ.js": True, "assets/index-BQfkAaZx.css": True, "assets/main.0a1b2c3d4e.js": True,
             "assets/user-Settings.js": False, "assets/app.js": False, "assets/component.css": False}
    with Site(**{n: "x" for n in names}) as folder, Server(STATIC_FOLDER=folder).start() as s:
        for name, immutable in names.items():
            answer = s.get("/" + name)
            assert ("immutable" in answer.headers["Cache-Control"]) == immutable, (name, answer.headers["Cache-Control"])
            again = s.request("GET", "/" + name, headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status == 304
        assert s.get("/").headers["Cache-Control"] == "no-cache"


def test_gzip():
    with Site(**{"big.js": "let x = 1;\n" * 1000}) as folder, Server(STATIC_FOLDER=folder).start() as s:
        answer = s.get("/big.js", Accept_Encoding="gzip")
        assert answer.headers["Content-Encoding"] == "gzip" and len(gzip.decompress(answer.body)) == 11000
        answer = s.get("/openapi.json", Accept_Encoding="gzip")
        assert answer.headers["Content-Encoding"] == "gzip" and json.loads(gzip.decompress(answer.body))["paths"]
        assert s.get("/health", Accept_Encoding="gzip").headers["Content-Length"] == "4"


def test_site_file():
    with Server() as s:
        made = s.ctl("site-config", "nodes.example.org", HOME="/var/lib/nodetool", NODETOOL_RUN_DIR="/run/nodetool",
                     NODETOOL_SHARE_DIR=os.path.join(s.installed, "share/nodetool-server"))
        assert made.returncode == 0, made.stderr
        made = made.stdout.replace(os.path.join(s.installed, "share"), "/usr/local/share")
        example = os.path.join(ROOT, "nginx", "site.conf.example")
        if os.environ.get("UPDATE_EXAMPLE"):
            with open(example, "w") as f:
                f.write(made)
        with open(example) as f:
            assert f.read() == made, "nginx/site.conf.example is old: UPDATE_EXAMPLE=1 tests/ops/run site_file renews it"
        assert s.ctl("site-config", "a b; c").returncode == 1
        key, cert = os.path.join(s.folder, "key.pem"), os.path.join(s.folder, "cert.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj",
                        "/CN=x", "-days", "1"], check=True, capture_output=True)
        made = re.sub(r"/etc/letsencrypt\S*/fullchain.pem", cert, re.sub(r"/etc/letsencrypt\S*/privkey.pem", key, made))
        with open(os.path.join(s.folder, "site.conf"), "w") as f:
            f.write(made)
        main = os.path.join(s.folder, "main.conf")
        with open(main, "w") as f:
            f.write("pid %s/pid;\nevents {}\nhttp { include %s/site.conf; }\n" % (s.folder, s.folder))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        done = subprocess.run([nginx, "-t", "-q", "-e", "stderr", "-c", main], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_programs_without_an_nginx_of_their_own():
    with Server(echo=("server",), NODETOOL_NGINX="off") as s:
        s.start()
        wait_for(lambda: len(s.pids("server")) == 2)
        wait_for(lambda: os.path.exists(os.path.join(s.run, "server.sock")))
        assert os.stat(os.path.join(s.run, "server.sock")).st_mode & 0o777 == 0o660
        assert os.stat(s.run).st_mode & 0o777 == 0o750
        assert s.ctl("reload").returncode == 0 and s.ctl("stop").returncode == 0
        assert s.all_gone()
