"""Transform of Bitcoin with Beam beside the same with pandas: rows per second and the most memory, in turn.

On a file as large as the known one, and on one 1,000 times as large (230 MB), both made up. Each is a process
of its own that filters, checks, derives and writes two CSV shards, with as many rows; seconds are the
processor's, imports and all, and rows per second are also told without what the small file takes, the
start. Goal: none. `python -m bench beam`.
"""

import datetime
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from argolane.containers import environments
from argolane.project import Project, find
from models.data import bitcoin

DAYS, TIMES = 3059, 1000
PANDAS = """
import sys, pandas as pd, numpy as np
d = pd.read_csv(sys.argv[1]).rename(columns=str.lower).drop(columns="adj close")
d["date"] = pd.to_datetime(d["date"], errors="coerce").dt.strftime("%Y-%m-%d")
names = ["open", "high", "low", "close", "volume"]
d[names] = d[names].apply(pd.to_numeric, errors="coerce")
inside = (d.low <= d[["open", "close"]].min(axis=1)) & (d[["open", "close"]].max(axis=1) <= d.high)
d = d[inside & (d.low > 0) & (d.low < d.high) & (d.volume > 0) & d.date.notna()].drop_duplicates()
d = d[~d.date.duplicated(keep=False)]
d["range"] = np.log(d.high / d.low)
for number in range(2):
    d.iloc[number::2].to_csv(f"{sys.argv[2]}-{number}-of-2.csv", index=False)
print(len(d), "rows")
"""


def main(project: Project, work: Path) -> None:
    python = {
        name: environments.ensure(project.root / lock, project.cache / "envs", root=project.root, say=print)
        / "bin/python"
        for name, lock in (("beam", "models/bitcoin/train.lock"), ("pandas", "bench/pandas.lock"))
    }
    start = {}
    for times in (1, TIMES):
        file = work / f"prices{times}.csv"
        rows = _write(file, times)
        commands = {
            "beam": [str(python["beam"]), "-m", "models.bitcoin.transform", f"--csv-url={file.as_uri()}",
                     f"--csv-sha256={times}", f"--to={work}"],
            "pandas": [str(python["pandas"]), "-c", PANDAS, str(file), str(work / f"shards{times}")],
        }  # fmt: skip
        for name, command in commands.items():
            seconds, memory = _measured(command, project.root, f"{times * DAYS} rows")
            begun = start.setdefault(name, seconds)
            after = f"; {rows / (seconds - begun):9,.0f} rows/s after the start" if times > 1 else ""
            print(
                f"  {rows:9,} rows  {name:6} {seconds:6.1f} s  {memory / 1e6:5.0f} MB at most{after}",
                flush=True,
            )
        file.unlink()
    print(f"  load of this machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _write(file: Path, times: int) -> int:
    """Days of one block again and again, with dates of their own; returns how many rows there are."""
    header, *block = bitcoin.synthetic(DAYS).decode().splitlines()
    start, count = datetime.date(1000, 1, 1), 0
    with file.open("w") as out:
        out.write(header + "\n")
        for _ in range(times):
            for line in block:
                date = start + datetime.timedelta(count)
                out.write(f"{date},{line.partition(',')[2]}\n")
                count += 1
    return count


def _measured(command: list[str], root: Path, told: str) -> tuple[float, float]:
    """(processor seconds, largest resident memory in bytes) of a command, which has to tell its rows."""
    env = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.PIPE, text=True)
    said = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode or told not in said:
        sys.exit(f"{command[:3]} ended with {process.returncode}, expected {told}:\n{said}")
    usage: resource.struct_rusage = used
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(find(), Path(folder))
