"""Tests of the console page against the whole server."""


class Suite:
    def __init__(self, args):
        pass

    def after_test(self):
        pass

    def stop(self):
        pass
