"""A raw CSV in, shards of checked days out, by Apache Beam: `python -m models.bitcoin.transform`.

The second step. Runs on this machine, or on whatever runner of Beam is named: flags that are not its own are
that runner's. The shards interleave days; no shard is a part of the time.
"""

import argparse
import json
import logging
import os
import shlex
import time
from pathlib import Path
from typing import Any

from models.bitcoin import cli, storage
from models.contract.errors import ModelError
from models.data.download import sha256

SHOWN = 10  # bad rows
MOST_GROUPS = 1000  # of days, while each is looked for once


def parser() -> argparse.ArgumentParser:
    made = cli.parser("transform", "Filter, project, check and derive; write shards with a header.")
    flag = made.add_argument
    flag("--csv-url", required=True, help="The raw CSV: file://, s3:// or what else Beam reads.")
    flag("--csv-sha256", default="", help="Its sha256: with the flags, it names the folder of the shards.")
    flag("--to", required=True, help="A folder, or s3://BUCKET/PREFIX.")
    flag("--where", action="append", default=[], metavar="COLUMN=VALUE", help="Rows that are looked at; all.")
    flag("--shards", type=int, default=2, help="Files that are written.")
    flag("--format", default="csv", choices=["csv", "parquet"], help="Of the shards.")
    flag("--most-bad", type=float, default=0.01, help="Share of the rows that may be bad.")
    flag("--runner", default="DirectRunner", help="Any runner of Beam.")
    flag("--runner-options", default="", help="Its flags, as one text.")
    return made


def main(given: argparse.Namespace, more: list[str]) -> dict[str, str]:
    to, only = storage.folder(given.to), _only(given.where)
    if not 1 <= given.shards <= 1000:
        raise ModelError(f"shards is {given.shards}; expected 1 to 1000.")
    source, name = given.csv_sha256 or _digest(given.csv_url), Path(given.csv_url).stem
    said = [source, name, _code(), given.format, given.shards, sorted(only.items())]
    folder = f"{to}clean/{sha256(json.dumps(said).encode())[:16]}/"
    if storage.DONE in storage.names(folder):
        print("It is there already, made of the same file with the same flags.")
        told = json.loads(storage.read(folder + storage.DONE))
    else:
        options = [f"--runner={given.runner}", *_split(given.runner_options), *more]
        told = _run(given, only, folder, options)
    rows, bad = told["rows"], told["bad"]
    for line in told["shown"]:
        print(f"left out: {line}")
    if bad > given.most_bad * (rows + bad) or not rows:
        raise ModelError(f"{bad} of {rows + bad} rows are bad; most-bad is {given.most_bad:g} of them.")
    return {"url": folder, "rows": str(rows), "bad": str(bad)}


def _run(given: argparse.Namespace, only: dict[str, str], folder: str, flags: list[str]) -> dict[str, Any]:
    print(f"loading Apache Beam for {given.runner}", flush=True)
    logging.disable(logging.WARNING)  # that clouds nobody asked for are not installed
    import apache_beam  # noqa: F401

    logging.disable(logging.NOTSET)
    here, started = given.runner.endswith("DirectRunner"), time.perf_counter()
    with storage.near(given.csv_url, here=here) as source, storage.making(folder, here=here) as target:
        prefix = f"{storage.local(target)}/" if target.startswith("file://") else target
        _pipeline(given, only, flags, source, prefix)
        faults = storage.read(f"{target}_bad").decode().splitlines()
        rows = int(storage.read(f"{target}_rows").decode().strip() or 0)
        told = {"rows": rows, "bad": len(faults), "shown": sorted(faults)[:SHOWN]}
        storage.write(target + storage.DONE, json.dumps(told).encode())
    seconds = time.perf_counter() - started
    print(f"{rows} rows, {len(faults)} bad, {given.shards} shards in {seconds:.1f} s", flush=True)
    return told


