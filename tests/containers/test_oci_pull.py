"""Images come from registries, files and layouts; what is kept is what their digests say, once."""

import base64
import http.server
import json
import os
import ssl
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import made_images
import pytest
from made_images import Registry, digest, entry, image, tar

from argolane.containers.oci import archives, credentials, kept, names, prepared, pull
from argolane.containers.oci.store import Store
from argolane.errors import ArgolaneError
from argolane.settings import RegistrySettings

ONE, TWO = tar([entry("one", "1\n")]), tar([entry("two", "2\n")])


@pytest.fixture
def registry() -> Iterator[Registry]:
    with made_images.registry() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return Store(tmp_path / "images")


def get(store: Store, reference: str, *registries: RegistrySettings) -> tuple[Path, list[str]]:
    """The root folder, and what was said on the way."""
    said: list[str] = []
    return prepared.get(store, reference, registries, say=said.append).folder, said


@pytest.mark.parametrize("compression", ["gzip", "zstd", "none"])
@pytest.mark.parametrize("index", [False, True])
def test_an_image_is_pulled_and_unpacked(
    store: Store, registry: Registry, compression: str, index: bool
) -> None:
    """Of an index the manifest for this machine; its layers in order; nothing is asked a second time."""
    reference = registry.add("a/b", "1.0", image(ONE, TWO, compression=compression, index=index, User="7"))
    ready = prepared.get(store, reference, (), say=lambda _: None)
    assert sorted(path.name for path in ready.folder.iterdir()) == ["one", "two"]
    assert ready.user.uid == 7
    registry.asked.clear()
    assert get(store, reference) == (ready.folder, [])
    assert registry.asked == []


def test_layers_are_shared_by_images(store: Store, registry: Registry) -> None:
    """A layer that another image has is not fetched again; two images of the same layers have one root."""
    first = registry.add("a", "1", image(ONE, TWO))
    again = registry.add("b", "1", image(ONE, TWO, Cmd=["x"]))
    other = registry.add("c", "1", image(ONE))
    folder, _ = get(store, first)
    registry.asked.clear()
    assert get(store, again)[0] == folder != get(store, other)[0]
    fetched = [path for path in registry.asked if "/blobs/" in path]
    assert len(fetched) == 2  # the two configs


def test_what_is_latest_is_asked_and_taken_as_it_is_when_nobody_answers(
    store: Store, registry: Registry
) -> None:
    """A new `latest` is pulled; without its registry the one that is here is used, and that is said."""
    reference = registry.add("a", "latest", image(ONE))
    before, _ = get(store, reference.removesuffix(":latest"))
    registry.add("a", "latest", image(TWO))
    after, _ = get(store, reference)
    assert before != after
    registry.tags.clear()
    folder, said = get(store, reference)
    assert folder == after and "The image that is here since then is used" in said[0]


def test_a_digest_in_the_reference_is_what_is_run(store: Store, registry: Registry) -> None:
    """Whatever the registry has under that digest: another manifest is refused."""
    made = image(ONE)
    registry.add("a", "1", made)
    right = f"{registry.name}/a:1@{made.manifest}"
    assert (get(store, right)[0] / "one").is_file()
    wrong = f"{registry.name}/a@{digest(b'x')}"
    registry.blobs[digest(b"x")] = made.blobs[made.manifest]
    with pytest.raises(ArgolaneError, match="gave another manifest"):
        get(store, wrong)


@pytest.mark.parametrize("what", ["layer", "config", "manifest behind an index"])
def test_what_is_damaged_on_its_way_is_refused_and_not_kept(
    store: Store, registry: Registry, what: str
) -> None:
    """One bit is enough, and no part of it stays; the next pull gets the right one."""
    made = image(ONE, index=True)
    reference = registry.add("a", "1", made)
    kinds = {
        "layer": b"\x1f\x8b",
        "config": b'{"architecture"',
        "manifest behind an index": b'{"schemaVersion": 2, ',
    }
    found = [
        key for key, content in made.blobs.items() if content.startswith(kinds[what]) and key != made.manifest
    ]
    registry.damaged = found[0]
    with pytest.raises(ArgolaneError, match=r"damaged|another manifest"):
        get(store, reference)
    assert not store.path(found[0]).exists() and store.images() == []
    assert not [path for path in store.folder.rglob(".*") if path.is_file()]
    registry.damaged = ""
    assert (get(store, reference)[0] / "one").is_file()


