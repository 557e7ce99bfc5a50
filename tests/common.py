"""What the suites written in Python share."""
import random
import socket
import time
import traceback


def free_port():
    """A port of the loopback that nobody listens on, out of the range from which the system takes ports for clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Fault(AssertionError):
    """A failure that a second trial must not hide: a finding of a sanitizer, a leak, a daemon that died."""


def trial(name, test):
    """Runs one test and says whether it passed. One that fails gets a second trial, since a busy machine may hold a program up
    for longer than any test waits; the first failure is printed all the same, so that a test that wavers is seen."""
    for verdict in ("again", "not ok"):
        began = time.time()
        try:
            test()
            print("ok - %s (%.1f s)" % (name, time.time() - began), flush=True)
            return True
        except Exception as error:
            final = isinstance(error, Fault)
            print("%s - %s: %s" % ("not ok" if final else verdict, name, error or type(error).__name__), flush=True)
            if not isinstance(error, AssertionError) or not str(error):
                traceback.print_exc()
            if final:
                return False
    return False
