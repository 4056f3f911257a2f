"""The scoring service behind its Service, beside the same code under Seldon's wrapper: requests per second.

gunicorn and seldon-core-microservice have two processes each. The same clients ask in turn, on this machine:
the Service, which forwards each connection to the pod; gunicorn itself, which is what the Service costs; and
the wrapper. Goal: no fewer behind the Service than under the wrapper, which besides makes an array of each
request, and an answer with meta of the array that comes back: 1.0 ms of a processor, where the app takes 0.6.
"""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from argolane.containers import images
from argolane.project import Project, find
from argolane.serving import loopback
from argolane.serving.apiserver import ApiServer
from bench.comments import checkout
from bench.load import measure
from bench.serving import await_url, free_port, serving
from k8s_serving import score
from k8s_serving.web import service

ROUNDS, SECONDS, WORKERS = 3, 2.0, "2"


def main(project: Project, work: Path) -> None:
    unit = project.root / "models" / "score"
    plain, wrapped = ((unit / name).read_bytes() for name in ("score.json", "request.json"))
    with (
        behind_a_service(find(checkout(project.root, work / "score"))) as url,
        gunicorn(project) as bare_url,
        component(project) as seldon_url,
    ):
        for clients in (1, 4):
            rounds = [
                [measure(asked, body, clients=clients, seconds=SECONDS)
                 for asked, body in ((url, plain), (bare_url, plain), (seldon_url, wrapped))]
                for _ in range(ROUNDS)
            ]  # fmt: skip
            a, bare, b = sorted(rounds, key=lambda loads: loads[0].rate / loads[2].rate)[ROUNDS // 2]
            print(f"  Service   {a}\n  gunicorn  {bare}\n  Seldon    {b}")
            print(f"  ratio of requests per second, {clients} clients: {a.rate / b.rate:.1f} (goal: 1)")


@contextlib.contextmanager
def behind_a_service(project: Project) -> Iterator[str]:
    """The Deployment of the page with one pod, whose image starts two processes."""
    server, port = ApiServer(project), free_port()
    try:
        server.apply(service(score.NAME, port=port))
        server.apply(score.app(image="bench/score-app:0.1", version="0.1"))
        await_url(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}/score"
    finally:
        for kind in ("Deployment", "Service"):
            server.delete(kind, score.NAME)


@contextlib.contextmanager
def gunicorn(project: Project) -> Iterator[str]:
    image, port = images.prepare(project, "bench/score-app:0.1", say=print), free_port()
    env = loopback.environment({**image.env, "WEB_CONCURRENCY": WORKERS, "PORT": str(port)})
    process = subprocess.Popen(
        [*image.command, f"--bind=127.0.0.1:{port}"], env=env, cwd=project.root,
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await_url(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}/score"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def component(project: Project) -> Iterator[str]:
    image = images.prepare(project, "bench/score-runtime:0.1", say=print)
    with serving([*image.command, "--workers", WORKERS], image.env, project.root) as url:
        yield url
