"""Code nodes in the real daemon: what they print, what they cannot reach, and that they are gone when their run is."""
import os
import shutil
import subprocess
import time

from daemon import eventually, program
from protocol_tests import equal
from suite import env

PROGRAMS = os.path.dirname(program("nodetool-sandbox"))
SECRET = "a-secret-of-the-server"
settings = env(name="wsd/wsd", NODETOOL_LIBEXEC_DIR=PROGRAMS, SECRETS_MASTER_KEY=SECRET, OPENAI_API_KEY=SECRET)


def code_graph(kind, code, **more):
    return {"nodes": [{"id": "c", "type": "nodetool.code.Execute" + kind, "data": {"code": code, **more}},
                      {"id": "o", "type": "nodetool.output.Output", "data": {"name": "out"}}],
            "edges": [{"id": "e", "source": "c", "sourceHandle": "stdout", "target": "o", "targetHandle": "value"}]}


def run(d, kind, code, status="completed", **client):
    c = d.client(**client)
    c.command("run_job", graph=code_graph(kind, code))
    return c.until(type="job_update", status=status, timeout=30)


def prints(d, kind, code):
    return (run(d, kind, code)[-1]["result"] or {}).get("out", [])


def alive(words):
    return subprocess.run(["pgrep", "-f", "^" + words], stdout=subprocess.DEVNULL).returncode == 0


@settings
def test_code_in_five_languages(d):
    for kind, interpreter, code in (("Python", "python3", "print(1)\nprint(2)"), ("Bash", "bash", "echo 1; echo 2"),
                                    ("JavaScript", "node", "console.log(1); console.log(2)"),
                                    ("Ruby", "ruby", "puts 1; puts 2"), ("Lua", "lua", "print(1) print(2)")):
        if shutil.which(interpreter, path="/usr/local/bin:/usr/bin:/bin"):
            equal(prints(d, kind, code), ["1\n", "2\n"])


@settings
def test_code_reaches_nothing_of_the_server(d):
    equal(prints(d, "Bash", "env | grep -c '%s' || true" % SECRET), ["0\n"])
    equal(prints(d, "Bash", "cat /proc/*/environ | grep -ac '%s' || true" % SECRET), ["0\n"])
    equal(prints(d, "Bash", "ls '%s' '%s' 2> /dev/null | wc -l" % (d.db, d.run)), ["0\n"])
    equal(prints(d, "Python", """
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", %d)), (socket.AF_UNIX, "%s/wsd.sock")):
    try:
        socket.socket(family).connect(address)
        print("reached", address)
    except OSError:
        print("no", family.name)
""" % (d.port, d.run)), ["no AF_INET\n", "no AF_UNIX\n"])


@settings
def test_code_that_fails(d):
    end = run(d, "Python", "raise ValueError('what')", "failed")[-1]
    assert "ValueError: what" in end["error"], end


@settings
def test_code_is_gone_when_its_run_is_cancelled(d):
    c = d.client()
    c.command("run_job", graph=code_graph("Bash", "setsid sleep 7654 & echo up; trap '' TERM; sleep 7654"))
    job = c.until(type="job_update")[-1]["job_id"]
    c.until(type="output_update")
    assert alive("sleep 7654")
    c.command("cancel_job", job_id=job)
    c.until(type="job_update", status="cancelled")
    assert eventually(lambda: not alive("sleep 7654")), "it still runs"


@settings
def test_code_is_gone_when_its_runner_is_killed(d):
    c = d.client()
    c.command("run_job", graph=code_graph("Bash", "echo up; sleep 7655"))
    c.until(type="output_update")
    for pid in d.runners():
        os.kill(pid, 9)
    c.until(type="job_update", status="failed")
    assert eventually(lambda: not alive("sleep 7655")), "it still runs"


@env(name="wsd/wsd", NODETOOL_LIBEXEC_DIR=PROGRAMS, NODETOOL_CODE_NODES="off")
def test_code_is_off_where_the_operator_wants_it(d):
    end = run(d, "Bash", "echo 1", "failed")[-1]
    assert "NODETOOL_CODE_NODES" in end["error"], end
