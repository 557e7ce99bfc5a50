#!/usr/bin/env python3
"""Ten clients write the same rows through ten processes: writers.py ADDRESS SECONDS. Prints what went wrong and ends
with 0 when no write was lost and none failed.

Each client changes one collection's metadata (read, merged and written by the program: a lost write would take back somebody's number),
saves versions of one workflow (numbers given by the program must be different), and begins threads.
"""
import http.client
import json
import sys
import threading
import time

CLIENTS = 10


class Client(threading.Thread):
    def __init__(self, number, host, workflow, end):
        super().__init__()
        self.key, self.host, self.workflow, self.end = "client%d" % number, host, workflow, end
        self.last, self.versions, self.threads, self.seen, self.faults = 0, [], 0, {}, []

    def request(self, method, path, body):
        began = time.monotonic()
        conn = http.client.HTTPConnection(self.host, timeout=120)
        conn.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = conn.getresponse()
        text = answer.read().decode()
        conn.close()
        if answer.status != 200:
            raise RuntimeError("%s %s: %d %s after %.1f s" % (method, path, answer.status, text, time.monotonic() - began))
        return json.loads(text)

    def look(self, metadata):
        """Numbers of the others never go back."""
        for key, value in metadata.items():
            if key.startswith("client"):
                if int(value) < self.seen.get(key, 0):
                    self.faults.append("%s went back from %d to %s" % (key, self.seen[key], value))
                self.seen[key] = int(value)
        if int(metadata[self.key]) != self.last:
            self.faults.append("%s is %s after %d was written" % (self.key, metadata[self.key], self.last))

    def step(self):
        self.last += 1
        self.look(self.request("PUT", "/api/collections/shared", {"metadata": {self.key: str(self.last)}})["metadata"])
        version = self.request("POST", "/api/workflows/%s/versions" % self.workflow, {"name": self.key})
        self.versions.append(version["version"])
        self.request("POST", "/api/threads/", {"title": self.key})
        self.threads += 1

    def run(self):
        try:
            while time.monotonic() < self.end or not self.last:
                self.step()
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            self.faults.append(str(error))


def main():
    host, seconds = sys.argv[1].removeprefix("http://"), float(sys.argv[2])
    first = Client(0, host, None, 0)
    first.request("POST", "/api/collections/", {"name": "shared"})
    workflow = first.request("POST", "/api/workflows/", {"name": "shared", "access": "private",
                                                          "graph": {"nodes": [], "edges": []}})["id"]
    clients = [Client(i, host, workflow, time.monotonic() + seconds) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    faults = [fault for client in clients for fault in client.faults]
    conn = http.client.HTTPConnection(host, timeout=120)
    conn.request("GET", "/api/collections/shared")
    metadata = json.loads(conn.getresponse().read())["metadata"]
    conn.request("GET", "/api/threads/?limit=10000000")
    threads = [t["title"] for t in json.loads(conn.getresponse().read())["threads"]]
    for client in clients:
        if metadata.get(client.key) != str(client.last):
            faults.append("%s is %s, not %d" % (client.key, metadata.get(client.key), client.last))
        if threads.count(client.key) != client.threads:
            faults.append("%s has %d threads, not %d" % (client.key, threads.count(client.key), client.threads))
    versions = sorted(v for client in clients for v in client.versions)
    if versions != list(range(1, len(versions) + 1)):
        faults.append("versions %s" % versions)
    print("%d writes" % sum(client.last + len(client.versions) + client.threads for client in clients))
    print("\n".join(faults[:10]))
    sys.exit(1 if faults else 0)


main()
