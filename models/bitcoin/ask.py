"""Prices in, the request that a client sends to hear of the next day out: `python -m models.bitcoin.ask`."""

import argparse
import json
import sys
from pathlib import Path

from models.bitcoin import cli, source, windows


def parser() -> argparse.ArgumentParser:
    made = cli.parser("ask", "Write the request about the last day of a CSV, as JSON.")
    flag = made.add_argument
    flag("--dataset", default="auto", choices=["auto", "bitcoin", "synthetic"], help="Prices by name.")
    flag("--csv-url", default="", help="A CSV, or a folder of shards with a / at its end.")
    flag("--target", default="range", choices=windows.TARGETS, help="What the deployment tells.")
    flag("--data-dir", type=Path, default=Path("build/data"), help="Cache of what was fetched.")
    return made


def main(given: argparse.Namespace, more: list[str]) -> dict[str, str]:
    cli.unknown(parser(), more)
    prices = source.load(given.dataset, url=given.csv_url, cache=given.data_dir, say=sys.stderr)
    names, row = windows.latest(prices, given.target)
    print(json.dumps({"data": {"names": names, "ndarray": [[float(f"{value:.6g}") for value in row]]}}))
    return {}


if __name__ == "__main__":
    cli.run(parser(), main)