def test_a_larger_blob_than_the_manifest_says_is_cut_off(store: Store, registry: Registry) -> None:
    """No more than the size in the manifest is ever written."""
    made = image(ONE)
    layer = next(key for key, content in made.blobs.items() if content.startswith(b"\x1f\x8b"))
    reference = registry.add("a", "1", made)
    registry.blobs[layer] = made.blobs[layer] + bytes(1 << 20)
    with pytest.raises(ArgolaneError, match="bytes, and has more"):
        get(store, reference)


def test_what_a_registry_has_not_is_said(store: Store, registry: Registry) -> None:
    """No such tag, no image for this machine, no image at all."""
    with pytest.raises(ArgolaneError, match=rf"Cannot pull .*: http://{registry.name} has no a:2\."):
        get(store, f"{registry.name}/a:2")
    with pytest.raises(ArgolaneError, match=r"no image for linux/\w+; there are: linux/mips, linux/s390x"):
        get(store, registry.add("b", "1", image(ONE, index=True, architecture="mips")))
    registry.blobs[digest(b"{}")], registry.tags["c:1"] = b"{}", digest(b"{}")
    with pytest.raises(ArgolaneError, match="no layers in its manifest"):
        get(store, f"{registry.name}/c:1")


def test_a_registry_that_is_busy_is_asked_again(store: Store, registry: Registry) -> None:
    """503 twice is no failure."""
    reference = registry.add("a", "1", image(ONE))
    registry.busy = 2
    assert (get(store, reference)[0] / "one").is_file()


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("helper", [False, True])
def test_the_login_of_docker_is_used(
    store: Store,
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    helper: bool,
) -> None:
    """A password of config.json or of a credential helper, for a token or as it is; without, what to do."""
    registry.login, registry.scheme = ("me", "pass:word"), scheme
    reference = registry.add("a", "1", image(ONE))
    with pytest.raises(ArgolaneError, match=f"log in with `docker login {registry.name}`"):
        get(store, reference)
    docker = tmp_path / "docker"
    docker.mkdir()
    config = {"auths": {registry.name: {"auth": base64.b64encode(b"me:pass:word").decode()}}}
    if helper:
        program = tmp_path / "docker-credential-test"
        program.write_text(
            f'#!/bin/sh\nread name\n[ "$1 $name" = "get {registry.name}" ] || exit 1\n'
            'echo \'{"Username": "me", "Secret": "pass:word"}\'\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        config = {"auths": {registry.name: {}}, "credHelpers": {registry.name: "test"}}  # type: ignore[dict-item]
    (docker / "config.json").write_text(json.dumps(config))
    assert (get(store, reference)[0] / "one").is_file()


def test_a_broken_docker_config_is_named(store: Store, tmp_path: Path) -> None:
    """The file and the cure."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text('{"auths": ["x"]}')
    with pytest.raises(ArgolaneError, match=r"config\.json: not a configuration of Docker"):
        credentials.find("quay.io")


def test_mirrors_are_asked_first(store: Store, registry: Registry) -> None:
    """An image of a registry that is out of reach comes from the mirror that has it, under its own name."""
    registry.add("library/box", "1", image(ONE))
    with made_images.registry() as empty:
        mirrors = RegistrySettings(name="docker.io", mirrors=[empty.name, f"http://{registry.name}"])
        folder, said = get(store, "box:1", mirrors)
    assert (folder / "one").is_file() and said[0].startswith("Pulling docker.io/library/box:1: ")
    assert empty.asked and store.images()[0].name == "docker.io/library/box:1"


def test_a_private_certificate_authority_is_trusted_where_it_is_named(
    store: Store, registry: Registry, tmp_path: Path
) -> None:
    """Over TLS: refused with the cure without `ca`, pulled with it."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=lab", "-addext", "subjectAltName=DNS:localhost", "-keyout",
         tmp_path / "key", "-out", tmp_path / "ca"], capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca", tmp_path / "key")
    registry.socket = context.wrap_socket(registry.socket, server_side=True)
    registry.add("a", "1", image(ONE))
    url = f"https://localhost:{registry.server_port}"
    with pytest.raises(ArgolaneError, match=r"CERTIFICATE_VERIFY_FAILED.*`ca` of a \[\[registry\]\]"):
        get(store, "quay.io/a:1", RegistrySettings(name="quay.io", mirrors=[url]))
    trusted = RegistrySettings(name="quay.io", mirrors=[url], ca=str(tmp_path / "ca"))
    assert (get(store, "quay.io/a:1", trusted)[0] / "one").is_file()


