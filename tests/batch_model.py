"""Behaviour in the environment in, a deployed model of the standard library that answers rows out."""

from typing import Any

# The sum of the numbers of each row and the letters of its texts. A row that begins with -1 is refused, with
# -2 breaks it, with -3 ends it. SECONDS: what a request takes. The claim `box`
# gets the requests as `asked`; while it has a file `down`, the answer is 503.
CODE = """
import http.server, json, os, signal, time
class Model(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments): pass
    def do_GET(self): self.send(200, {})
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        data = json.loads(body)["data"]
        time.sleep(float(os.environ.get("SECONDS", "0")))
        if os.path.exists("/mnt/box/down"): return self.send(503, said(503, "warming up"))
        with open("/mnt/box/asked", "a") as file: file.write(json.dumps(data) + "\\n")
        rows = data["ndarray"]
        if os.environ.get("NAMES") and data.get("names") != os.environ["NAMES"].split(","):
            return self.send(400, said(400, f"names: expected {os.environ['NAMES']}"))
        for row in rows:
            if row[0] == -1: return self.send(400, said(400, f"the row {row} is not wanted"))
            if row[0] == -3: os._exit(9)
            if row[0] == -2: return self.send(500, said(500, "broken"))
        found = [[sum(len(v) if isinstance(v, str) else v for v in row), row[0]] for row in rows]
        form = os.environ.get("FORM", "ndarray")
        if form == "ndarray": return self.send(200, {"data": {"names": ["total", "first"], "ndarray": found}})
        if form == "json": return self.send(200, {"jsonData": found})
        if form == "one": return self.send(200, {"strData": str(found)})
        flat = [float(value) for row in found for value in row]
        self.send(200, {"data": {"tensor": {"shape": [len(rows), 2], "values": flat}}})
    def send(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
def said(code, info):
    return {"status": {"code": code, "info": info, "status": "FAILURE"}}
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.ThreadingHTTPServer.request_queue_size = 64
port = int(os.environ["PREDICTIVE_UNIT_SERVICE_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Model).serve_forever()
"""


def manifest(name: str = "m", **env: str) -> dict[str, Any]:
    """Its SeldonDeployment."""
    container = {
        "name": "m",
        "image": "python:3.11-slim",
        "command": ["python", "-c", CODE],
        "volumeMounts": [{"name": "box", "mountPath": "/mnt/box"}],
        "env": [{"name": key, "value": value} for key, value in env.items()],
    }
    volume = {"name": "box", "persistentVolumeClaim": {"claimName": "box"}}
    predictor = {
        "name": "default",
        "replicas": 1,
        "graph": {"name": "m", "type": "MODEL", "children": []},
        "componentSpecs": [{"spec": {"containers": [container], "volumes": [volume]}}],
    }
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": {"name": name},
        "spec": {"predictors": [predictor]},
    }
