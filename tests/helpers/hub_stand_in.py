"""What publishing and loading need of the Hub's HTTP interface, on this machine; it notes every request."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

OID = "c0ffee" + 34 * "0"  # of every commit


@dataclass
class Hub:
    """What has been asked of it, and the files of every repository."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    sdks: dict[str, str | None] = field(default_factory=dict)


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve it while the block lasts."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            hub.asked.append(f"POST {self.path}")
            if self.path == "/api/repos/create":
                made = json.loads(body)
                name = f"{made['organization']}/{made['name']}" if made.get("organization") else made["name"]
                hub.repositories.setdefault(name, {})
                hub.sdks[name] = made.get("sdk")
                self.answer({"url": f"{hub.url}/{name}", "name": name})
            elif self.path == "/api/validate-yaml":
                self.answer({"errors": [], "warnings": []})
            elif "/preupload/" in self.path:
                files = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                         for file in json.loads(body)["files"]]  # fmt: skip
                self.answer({"files": files})
            elif "/commit/" in self.path:
                name = re.match(r"/api/(?:models|spaces)/([^/]+/[^/]+)/", self.path)[1]
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        content = base64.b64decode(line["value"]["content"])
                        hub.repositories[name][line["value"]["path"]] = content
                self.answer(
                    {"commitOid": OID, "commitUrl": f"{hub.url}/{name}/commit/{OID}", "success": True}
                )
            else:
                self.answer({"error": "unknown"}, 404)

        def do_GET(self) -> None:
            self.give(whole=True)

        def do_HEAD(self) -> None:
            self.give(whole=False)

        def give(self, whole: bool) -> None:
            hub.asked.append(f"{self.command} {self.path}")
            info = re.match(r"/api/models/([^/]+/[^/]+)/revision/", self.path)
            tree = re.match(r"/api/models/([^/]+/[^/]+)/tree/", self.path)
            file = re.match(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", self.path)
            if info and info[1] in hub.repositories:
                siblings = [{"rfilename": path} for path in hub.repositories[info[1]]]
                self.answer({"id": info[1], "sha": OID, "siblings": siblings})
            elif tree and tree[1] in hub.repositories:
                files = hub.repositories[tree[1]].items()
                self.answer([{"type": "file", "oid": _etag(c), "size": len(c), "path": p} for p, c in files])
            elif file and file[2] in hub.repositories.get(file[1], {}):
                content = hub.repositories[file[1]][file[2]]
                self.answer(content, whole=whole)
            else:
                self.answer({"error": "not found"}, 404)

        def answer(self, content: dict | list | bytes, status: int = 200, whole: bool = True) -> None:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{_etag(body)}"')
            self.send_header("X-Repo-Commit", OID)
            self.end_headers()
            if whole:
                self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    return Handler


def _etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
