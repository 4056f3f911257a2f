"""A `modelUri` in, where the model lies out, and why this machine cannot fetch it from there."""

from pathlib import PurePosixPath

from argolane.kubernetes.names import not_a_subdomain

HERE = ("s3", "file", "pvc")
_FORMS = "s3://BUCKET/PATH, file:///FOLDER or pvc://CLAIM/PATH"


def parts(uri: str) -> tuple[str, str]:
    """`s3`, `bucket/path`; a scheme of '' is none."""
    scheme, found, rest = uri.partition("://")
    return (scheme.lower(), rest) if found else ("", uri)


def elsewhere(uri: str) -> str:
    """Why this machine cannot fetch it, or nothing."""
    scheme, rest = parts(uri)
    if scheme not in HERE:
        what = f"the scheme {scheme}://" if scheme else "no scheme"
        return f"is {uri!r}, with {what}: this machine fetches {_FORMS}. Use one of them, or --on argo."
    if ".." in PurePosixPath(rest).parts:
        return f"is {uri!r}; expected a path without '..'."
    if scheme == "file" and (not rest.startswith("/") or not rest.strip("/")):
        return f"is {uri!r}; expected the whole path, after three slashes: file:///FOLDER."
    if scheme == "pvc" and any(not_a_subdomain(rest.partition("/")[0])):
        return f"is {uri!r}; expected the name of a claim: pvc://CLAIM/PATH."
    if scheme == "s3" and not rest.partition("/")[0]:
        return f"is {uri!r}; expected a bucket: s3://BUCKET/PATH."
    return ""