def test_two_pulls_at_once_fetch_and_unpack_once(tmp_path: Path, registry: Registry) -> None:
    """Each of six at the same time has the whole image; every blob is fetched once."""
    references = [
        registry.add("a", "1", image(ONE, TWO)),
        registry.add("b", "1", image(ONE, TWO, Cmd=["b"])),
    ] * 3
    with ThreadPoolExecutor(6) as pool:
        found = set(pool.map(lambda name: get(Store(tmp_path / "images"), name)[0], references))
    assert len(found) == 1 and sorted(p.name for p in found.pop().iterdir()) == ["one", "two"]
    blobs = [path for path in registry.asked if "/blobs/" in path]
    assert sorted(blobs) == sorted(set(blobs))


def test_remains_of_a_pull_that_was_killed_do_no_harm(store: Store, registry: Registry) -> None:
    """Half a root folder without its note is made anew."""
    folder, _ = get(store, registry.add("a", "1", image(ONE)))
    (folder / "one").unlink()
    folder.with_name(f"{folder.name}.json").unlink()
    (folder.parent / f".{folder.name}.dead").mkdir()
    assert get(store, f"{registry.name}/a:1")[0] == folder
    assert (folder / "one").is_file() and not list(folder.parent.glob(".*"))


def _docker_save(tags: list[str], *layers: bytes) -> bytes:
    """As Docker before 25 writes it."""
    config = json.dumps(
        {"os": "linux", "config": {"Cmd": ["x"]}, "rootfs": {"diff_ids": [digest(layer) for layer in layers]}}
    ).encode()
    paths = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": "config.json", "RepoTags": tags, "Layers": paths}]
    return tar(
        [
            *(entry(path, layer) for path, layer in zip(paths, layers, strict=True)),
            entry("config.json", config),
            entry("manifest.json", json.dumps(manifest)),
        ]
    )


def _layout(place: Path, made: made_images.Made, name: str = "") -> Path:
    (place / "blobs/sha256").mkdir(parents=True)
    for key, content in made.blobs.items():
        (place / "blobs/sha256" / key.removeprefix("sha256:")).write_bytes(content)
    notes = {"org.opencontainers.image.ref.name": name} if name else {}
    index = {"schemaVersion": 2, "manifests": [{"digest": made.manifest, "size": 1, "annotations": notes}]}
    (place / "index.json").write_text(json.dumps(index))
    return place


def test_what_docker_saved_is_loaded(store: Store, tmp_path: Path) -> None:
    """Under its tags; nobody is asked for it later, though it is `latest`."""
    (tmp_path / "x.tar").write_bytes(_docker_save(["me/box:latest", "me/box:2"], ONE, TWO))
    found = archives.load(store, tmp_path / "x.tar")
    assert [known.name for known in found] == ["docker.io/me/box:latest", "docker.io/me/box:2"]
    folder, said = get(store, "me/box")
    assert sorted(path.name for path in folder.iterdir()) == ["one", "two"]
    assert len(said) == 1 and said[0].startswith("Unpacked me/box: ")


@pytest.mark.parametrize("packed", [False, True])
def test_a_layout_is_loaded(store: Store, tmp_path: Path, packed: bool) -> None:
    """A folder or a tar of it, with an index of platforms in it."""
    place = _layout(tmp_path / "layout", image(ONE, index=True), "me/box:1")
    if packed:
        with tarfile.open(tmp_path / "layout.tar", "w") as archive:
            archive.add(place, ".")
        place = tmp_path / "layout.tar"
    assert [known.name for known in archives.load(store, place)] == ["docker.io/me/box:1"]
    assert (get(store, "me/box:1")[0] / "one").is_file()


def test_a_file_that_holds_no_image_is_named(store: Store, tmp_path: Path) -> None:
    """No tar, a tar of something else, a layout with a part missing or exchanged, an image without a name."""
    (tmp_path / "text").write_text("no tar")
    with pytest.raises(ArgolaneError, match="not a tar of images"):
        archives.load(store, tmp_path / "text")
    (tmp_path / "other.tar").write_bytes(ONE)
    with pytest.raises(ArgolaneError, match="neither an OCI layout"):
        archives.load(store, tmp_path / "other.tar")
    with pytest.raises(ArgolaneError, match=r"nothing: no such file"):
        archives.load(store, tmp_path / "nothing")
    made = image(ONE)
    place = _layout(tmp_path / "layout", made)
    with pytest.raises(ArgolaneError, match=r"has no name there\. Say one with --name"):
        archives.load(store, place)
    layer = next(key for key, content in made.blobs.items() if content.startswith(b"\x1f\x8b"))
    store.path(layer).unlink()
    file = place / "blobs/sha256" / layer.removeprefix("sha256:")
    file.write_bytes(bytes([*file.read_bytes()[:-1], 7]))
    with pytest.raises(ArgolaneError, match="damaged or exchanged"):
        archives.load(store, place, name="x")
    file.unlink()
    with pytest.raises(ArgolaneError, match="is it whole"):
        archives.load(store, place, name="x")


