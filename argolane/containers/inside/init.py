"""A program in, its exit code out: execs a container's main process, and waits for it as pid 1.

As pid 1 of the container's PID namespace this process reaps orphans, passes signals on to main, and exits
with main's code; the kernel then kills whatever main left behind.
"""

import errno
import os
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

_PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2}
CANNOT_RUN, NOT_FOUND = 126, 127


def code_of(status: int) -> int:
    """The code a shell, and Kubernetes, report for a wait status: 128 + n for signal n."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def block_signals() -> None:
    """Before main is forked, so that none is lost: `wait_for` takes them one by one."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})


def wait_for(main: int) -> int:
    while True:
        number = signal.sigwait({*_PASSED_ON, signal.SIGCHLD})
        if number != signal.SIGCHLD:
            os.kill(main, number)
            continue
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == main:
                return code_of(status)
            if pid == 0:
                break


def execute(argv: Sequence[str], env: Mapping[str, str], *, output: int, errors: int) -> NoReturn:
    """Becomes the program `argv`, found on the PATH of `env`, in a session of its own; never returns."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(errors, 2)
    os.closerange(3, 1 << 20)
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        os.execvpe(argv[0], list(argv), dict(env))  # noqa: S606  (that is what it is for)
    except OSError as error:
        code, reason = _refusal(argv[0], error)
    except ValueError as error:
        code, reason = CANNOT_RUN, str(error)
    # Through the file descriptor: sys.stderr has the spawner's buffer and encoding.
    os.write(2, f"argolane: cannot run {argv[0]!r}: {reason}.\n".encode(errors="backslashreplace"))
    os._exit(code)


def _refusal(program: str, error: OSError) -> tuple[int, str]:
    missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
    if missing and "/" in program and os.path.exists(program):  # noqa: PTH110
        return CANNOT_RUN, "the interpreter its first line names is not there"
    if missing:
        return NOT_FOUND, "no such file" if "/" in program else "it is not on PATH"
    if error.errno == errno.EACCES:
        return CANNOT_RUN, "it is not an executable file, or this user may not run it"
    return CANNOT_RUN, str(error.strerror)
