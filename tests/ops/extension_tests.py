"""Extensions: what the README shows, installed as it says, and what happens to those that are wrong."""
import json
import os
import re
import subprocess

from harness import ROOT, Server, wait_for

BLOCK = re.compile(r"^```(c|nginx|sh)\n(.*?)^```$", re.M | re.S)


def _example():
    """The README's three texts: program, locations, commands."""
    with open(os.path.join(ROOT, "README.md")) as f:
        section = f.read().split("### Extensions", 1)[1].split("\n## ", 1)[0]
    return dict(BLOCK.findall(section))


def _install(s):
    """Runs the README's commands in a folder that holds its texts."""
    example = _example()
    folder = os.path.join(s.folder, "example")
    os.makedirs(folder)
    for name, text in (("greet.c", example["c"]), ("greet.conf", example["nginx"])):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    path = os.path.join(s.installed, "bin") + os.pathsep + os.environ["PATH"]
    done = subprocess.run(["sh", "-e", "-c", example["sh"]], cwd=folder, capture_output=True, text=True, timeout=120,
                          env={**s.env, "PATH": path, "PREFIX": s.installed})
    assert done.returncode == 0, done.stderr


def test_the_extension_of_the_readme_works():
    with Server().start() as s:
        assert s.get("/api/greet").status == 404
        _install(s)
        wait_for(lambda: s.get("/api/greet").status == 200, 30)
        answer = s.get("/api/greet", NODETOOL_USER="7", X_NodeTool_User="7")
        assert (answer.status, answer.text) == (200, '{"greeting":"Hello, user 1"}\n'), answer.text
        assert answer.headers["Content-Type"] == "application/json"
        assert s.request("POST", "/api/greet/x", b"body").status == 405
        assert s.get("/.authenticated").status == 404
        assert s.get("/health").text == '"OK"'
        for name in ("greet", "greet.conf"):
            os.unlink(os.path.join(s.libexec, "extensions", name))
        assert s.ctl("reload").returncode == 0
        wait_for(lambda: s.get("/api/greet").status == 404, 30)
        wait_for(lambda: not s.pids("greet"), 30)


def test_an_extension_is_behind_the_login():
    with Server(AUTH_PROVIDER="static", SERVER_AUTH_TOKEN="right").start() as s:
        _install(s)
        wait_for(lambda: s.get("/api/greet").status == 401, 30)
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = s.request("GET", "/api/greet", headers=headers)
            assert answer.status == 401 and json.loads(answer.body)["detail"], answer.text
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        answer = s.request("GET", "/api/greet", headers={"Authorization": "Bearer right"})
        assert (answer.status, answer.text) == (200, '{"greeting":"Hello, user 1"}\n'), answer.text
        assert s.get("/api/threads/").status == 401


def test_an_extension_that_is_wrong_harms_nothing():
    with Server().start() as s:
        folder = os.path.join(s.libexec, "extensions")
        os.makedirs(folder)
        for name, mode in (("no-locations", 0o755), ("no-program", 0o644), ("Bad Name", 0o755)):
            with open(os.path.join(folder, name), "w") as f:
                f.write("#!/bin/sh\n")
            os.chmod(os.path.join(folder, name), mode)
        with open(os.path.join(folder, "no-program.conf"), "w") as f:
            f.write("location /api/x { fastcgi_pass unix:@SOCKET@; }\n")
        done = s.ctl("reload")
        assert done.returncode == 0, done.stderr
        for name in ("no-locations", "no-program", "Bad Name"):
            assert name + " is left out" in done.stderr, done.stderr
        wrong = os.path.join(folder, "no-locations.conf")
        with open(wrong, "w") as f:
            f.write("location /api/x { no_such_directive; }\n")
        done = s.ctl("reload")
        assert done.returncode == 1 and "no_such_directive" in done.stderr and "nothing was changed" in done.stderr, done.stderr
        assert s.get("/health").text == '"OK"'
