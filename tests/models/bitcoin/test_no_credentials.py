"""Nothing that lets somebody in is in an image's files or in a manifest: only the names of Secrets are."""

import re
from pathlib import Path

import pytest

from models.contract.spec import MODELS

ROOT = MODELS.parent
SECRETS = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|service_account\.json|\"private_key\""
    r"|(?i:secret_access_key|password|access_key_id|auth_token)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+_-]{8,}"
    r"|://[^/\s:@]+:[^/\s:@{}]+@"
)
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
    assert SECRETS.search(text)


def test_no_credential_is_in_a_manifest_or_in_what_images_are_made_of() -> None:
    """What an image gets is models/ and the Dockerfile; keys come from Secrets, at run time, by name."""
    assert any(path.name == "Dockerfile" for path in FILES) and any(
        path.name == "bitcoin.template.yaml" for path in FILES
    )
    found = {
        str(path.relative_to(ROOT)): hit[0][:40]
        for path in FILES
        if (hit := SECRETS.search(path.read_text(encoding="utf-8", errors="replace")))
    }
    assert not found


def test_the_steps_get_their_keys_from_a_secret_by_name() -> None:
    """An optional one, so that who uses the model store alone needs none."""
    text = Path(ROOT / "workflows/rendered/bitcoin.template.yaml").read_text()
    references = re.findall(r"secretKeyRef:\s+(?:.*\n){0,4}?\s+name: s3-credentials", text)
    assert len(references) >= 6 and text.count("optional: true") >= len(references)
