"""Asks Argo's own libraries: `python ask.py PROGRAM` puts each question in answers/ to the oracle again.

oracle/main.go is the program; the answers are committed, for it takes Go and Argo's modules to build.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ANSWERS = Path(__file__).with_name("answers")


def load(name: str) -> list[dict[str, Any]]:
    """The questions of answers/NAME.json with what Argo answered: `r` the result, `e` the error."""
    return list(json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8")))


def save(name: str, entries: list[dict[str, Any]]) -> None:
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, sort_keys=True) for entry in entries)
    (ANSWERS / f"{name}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def ask(program: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    questions = [{key: entry[key] for key in entry if key not in ("r", "e")} for entry in entries]
    lines = "\n".join(json.dumps(question) for question in questions)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    return [
        {**question, **json.loads(line)}
        for question, line in zip(questions, done.stdout.splitlines(), strict=True)
    ]


if __name__ == "__main__":
    for file in sorted(ANSWERS.glob("*.json")):
        save(file.stem, ask(sys.argv[1], load(file.stem)))
