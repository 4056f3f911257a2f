"""A folder in, a real MLflow server before a real S3 out: both on the loopback, both ended with the block."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.models.conftest import ROOT, python_of
from tests.models.serving import free_ports

KEY, SECRET = "argolane", "only-for-tests"
BUCKET = "mlflow"


@dataclass
class Site:
    """`uri` is MLflow's; artifacts are proxied into the bucket, so that its clients need no keys."""

    folder: Path
    mlflow: Path  # the command
    rclone: Path
    port: int
    s3_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def s3(self) -> str:
        return f"http://127.0.0.1:{self.s3_port}"

    def start_s3(self, *flags: str, secret: str = SECRET) -> None:
        (self.folder / "s3" / BUCKET).mkdir(parents=True, exist_ok=True)
        command = [self.rclone, "serve", "s3", "--addr", f"127.0.0.1:{self.s3_port}", "--auth-key",
                   f"{KEY},{secret}", "--vfs-cache-mode", "off", *flags, self.folder / "s3"]  # fmt: skip
        self._start("s3", command, self.s3)

    def start_mlflow(self) -> None:
        command = [
            self.mlflow, "server", "--host", "127.0.0.1", "--port", self.port, "--workers", "1",
            "--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db",
            "--artifacts-destination", f"s3://{BUCKET}/artifacts",
            "--allowed-hosts", "localhost:*,127.0.0.1:*",
        ]  # fmt: skip
        self._start("mlflow", command, f"{self.uri}/health")

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _start(self, name: str, command: list[object], url: str) -> None:
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}
        path = f"{self.mlflow.parent}:{os.environ['PATH']}"
        env = {**os.environ, **keys, "PATH": path, "MLFLOW_S3_ENDPOINT_URL": self.s3,
               "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # fmt: skip
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(map(str, command)), cwd=self.folder, env=env, stdout=output, stderr=output
            )
        self.processes[name] = process
        end = time.monotonic() + 300
        while not answers(url):
            assert process.poll() is None and time.monotonic() < end, log.read_text()[-2000:]
            time.sleep(0.2)


@contextlib.contextmanager
def site(folder: Path) -> Iterator[Site]:
    mlflow = python_of("wine/train.lock").with_name("mlflow")
    rclone = command("k8s_setup/components/mlflow/rclone.lock", "rclone")
    made = Site(folder, mlflow, rclone, *free_ports(2))
    try:
        made.start_s3()
        made.start_mlflow()
        yield made
    finally:
        for name in list(made.processes):
            made.stop(name)


def command(lock: str, name: str) -> Path:
    """A command of the environment of a lock anywhere in the repository."""
    from argolane.containers import environments
    from argolane.project import Project

    say = lambda text: print(text, file=sys.stderr)  # noqa: E731, T201
    made = environments.ensure(ROOT / lock, Project(ROOT).cache / "envs", root=ROOT, say=say)
    return made / "bin" / name


def answers(url: str) -> bool:
    """Whether anybody answers there, be it with a refusal."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
