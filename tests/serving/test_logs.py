"""What of a log is shown when its container has died."""

from pathlib import Path

from argolane.serving.logs import cause, tail

WRAPPER = """\
2026-11-21 10:59:30,543 - seldon_core.microservice:main:578 - INFO:  Starting microservice.py:main
[2026-11-21 10:59:30 +0000] [16] [INFO] Booting worker with pid: 16
[2026-11-21 10:59:30 +0000] [16] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/app/toy.py", line 6, in load
    raise RuntimeError("no folder")
RuntimeError: no folder

Exception ignored in atexit callback: <function _exit_function at 0x7ff6823a0360>
Traceback (most recent call last):
    assert self._parent_pid == os.getpid(), 'can only join a child process'
AssertionError: can only join a child process
[2026-11-21 10:59:30 +0000] [2] [ERROR] Worker (pid:16) exited with code 3
[2026-11-21 10:59:30 +0000] [2] [ERROR] Shutting down: Master
[2026-11-21 10:59:30 +0000] [2] [ERROR] Reason: Worker failed to boot.
"""


def test_the_wrappers_farewell_hides_no_cause(tmp_path: Path) -> None:
    """gunicorn's last words and the trouble at exit are left out: the model's own error is the last line."""
    log = tmp_path / "a.txt"
    log.write_text("an earlier life\n" + WRAPPER)
    lines = tail(log, start=len("an earlier life\n"))
    assert lines[-1] == cause(lines) == "RuntimeError: no folder"
    assert not any("earlier" in line for line in lines)


def test_without_an_exception_the_last_line_is_the_cause(tmp_path: Path) -> None:
    """What there is is shown: the last words, even gunicorn's; of a log that is not there, nothing."""
    log = tmp_path / "a.txt"
    log.write_text("sh: model: not found\n")
    assert cause(tail(log)) == "sh: model: not found"
    log.write_text("[2026-11-21 10:59:30 +0000] [16] [INFO] Worker exiting\n")
    assert tail(log) == ["[2026-11-21 10:59:30 +0000] [16] [INFO] Worker exiting"]
    assert cause(tail(tmp_path / "none.txt")) == ""


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    """Twelve lines of a log of many megabytes."""
    log = tmp_path / "a.txt"
    log.write_text("".join(f"line {n}\n" for n in range(200_000)))
    assert tail(log)[-1] == "line 199999"
    assert len(tail(log)) == 12
