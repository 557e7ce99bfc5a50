"""A stand-in for Hugging Face, GitHub and Google on loopback: the authorization code flow with PKCE, for oauth.test and
auth.test. oauth_service.py FILE writes its address into FILE and serves until it is killed.

The page of a login answers with the redirect that a browser would follow. Codes serve once; the token request must bring the
verifier that fits the challenge, the address of the callback, and the client's secret (GitHub, Google)."""
import base64
import hashlib
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

codes = {}
tokens = {}
LOGINS = ("/oauth/authorize", "/login/oauth/authorize", "/o/oauth2/v2/auth")
ACCOUNTS = {
    "/api/whoami-v2": {"id": "hf-1", "name": "ada", "email": "ada@example.org", "type": "user", "orgs": [{"name": "o"}], "x": 1},
    "/user": {"id": 42, "login": "ada-gh", "node_id": "N", "email": None, "followers": 3, "plan": {"secret": 1}},
    "/v1/userinfo": {"sub": "g-1", "email": os.environ.get("STAND_IN_EMAIL", "ada@example.org"),
                     "email_verified": os.environ.get("STAND_IN_VERIFIED", "yes") == "yes"},
}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, status, value, **headers):
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        if url.path in LOGINS:
            code = "code-%d &+" % len(codes)
            codes[code] = query
            return self.answer(302, None, Location=query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]}))
        if url.path in ACCOUNTS:
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            if kind.lower() != "bearer" or tokens.get(token) != "valid":
                return self.answer(401, {"message": "Bad credentials"})
            return self.answer(200, ACCOUNTS[url.path])
        return self.answer(404, {"message": "Not Found"})

    def do_POST(self):
        form = {k: v[0] for k, v in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()}
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != "refresh-1":
                return self.answer(400, {"error": "invalid_grant", "error_description": "Unknown refresh token"})
            return self.give("again")
        login = codes.pop(form.get("code"), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if not login or login["code_challenge"] != challenge or login["redirect_uri"] != form.get("redirect_uri") or \
                login["client_id"] != form.get("client_id"):
            return self.answer(400, {"error": "invalid_grant", "error_description": "The code <does> not fit"})
        if not self.path.startswith("/oauth/token") and form.get("client_secret") != "the-secret":
            return self.answer(401, {"error": "invalid_client"})
        return self.give("first")

    def give(self, name):
        access = "%s-%d" % (name, len(tokens))
        tokens[access] = "valid"
        self.answer(200, {"access_token": access, "refresh_token": "refresh-1", "token_type": "bearer", "expires_in": 3600,
                          "scope": "openid"})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as out:
    out.write("http://127.0.0.1:%d" % server.server_port)
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
