"""An address in, bytes out, and back: file:// folders, and s3:// buckets as the environment knows them.

Of S3: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL and what else boto3 reads.
"""

import contextlib
import errno
import os
import shutil
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.contract.errors import ModelError

DONE = "_transform.json"  # in a folder whose shards are all there


def names(folder: str) -> list[str]:
    """Files right in a folder; an address of one ends in `/`."""
    if not folder.startswith("s3://"):
        place = local(folder)
        return sorted(path.name for path in place.iterdir() if path.is_file()) if place.is_dir() else []
    bucket, prefix = _split(folder)
    with _told(folder):
        pages = (
            client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        )
        keys = [one["Key"] for page in pages for one in page.get("Contents", ())]
    return sorted(key.removeprefix(prefix) for key in keys)


def read(address: str) -> bytes:
    if not address.startswith("s3://"):
        try:
            return local(address).read_bytes()
        except OSError as error:
            raise ModelError(f"{address}: cannot be read: {error.strerror}.") from None
    bucket, key = _split(address)
    with _told(address):
        content: bytes = client().get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


def write(address: str, content: bytes) -> None:
    """A file appears whole or not at all."""
    if address.startswith("s3://"):
        bucket, key = _split(address)
        with _told(address):
            client().put_object(Bucket=bucket, Key=key, Body=content)
        return
    path = local(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def near(address: str, *, here: bool) -> Iterator[str]:
    """A file as Beam is told of it; for a pipeline that runs `here` one of a bucket is fetched first."""
    if here and address.startswith("s3://"):
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place, Path(address).name)
            copy.write_bytes(read(address))
            yield str(copy)
    else:
        yield str(local(address)) if address.startswith("file://") else address


@contextlib.contextmanager
def making(folder: str, *, here: bool) -> Iterator[str]:
    """Where the files of a folder are written, which are put in its place when all is well.

    What runs here does not write to a bucket itself: Beam asks of it what not every server of S3 tells.
    """
    if folder.startswith("s3://"):
        if not here:
            yield folder
            return
        with tempfile.TemporaryDirectory() as place:
            yield Path(place).as_uri() + "/"
            for name in sorted(names(place), key=lambda name: name == DONE):  # that one comes last
                write(folder + name, Path(place, name).read_bytes())
        return
    beside = f"{folder.rstrip('/')}.{os.getpid()}.part/"
    try:
        yield beside
        local(beside).rename(local(folder))
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # who was first there has made the same
            raise
    finally:
        shutil.rmtree(local(beside), ignore_errors=True)


def folder(given: str) -> str:
    """A folder as a user names it, as an address that ends in `/`. Raises ModelError."""
    if given.startswith("s3://"):
        if not urllib.parse.urlsplit(given).netloc:
            raise ModelError(f"{given!r} names no bucket; expected s3://BUCKET or s3://BUCKET/PREFIX.")
        return given.rstrip("/") + "/"
    if "://" in given and not given.startswith("file:///"):
        raise ModelError(f"{given!r} is no folder; expected a path, file:///FOLDER or s3://BUCKET/PREFIX.")
    return local(given).resolve().as_uri().rstrip("/") + "/"


def local(address: str) -> Path:
    """The path of a file:// address, or of a path."""
    if address.startswith("file://"):
        return Path(urllib.request.url2pathname(urllib.parse.urlsplit(address).path))
    return Path(address)


def client() -> Any:
    """Bounded in time, so that a name that nobody answers to is told, and not waited for."""
    import boto3
    from botocore.config import Config

    return boto3.client("s3", config=Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 3}))


def _split(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


@contextlib.contextmanager
def _told(address: str) -> Iterator[None]:
    """What S3 says, as one line with the address."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise ModelError(
            f"{address}: {error}. S3 is known by AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY."
        ) from None