def _pipeline(
    given: argparse.Namespace, only: dict[str, str], flags: list[str], source: str, prefix: str
) -> None:
    """Run it to its end: shards, `_bad` with the faults, and `_rows` with the number of days."""
    import apache_beam as beam
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions, SetupOptions

    from models.bitcoin import blocks, cleaning

    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if given.runner == "DirectRunner":
        _refuse_unknown(flags)
    try:
        options = PipelineOptions(flags + ([f"--s3_endpoint_url={endpoint}"] if endpoint else []))
        options.view_as(SetupOptions).save_main_session = False
        pipeline = beam.Pipeline(options=options)
    except (ValueError, ImportError) as error:
        raise ModelError(f"runner {given.runner}: {error}") from None
    try:
        with FileSystems.open(source) as file:
            layout = cleaning.layout(file.readline().decode("utf-8-sig").strip("\r\n"), only)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ModelError(f"{given.csv_url}: cannot be read: {error}.") from None
    groups = min(len(blocks.ranges(source)), MOST_GROUPS)
    days, bad = cleaning.days(blocks.lines(pipeline, source), layout, groups=groups)
    _write(days, f"{prefix}{Path(given.csv_url).stem}", given.format, given.shards)
    # One file each, whatever the runner.
    _ = bad | "WriteBad" >> beam.io.WriteToText(f"{prefix}_bad", num_shards=1, shard_name_template="")
    count = days | "Length" >> beam.Map(len) | beam.CombineGlobally(sum)
    _ = count | "WriteCount" >> beam.io.WriteToText(f"{prefix}_rows", num_shards=1, shard_name_template="")
    try:
        state = pipeline.run().wait_until_finish()
    except (RuntimeError, ValueError, OSError) as error:  # of a runner elsewhere, or a full disk
        raise ModelError(f"{given.runner}: {error}") from error
    if str(state) != "DONE":
        raise ModelError(f"{given.runner} ended as {state}, not as DONE.")


def _write(days: Any, prefix: str, kind: str, shards: int) -> None:
    import apache_beam as beam
    from apache_beam.io.parquetio import WriteToParquetBatched

    from models.bitcoin import batches

    # Beam deals elements out to the shards in turn: as many of each array as there are shards.
    dealt = days | "Deal" >> beam.FlatMap(batches.parts, shards)
    if kind == "csv":
        header = ",".join(batches.WRITTEN)
        sink = beam.io.WriteToText(prefix, file_name_suffix=".csv", num_shards=shards, header=header)
        _ = dealt | "Lines" >> beam.Map(batches.text) | "Write" >> sink
        return
    table = WriteToParquetBatched(prefix, batches.SCHEMA, file_name_suffix=".parquet", num_shards=shards)
    _ = dealt | "Table" >> beam.Map(batches.table) | "Write" >> table


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ModelError(f"runner-options is {text!r}: {error}.") from None


def _code() -> str:
    """Of what decides what is in the shards: other code makes another folder."""
    own = Path(__file__).parent
    files = (
        *(own / f"{name}.py" for name in ("batches", "blocks", "cleaning")),
        own.parent / "data/bitcoin.py",
    )
    return sha256(b"".join(file.read_bytes() for file in files))


def _refuse_unknown(flags: list[str]) -> None:
    """Beam leaves a flag that nobody knows aside; a runner elsewhere may know it, the one here does not."""
    from apache_beam.options.pipeline_options import PipelineOptions

    known = argparse.ArgumentParser(conflict_handler="resolve", add_help=False, allow_abbrev=False)
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(known)
    _, more = known.parse_known_args(flags)
    if more:
        raise ModelError(f"{' '.join(more)} is a flag neither of transform nor of DirectRunner.")


def _only(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given if text]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise ModelError(f"where is {name!r}; expected COLUMN=VALUE, such as slug=bitcoin.")
    return {name: value for name, _, value in pairs}


def _digest(url: str) -> str:
    """Of a file of this machine what is in it, of any other its address."""
    if url.startswith("file://") or "://" not in url:
        import hashlib

        try:
            with storage.local(url).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"{url}: cannot be read: {error.strerror}.") from None
    return url


if __name__ == "__main__":
    cli.run(parser(), main)
