"""Settings of gunicorn: `gunicorn --config python:models.score.workers 'models.score.app:create_app()'`.

Environment: PORT (5000), and WEB_CONCURRENCY, the processes (2).
"""

import os

bind = f"0.0.0.0:{os.environ.get('PORT') or 5000}"  # a pod is asked at its own address
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
# Threads keep connections open, and a client that is slow to send holds up no process.
worker_class, threads = "gthread", 4
worker_tmp_dir = "/dev/shm"  # noqa: S108  the root folder can be read-only; a heartbeat on a disk may stall
accesslog = None
