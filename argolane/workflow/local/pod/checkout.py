"""A git artifact in, a real clone at its revision out."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Secret = Callable[[str, str], str]
# What git says when nobody answers its question; its words are fixed by LC_ALL.
_LOGIN = ("terminal prompts disabled", "could not read Username", "could not read Password")
_HELPER = '!f() { echo "username=$ARGOLANE_GIT_USER"; echo "password=$ARGOLANE_GIT_PASSWORD"; }; f'


class CheckoutError(Exception):
    """git said no; the text is its own."""


def clone(git: Mapping[str, Any], place: Path, secret: Secret) -> None:
    """Clone `repo` into `place` at `revision`, with depth, branch, fetch and submodules as asked."""
    if shutil.which("git") is None:
        raise CheckoutError("git is not installed on this machine")
    with tempfile.TemporaryDirectory(prefix="argolane-git-") as scratch:
        run = _runner(git, secret, Path(scratch))
        shallow = ["--depth", str(git["depth"])] if git.get("depth") else []
        options = [*shallow, *(["--single-branch"] if git.get("singleBranch") else [])]
        branch = ["--branch", str(git["branch"])] if git.get("branch") else []
        run(None, "clone", *options, *branch, "--", str(git["repo"]), str(place))
        for reference in git.get("fetch") or ():
            run(place, "fetch", *shallow, "origin", str(reference))
        if git.get("revision"):
            _check_out(run, place, str(git["revision"]), shallow)
        if not git.get("disableSubmodules"):
            run(place, "submodule", "update", "--init", "--recursive", "--force")


def _check_out(run: Callable[..., None], place: Path, revision: str, shallow: list[str]) -> None:
    """A branch, a tag or a commit; one that a shallow clone lacks is fetched."""
    for wanted in (f"origin/{revision}", revision):
        try:
            run(place, "-c", "advice.detachedHead=false", "checkout", "--force", wanted, "--")
        except CheckoutError as error:
            problem = error
        else:
            return
    if not shallow:
        raise problem
    run(place, "fetch", *shallow, "origin", revision)
    run(place, "-c", "advice.detachedHead=false", "checkout", "--force", "FETCH_HEAD")


def _runner(git: Mapping[str, Any], secret: Secret, scratch: Path) -> Callable[..., None]:
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    settings: list[str] = []
    user, password = git.get("usernameSecret"), git.get("passwordSecret")
    if user or password:
        env["ARGOLANE_GIT_USER"] = secret(user["name"], user["key"]) if user else ""
        env["ARGOLANE_GIT_PASSWORD"] = secret(password["name"], password["key"]) if password else ""
        settings += ["-c", f"credential.helper={_HELPER}"]
    if git.get("sshPrivateKeySecret"):
        key = scratch / "key"
        key.write_text(secret(git["sshPrivateKeySecret"]["name"], git["sshPrivateKeySecret"]["key"]))
        key.chmod(0o600)
        strict = "no" if git.get("insecureIgnoreHostKey") else "yes"
        env["GIT_SSH_COMMAND"] = f"ssh -i {key} -o IdentitiesOnly=yes -o StrictHostKeyChecking={strict}"
    if git.get("insecureSkipTLS"):
        settings += ["-c", "http.sslVerify=false"]

    def run(folder: Path | None, *arguments: str) -> None:
        where = ["-C", str(folder)] if folder else []
        done = subprocess.run(
            ["git", *settings, *where, *arguments],
            env=env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode and not (user or password) and any(word in done.stderr for word in _LOGIN):
            raise CheckoutError(
                f"{git['repo']} asks for a login: give usernameSecret and passwordSecret "
                "(or sshPrivateKeySecret, with an ssh address)"
            )
        if done.returncode:
            raise CheckoutError(done.stderr.strip() or f"git {arguments[0]} ended with {done.returncode}")

    return run
