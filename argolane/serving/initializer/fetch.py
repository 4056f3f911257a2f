"""Where a model lies and a folder in, the model in that folder out: the program of the init container.

    python fetch.py s3://BUCKET/PATH FOLDER      python fetch.py /mnt/pvc/PATH FOLDER

Endpoint and keys are in the environment, as the Secret has them: RCLONE_CONFIG_S3_*, which Seldon's own
initializer reads on a cluster, or AWS_*. The folder holds all of the model, or nothing. What goes wrong is
said in one line, the last; none holds a key. Standard library, and boto3 for s3://.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

_RCLONE = "RCLONE_CONFIG_S3_"
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "MLFLOW_S3_ENDPOINT_URL")
_TRUE = ("true", "1")
# What S3 servers call a key that they do not know, one that is wrong, and one that was good once.
_REFUSED = frozenset(
    ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "ExpiredToken", "InvalidToken", "403")
)
_SECRET = "Correct the Secret that envSecretRefName names."  # noqa: S105  (a sentence)


class Failed(Exception):
    """The model cannot be fetched, for this reason."""


@dataclass(frozen=True)
class Login:
    """How to reach S3; without a key as anybody."""

    endpoint: str
    region: str
    key: str
    secret: str
    token: str
    path_style: bool

    @property
    def shown(self) -> str:
        parts = urlsplit(self.endpoint)
        # A user and a password before the host are nobody's business.
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else "AWS"


def login(env: Mapping[str, str]) -> Login:
    """From the variables of rclone's remote `s3` where there are any, else from those of AWS."""
    given = {k.removeprefix(_RCLONE).lower(): v for k, v in env.items() if k.startswith(_RCLONE)}
    endpoint = next((env[name] for name in _ENDPOINTS if env.get(name)), "")
    keys = [env.get(f"AWS_{name}", "") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN")]
    region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ""
    if given:
        if given.get("type", "s3") != "s3":
            raise Failed(f"{_RCLONE}TYPE is {given['type']!r}; expected 's3'. {_SECRET}")
        endpoint, region = given.get("endpoint", ""), given.get("region") or region
        if given.get("env_auth", "").lower() not in _TRUE:
            keys = [given.get(name, "") for name in ("access_key_id", "secret_access_key", "session_token")]
    elif not keys[0]:
        raise Failed(f"the environment has neither {_RCLONE}* nor AWS_ACCESS_KEY_ID. {_SECRET}")
    if bool(keys[0]) != bool(keys[1]):
        raise Failed(f"one of the access key and its secret is missing; expected both or none. {_SECRET}")
    if endpoint and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    key, secret, token = keys
    path_style = given.get("force_path_style", "true").lower() in _TRUE
    return Login(endpoint, region or "us-east-1", key, secret, token, path_style)


def from_s3(source: str, folder: Path, env: Mapping[str, str]) -> None:
    """Every object below the path, or the one object that is called so."""
    import botocore.exceptions

    known = login(env)
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    prefix = prefix.strip("/")
    try:
        client = _client(known)
        found = 0
        for key, size in _objects(client, bucket, prefix):
            inner = PurePosixPath(key[len(prefix) :].strip("/") or PurePosixPath(key).name)
            if inner.is_absolute() or ".." in inner.parts:
                raise Failed(f"the object {key!r} would be written outside of the folder.")
            target = folder.joinpath(*inner.parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target))
            if target.stat().st_size != size:
                raise Failed(f"{key!r} has {target.stat().st_size} bytes of {size}.")
            found += 1
    except botocore.exceptions.ClientError as error:
        raise Failed(_said(error.response.get("Error") or {}, bucket, known)) from None
    except (botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError) as error:
        why = str(error.kwargs.get("error") or type(error).__name__).rpartition(": ")[2].strip(" )'\"")
        raise Failed(f"the endpoint {known.shown} does not answer: {why}.") from None
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise Failed(str(error).replace(known.endpoint, known.shown)) from None
    if not found:
        raise Failed(f"there is no object of that name, and none below it, at {known.shown}.")


def _client(known: Login) -> Any:
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    return boto3.session.Session(
        aws_access_key_id=known.key or None,
        aws_secret_access_key=known.secret or None,
        aws_session_token=known.token or None,
    ).client(
        "s3",
        endpoint_url=known.endpoint or None,
        region_name=known.region,
        config=Config(
            signature_version="s3v4" if known.key else UNSIGNED,
            s3={"addressing_style": "path" if known.endpoint and known.path_style else "auto"},
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    """Key and size; an object called `prefix` itself counts only where nothing lies below it."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    alone: list[tuple[str, int]] = []
    below = False
    for page in pages:
        for item in page.get("Contents") or ():
            key, size = item["Key"], item["Size"]
            if key == prefix:
                alone.append((key, size))
            elif not key.endswith("/") and (not prefix or key.startswith(f"{prefix}/")):
                below = True
                yield key, size
    if not below:
        yield from alone


def _said(error: Mapping[str, Any], bucket: str, known: Login) -> str:
    code = str(error.get("Code") or "unknown")
    if not known.key and code in (*_REFUSED, "UnsupportedAlgorithm"):
        return f"{known.shown} refuses a request without a key ({code}). {_SECRET}"
    if code in _REFUSED:
        return f"{known.shown} refuses the key ({code}). {_SECRET}"
    if code in ("NoSuchBucket", "404"):
        return f"{known.shown} has no bucket {bucket!r}."
    return f"{known.shown} says {code}: {error.get('Message', '')}"


def from_folder(source: Path, folder: Path) -> None:
    """A folder of this machine or of a claim, or one file."""
    if source.is_dir():
        shutil.copytree(source, folder, dirs_exist_ok=True)
        if not any(folder.iterdir()):
            raise Failed("the folder is empty.")
    elif source.is_file():
        shutil.copy2(source, folder)
    else:
        raise Failed("there is no such file or folder.")


def fetch(source: str, target: Path, env: Mapping[str, str]) -> None:
    """All or nothing: what was fetched is moved into `target` once it is whole. Raises Failed."""
    begun = target / ".incoming"
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir(parents=True)
    try:
        if source.startswith("s3://"):
            from_s3(source, begun, env)
        else:
            from_folder(Path(source), begun)
        for old in target.iterdir():
            if old != begun:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        for new in begun.iterdir():
            new.rename(target / new.name)
    except OSError as error:
        raise Failed(f"{error.strerror or error}: {error.filename or target}") from None
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _without(text: str, env: Mapping[str, str]) -> str:
    """The text without what is secret, whoever put it there."""
    for name, value in env.items():
        if len(value) > 3 and name.endswith(("SECRET_ACCESS_KEY", "SESSION_TOKEN", "ACCESS_KEY_ID")):
            text = text.replace(value, "***")
    return text


def main() -> int:
    source, target = sys.argv[1:]
    with contextlib.suppress(BrokenPipeError):
        try:
            fetch(source, Path(target), os.environ)
        except Failed as error:
            sys.stderr.write(f"Cannot fetch {source}: {_without(str(error), os.environ)}\n")
            return 1
        files = [path for path in Path(target).rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        sys.stderr.write(f"Fetched {source}: {len(files)} files, {size} bytes.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
