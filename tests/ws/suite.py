"""Runs test functions: each gets a fresh or shared daemon; prints TAP-like lines and the sum."""
import sys

from common import trial
from daemon import Daemon


def env(**settings):
    """Marks a test that wants a daemon of its own with these settings."""
    def mark(test):
        test.env = settings
        return test
    return mark


def real(**settings):
    """Marks tests that want the real program: one daemon with these settings serves all of them."""
    def mark(test):
        test.real = settings
        return test
    return mark


def run(modules, words):
    passed = failed = 0
    shared = {}
    for module in modules:
        for name, test in list(vars(module).items()):
            if not name.startswith("test_") or (words and not any(w in name for w in words)):
                continue

            def once():
                if hasattr(test, "env"):
                    daemon = Daemon(**test.env)
                    try:
                        test(daemon)
                    finally:
                        daemon.stop()
                    return
                key = "wsd/wsd" if hasattr(test, "real") else "wsd-fake"
                daemon = shared[key] = shared.get(key) or Daemon(key, **getattr(test, "real", {}))
                try:
                    test(daemon)
                finally:
                    daemon.leave()
                    if daemon.process.poll() is not None:
                        del shared[key]
                        daemon.stop()
            if trial(name[5:].replace("_", " "), once):
                passed += 1
            else:
                failed += 1
    for daemon in shared.values():
        try:
            daemon.stop()
            passed += 1
            print("ok - no leaks in a shared daemon")
        except AssertionError as error:
            failed += 1
            print("not ok - a shared daemon: %s" % error)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)