def test_an_engine_of_this_machine_is_asked(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`docker save` of an image; its last words when it has none; its absence."""
    (tmp_path / "saved.tar").write_bytes(_docker_save(["me/box:1"], ONE))
    program = tmp_path / "bin/docker"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$*" = "save -- me/box:1" ] && exec /bin/cat {tmp_path}/saved.tar\n'
        "echo 'No such image' >&2; exit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert archives.from_engine(store, "docker", "me/box:1")[0].name == "docker.io/me/box:1"
    with pytest.raises(ArgolaneError, match="docker does not give other: No such image"):
        archives.from_engine(store, "docker", "other")
    with pytest.raises(ArgolaneError, match="podman is not on PATH"):
        archives.from_engine(store, "podman", "other")


def test_images_are_listed_and_removed_with_what_nobody_else_needs(
    tmp_path: Path, registry: Registry
) -> None:
    """A shared layer stays as long as one image has it; an image in use is not removed."""
    script = (
        "import sys; from pathlib import Path; from argolane.containers.oci import prepared\n"
        "from argolane.containers.oci.store import Store\n"
        "for name in sys.argv[2:]: prepared.get(Store(Path(sys.argv[1])), name, (), say=print)\n"
        "print('ready', flush=True); sys.stdin.read()\n"
    )
    store = Store(tmp_path / "images")
    first, second = registry.add("a", "1", image(ONE)), registry.add("b", "1", image(ONE, TWO))
    with subprocess.Popen(
        [sys.executable, "-c", script, store.folder, first, second],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as user:
        assert user.stdout and user.stdin
        while user.stdout.readline() != b"ready\n":
            assert user.poll() is None
        listed = kept.every(store)
        assert [each.known.name for each in listed] == [names.of(first).full, names.of(second).full]
        assert all(each.busy and each.size and each.unpacked for each in listed)
        with pytest.raises(ArgolaneError, match="is in use"):
            kept.remove(store, first)
        assert list(kept.prune(store, unused=0)) == []
        user.stdin.close()
        user.wait(10)
    assert kept.remove(store, first) > 0
    assert len(list(store.folder.glob("blobs/*/*"))) == 4  # the second's manifest, config and layers
    with pytest.raises(ArgolaneError, match="No image"):
        kept.remove(store, first)
    assert list(kept.prune(store, unused=3600)) == []
    assert [name for name, _ in kept.prune(store, unused=0)] == [names.of(second).full]
    assert not list(store.folder.glob("blobs/*/*")) and not list(store.folder.glob("roots/*"))
    (store.folder / "blobs/sha256/.part.1").write_bytes(b"left")
    assert sum(freed for _, freed in kept.prune(store, unused=0)) == 4


def test_the_store_is_for_its_user_alone(store: Store, registry: Registry) -> None:
    """What an image says that anybody may write to, only its containers can reach."""
    folder, _ = get(store, registry.add("a", "1", image(tar([entry("w", "x", mode=0o777)]))))
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_a_redirect_does_not_carry_the_password(store: Store, registry: Registry, tmp_path: Path) -> None:
    """A blob that lies elsewhere is asked for there without the login of the registry."""
    made = image(ONE)
    registry.login, registry.scheme = ("me", "word"), "Basic"
    reference = registry.add("a", "1", made)
    (tmp_path / "docker").mkdir()
    auth = base64.b64encode(b"me:word").decode()
    (tmp_path / "docker/config.json").write_text(json.dumps({"auths": {registry.name: {"auth": auth}}}))
    seen: list[str | None] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization"))
            content = made.blobs[self.path.removeprefix("/")]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        registry.elsewhere = f"http://localhost:{other.server_port}"
        try:
            assert (get(store, reference)[0] / "one").is_file()
        finally:
            other.shutdown()
            thread.join()
    assert seen == [None, None]


def test_a_pull_tells_how_far_it_is(store: Store, registry: Registry) -> None:
    """Bytes that came, of all that are missing: at the end all."""
    seen: list[tuple[int, int]] = []
    reference = registry.add("a", "1", image(ONE, TWO))
    pull.fetch(store, reference, (), say=lambda _: None, told=lambda now: seen.append((now.done, now.whole)))
    assert seen[-1][0] == seen[-1][1] > 0
