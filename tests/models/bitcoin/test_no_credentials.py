"""Nothing that lets somebody in is in an image's files or in a manifest: only the names of Secrets are."""

import io
import re
import tarfile
from pathlib import Path

import pytest

from models.contract.spec import MODELS
from tests.credentials import in_layer, in_text

ROOT = MODELS.parent
FILES = [
    *(path for path in sorted(MODELS.rglob("*")) if path.is_file() and path.suffix not in (".lock", ".pyc")),
    *sorted(ROOT.glob("workflows/rendered/*.yaml")),
    *sorted(ROOT.glob("k8s_serving/rendered/*.yaml")),
]


@pytest.mark.parametrize(
    "text",
    [
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENG",
        "password: 'hunter2hunter2'",
        "https://me:secret@example.com/a.git",
        "-----BEGIN RSA PRIVATE KEY-----",
    ],
)
def test_a_credential_would_be_found(text: str) -> None:
    """The pattern knows what they look like."""
    assert in_text(text)


def test_a_credential_in_a_layer_would_be_found() -> None:
    """In our own files by what they look like, in other people's packages by what they are."""
    planted = {
        "app/models/key.py": b"password = 'hunter2hunter2'",
        "venv/lib/example.py": b"password = 'hunter2hunter2'",
        "venv/lib/pip.conf": b"index-url = https://builder:s3cret@index",
        "./usr/lib/example.py": b"password = 'hunter2hunter2'",
        "app/models/train.py": b"print('password')",
    }
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w:gz") as tar:
        for name, content in planted.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    layer.seek(0)
    assert set(in_layer(layer, ["builder:s3cret"])) == {"app/models/key.py", "venv/lib/pip.conf"}


def test_no_credential_is_in_a_manifest_or_in_what_images_are_made_of() -> None:
    """What an image gets is models/ and the Dockerfile; keys come from Secrets, at run time, by name."""
    assert any(path.name == "Dockerfile" for path in FILES) and any(
        path.name == "bitcoin.template.yaml" for path in FILES
    )
    found = {
        str(path.relative_to(ROOT)): hit
        for path in FILES
        if (hit := in_text(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert not found


def test_the_steps_get_their_keys_from_a_secret_by_name() -> None:
    """An optional one, so that who uses the model store alone needs none."""
    text = Path(ROOT / "workflows/rendered/bitcoin.template.yaml").read_text()
    references = re.findall(r"secretKeyRef:\s+(?:.*\n){0,4}?\s+name: s3-credentials", text)
    assert len(references) >= 6 and text.count("optional: true") >= len(references)
