"""Limits of memory and CPU: what the kernel does with a container that wants more, and what is left of it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from argolane.containers import cgroups, identity
from argolane.containers.cgroups import Limits
from argolane.containers.process import Process
from argolane.containers.sandbox import Container, start
from argolane.errors import ArgolaneError

ENV = {"PATH": os.environ["PATH"]}
GREEDY = "held = bytearray(b'1') * (300 << 20)"
MEMORY, CPU = Limits(memory=64 << 20), Limits(cpu=0.2)


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    if reason := cgroups.lacking(Limits(memory=1, cpu=1.0)):
        pytest.skip(reason)
    yield
    assert not own_groups()


def own_groups() -> list[Path]:
    """The groups that this process has made."""
    bases = {hierarchy.base for hierarchy in cgroups.hierarchies()}
    return [path for base in bases for path in base.glob(f"argolane.{identity.own()}.*")]


def python(program: str, limits: Limits, tmp_path: Path) -> tuple[Process, Path]:
    output = tmp_path / "output.txt"
    argv = ("python3", "-c", program)
    return start(Container("c", argv, ENV, limits=limits), stdout=output), output


def test_who_wants_more_memory_is_killed(isolation: str, tmp_path: Path) -> None:
    """By the kernel, and it is known why; half of what it may have is no matter."""
    process, _ = python(GREEDY, MEMORY, tmp_path)
    assert process.wait(30) == 137
    assert process.ended and process.ended.reason == "OOMKilled"
    process, _ = python("held = bytearray(b'1') * (32 << 20)", MEMORY, tmp_path)
    assert process.wait(30) == 0
    assert process.ended and process.ended.reason == "Error"


def test_a_child_that_is_killed_is_the_reason_of_what_main_ends_with(isolation: str, tmp_path: Path) -> None:
    """The exit code is main's own, as containerd has it."""
    program = f"import subprocess, sys; child = [sys.executable, '-c', {GREEDY!r}]; "
    program += "sys.exit(subprocess.run(child).returncode + 12)"
    process, _ = python(program, MEMORY, tmp_path)
    # Version 2 ends the container as a whole.
    whole = any(each.version == 2 for each in cgroups.hierarchies() if "memory" in each.controllers)
    assert process.wait(30) == (137 if whole else 3)
    assert process.ended and process.ended.reason == "OOMKilled"


def test_a_container_has_the_share_of_a_core_that_it_may_have(isolation: str, tmp_path: Path) -> None:
    """A fifth of one, however long it asks."""
    program = (
        "import time; end = time.time() + 1.5\nwhile time.time() < end: pass\nprint(time.process_time())"
    )
    process, output = python(program, CPU, tmp_path)
    assert process.wait(30) == 0
    # One period of a tenth of a second more for the beginning.
    assert float(output.read_text()) < 0.2 * 1.5 + 0.1 + 0.05


