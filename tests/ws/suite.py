"""Runs test functions: each gets a fresh or shared daemon; prints TAP-like lines and the sum."""
import sys
import time
import traceback

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
    shared = genuine = None
    for module in modules:
        for name, test in list(vars(module).items()):
            if not name.startswith("test_") or (words and not any(w in name for w in words)):
                continue
            own = hasattr(test, "env")
            began = time.time()
            daemon = None
            try:
                if own:
                    daemon = Daemon(**test.env)
                elif hasattr(test, "real"):
                    genuine = daemon = genuine or Daemon("wsd/wsd", **test.real)
                else:
                    shared = daemon = shared or Daemon()
                try:
                    test(daemon)
                finally:
                    if own:
                        daemon.stop()
                    else:
                        for c in daemon.clients:
                            c.close()
                        daemon.clients = []
                passed += 1
                print("ok - %s (%.1f s)" % (name[5:].replace("_", " "), time.time() - began), flush=True)
            except Exception as error:
                failed += 1
                print("not ok - %s: %s" % (name[5:].replace("_", " "), error or type(error).__name__), flush=True)
                if not isinstance(error, AssertionError):
                    traceback.print_exc()
                if shared and shared.process.poll() is not None:
                    print(shared.log_text()[-3000:])
                    shared = None
    for daemon in (shared, genuine):
        try:
            if daemon:
                daemon.stop()
                passed += 1
                print("ok - no leaks in a shared daemon")
        except AssertionError as error:
            failed += 1
            print("not ok - a shared daemon: %s" % error)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)
