#!/usr/bin/env python3
"""Puts router programs behind HTTP for a test: front.py fastcgi|accel|cgi RUNDIR PREFIX=PROGRAM...

fastcgi: each program on its Unix socket (FRONT_PROCESSES of it, two by default), a private nginx in front.
accel:   the same, and nginx sends the stored files.
cgi:     each request runs the program with the CGI environment and the body on standard input.
Prints the base address, then waits for SIGTERM and leaves nothing running. The first prefix that fits counts.
"""
import http.server
import os
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from common import free_port  # noqa: E402

CONF = """daemon off;
{user}pid {run}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off;
  map "$http_range $http_if_range" $nodetool_ranges {{ default ''; "~^bytes=.* $" bytes; }}
  client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/fastcgi;
  uwsgi_temp_path {run}/uwsgi; scgi_temp_path {run}/scgi;
  client_max_body_size 1g;
  merge_slashes off;
  server {{
    listen 127.0.0.1:{port};
    fastcgi_keep_conn off;
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param QUERY_STRING $query_string;
    fastcgi_param CONTENT_TYPE $content_type;
    fastcgi_param CONTENT_LENGTH $content_length;
    fastcgi_param REMOTE_ADDR $remote_addr;
    fastcgi_param SERVER_NAME $host;
    fastcgi_param SERVER_PORT $server_port;
    fastcgi_param REQUEST_SCHEME $scheme;
{locations}  }}
}}
"""


def spawn(program, path, count):
    """The program as FastCGI: its listening socket is descriptor 0."""
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen(128)
        return [subprocess.Popen([program], stdin=s) for _ in range(count)]


# As in nginx/nginx.conf.in.
ACCEL = """    fastcgi_param NODETOOL_ACCEL /.stored;
    location ^~ /.stored/{area}/ {{
      internal; alias "{folder}/"; if_modified_since before;
      add_header Accept-Ranges $nodetool_ranges;
      add_header X-Content-Type-Options nosniff;
      add_header Content-Security-Policy "sandbox; default-src 'none'";
    }}
"""


def stored(run):
    """Locations of the stored files."""
    home = os.path.expanduser("~")
    return "".join(ACCEL.format(area=area, folder=folder)
                   for area, folder in (("assets", home + "/.local/share/nodetool/assets"), ("temp", run + "/temp")))


def start_fastcgi(run, routes, locations):
    port, children = free_port(), []
    for number, (prefix, program) in enumerate(routes):
        path = f"{run}/router{number}.sock"
        children += spawn(program, path, int(os.environ.get("FRONT_PROCESSES", 2)))
        locations += f"    location {prefix} {{ fastcgi_pass unix:{path}; }}\n"
    with open(f"{run}/pids", "w") as f:
        f.write(" ".join(str(c.pid) for c in children))
    with open(f"{run}/nginx.conf", "w") as f:
        user = "user root root;\n" if os.getuid() == 0 else ""
        f.write(CONF.format(run=run, port=port, locations=locations, user=user))
    nginx = os.environ.get("NGINX", "/usr/sbin/nginx")
    children.append(subprocess.Popen([nginx, "-p", run, "-e", "stderr", "-c", f"{run}/nginx.conf"]))
    return port, children


class Bridge(http.server.BaseHTTPRequestHandler):
    routes = []
    protocol_version = "HTTP/1.1"

    def environment(self):
        env = dict(os.environ, REQUEST_METHOD=self.command, REQUEST_URI=self.path, GATEWAY_INTERFACE="CGI/1.1",
                   QUERY_STRING=self.path.partition("?")[2], REMOTE_ADDR=self.client_address[0], SERVER_NAME="127.0.0.1",
                   SERVER_PORT=str(self.server.server_address[1]), SCRIPT_NAME="", PATH_INFO="")
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            env[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key] = value
        return env

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        program = next((p for prefix, p in self.routes if self.path.startswith(prefix)), None)
        if not program:
            return self.send_error(404)
        done = subprocess.run([program], input=body, env=self.environment(), stdout=subprocess.PIPE, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode("latin-1").split("\r\n") if ": " in line]
        status = next((value for name, value in lines if name == "Status"), "500 No answer")
        self.send_response_only(int(status.split()[0]), status.partition(" ")[2])
        for name, value in lines:
            if name not in ("Status", "Content-Length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = serve

    def log_message(self, *_):
        pass


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the server does not answer")


def main():
    mode, run = sys.argv[1:3]
    routes = [tuple(a.split("=", 1)) for a in sys.argv[3:]]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    children = []
    try:
        if mode != "cgi":
            port, children = start_fastcgi(run, routes, stored(run) if mode == "accel" else "")
            wait_for(port)
            print(f"http://127.0.0.1:{port}", flush=True)
            signal.pause()
        else:
            Bridge.routes = routes
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bridge)
            print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
            server.serve_forever()
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
        for child in children:
            child.wait()


if __name__ == "__main__":
    main()