def test_what_only_starts_main_takes_nothing_of_its_share(isolation: str, tmp_path: Path) -> None:
    """The container's first process is outside again, main and its children are inside."""
    program = "import time; print(open('/proc/self/cgroup').read(), flush=True); time.sleep(30)"
    process, output = python(program, MEMORY, tmp_path)
    end = time.monotonic() + 10
    while not output.read_text().endswith("\n\n") and time.monotonic() < end:
        time.sleep(0.02)
    assert "argolane." in output.read_text()
    assert "argolane." not in Path(f"/proc/{process.pid}/cgroup").read_text()
    process.kill()
    assert process.wait(10) == 137
    assert process.ended and process.ended.reason == "Error"


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """Its groups have its name, which no later process has."""
    program = (
        "import os, signal\n"
        "from argolane.containers import cgroups\n"
        "group = cgroups.make(cgroups.Limits(memory=64 << 20))\n"
        "print(*(folder for _, folder in group.folders), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    left = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False).stdout
    folders = [Path(each) for each in left.split()]
    assert folders and all(folder.is_dir() for folder in folders)
    cgroups._hierarchies.cache_clear()
    assert cgroups.hierarchies()
    assert not any(folder.exists() for folder in folders)


def test_who_may_make_no_group_is_told_and_has_no_limit() -> None:
    """Another user than the one to whom they belong."""
    if os.geteuid():
        pytest.skip("only root can be somebody else")
    program = (
        "import os\n"
        "from argolane.containers import cgroups\n"  # which may lie where nobody else may read
        "os.setgroups([]), os.setgid(65534), os.setuid(65534)\n"
        "limits = cgroups.Limits(memory=64 << 20, cpu=1.0)\n"
        "print(cgroups.make(limits), cgroups.lacking(limits))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.stdout == "None this user may make no control group for memory and cpu here\n", done.stderr


def test_a_container_runs_without_a_limit_that_the_kernel_does_not_take(tmp_path: Path) -> None:
    """The other one holds, and what is missing is said before a run."""
    limits = Limits(memory=64 << 20, cpu=1e9)
    assert cgroups.lacking(limits) == "the kernel does not take the limit of cpu: Invalid argument"
    process, _ = python(GREEDY, limits, tmp_path)
    assert process.wait(30) == 137
    process, output = python("print(1)", Limits(cpu=1e9), tmp_path)
    assert process.wait(30) == 0 and output.read_text() == "1\n"


def test_controllers_that_are_taken_back_stop_no_container(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of version 2, when the group above hands them on no more after they were found."""
    above = next((each for each in cgroups._mounted() if each.version == 2), None)
    if above is None:
        pytest.skip("this machine has no version 2")
    base = above.base / f"{tmp_path.name}-{os.getpid()}"
    base.mkdir()
    try:
        found = replace(above, base=base, controllers=frozenset(("memory", "cpu")))
        monkeypatch.setattr(cgroups, "hierarchies", lambda: (found,))
        process, output = python("print(1)", Limits(memory=64 << 20, cpu=1.0), tmp_path)
        assert process.wait(30) == 0 and output.read_text() == "1\n"
        assert not [path for path in base.iterdir() if path.is_dir()]
        lacking = cgroups.lacking(Limits(memory=64 << 20, cpu=1.0))
        assert lacking.count("the kernel does not take the limit of ") == 2
    finally:
        monkeypatch.undo()
        base.rmdir()


def test_a_container_has_no_more_cores_than_the_group_around_it(tmp_path: Path) -> None:
    """As in a container of a CI that may have one: version 1 refuses a larger share below it."""
    if not (
        base := next(
            (h.base for h in cgroups.hierarchies() if (h.version, h.controllers) == (1, {"cpu"})), None
        )
    ):
        pytest.skip("a rule of version 1 alone")
    around = base / f"{tmp_path.name}-{os.getpid()}"
    around.mkdir()
    try:
        (around / "cpu.cfs_quota_us").write_text("50000")
        program = (
            "import os\n"
            "from pathlib import Path\n"
            "from argolane.containers import cgroups\n"
            "limits = cgroups.Limits(cpu=2.0)\n"
            "group = cgroups.make(limits)\n"
            "print(*(Path(f, 'cpu.cfs_quota_us').read_text().strip() for _, f in group.folders))\n"
            "group.remove()\n"
            "print(cgroups.lacking(limits))\n"
        )
        join = ["sh", "-c", f'echo 0 >{around}/cgroup.procs && exec "$0" "$@"']
        done = subprocess.run(
            [*join, sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert done.stdout == "50000\n\n", done.stderr
    finally:
        around.rmdir()


def test_the_group_of_a_container_that_nobody_waits_for_goes_with_the_next(tmp_path: Path) -> None:
    """As a probe that takes too long is killed and dropped."""
    process, output = python("import time; print(1, flush=True); time.sleep(30)", CPU, tmp_path)
    while not output.read_text():
        time.sleep(0.02)
    process.kill()
    del process
    end = time.monotonic() + 10
    while time.monotonic() < end and own_groups():
        time.sleep(0.02)
        if group := cgroups.make(CPU):
            group.remove()


def test_what_is_killed_before_it_began_wanted_too_much_memory(isolation: str, tmp_path: Path) -> None:
    """One page is less than any program starts with."""
    with pytest.raises(
        ArgolaneError, match="'c' cannot start: OOMKilled; its limit of memory, 1 bytes, is less"
    ):
        python("", Limits(memory=1), tmp_path)


def test_libraries_start_as_many_threads_as_the_container_may_have_cores(
    isolation: str, tmp_path: Path
) -> None:
    """Unless it says how many itself; with all cores, or without a limit, nothing is said for it."""
    program = "echo ${OMP_NUM_THREADS-None}"
    cores = float(os.cpu_count() or 1)
    for limits, env, said in (
        (CPU, {}, "1" if cores > 1 else "None"),
        (CPU, {"OMP_NUM_THREADS": "3"}, "3"),
        (Limits(cpu=cores), {}, "None"),
        (Limits(cpu=cores - 0.5), {}, str(max(1, int(cores - 0.5))) if cores > 1 else "None"),
        (MEMORY, {}, "None"),
    ):
        output = tmp_path / "output.txt"
        output.unlink(missing_ok=True)
        container = Container("c", ("sh", "-c", program), {**ENV, **env}, limits=limits)
        assert start(container, stdout=output).wait(30) == 0
        assert output.read_text() == f"{said}\n"


def test_many_threads_may_be_the_first() -> None:
    """What one finds is what all find."""
    cgroups._hierarchies.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: cgroups.hierarchies(), range(8)))
    assert len(found) == 1 and found.pop()
