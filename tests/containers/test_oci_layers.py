"""What a layer may do to a root folder, and what it is refused for."""

import os
import stat
import tarfile
from pathlib import Path

import pytest
from backports import zstd
from made_images import digest, entry, folder, hard_link, link, tar

from argolane.containers.oci.layers import Limits, Root
from argolane.errors import ArgolaneError

Entries = list[tuple[tarfile.TarInfo, bytes]]


def unpack(place: Path, *layers: bytes | Entries, limits: Limits | None = None, owners: bool = False) -> Root:
    """The layers, each a tar or its entries, upon an empty `root`, beside a file of nobody's business."""
    top = place / "root"
    top.mkdir()
    (place / "outside").write_text("untouched\n")
    root = Root(top, owners=owners, limits=limits)
    for number, layer in enumerate(layers):
        content = layer if isinstance(layer, bytes) else tar(layer)
        file = place / f"layer{number}"
        file.write_bytes(content)
        root.put(file, digest(content), "image 'x'")
    root.finish()
    return root


def tree(top: Path) -> list[str]:
    return sorted(str(path.relative_to(top)) for path in top.rglob("*"))


def test_later_layers_replace_and_remove(tmp_path: Path) -> None:
    """A whiteout removes what is below, an opaque folder all of it, and a file takes a folder's place."""
    below: Entries = [
        folder("a"), entry("a/gone", "1"), entry("a/stays", "1"), folder("b"), folder("b/old"),
        entry("b/old/x", "1"), folder("c"), entry("c/deep", "1"), entry("d", "1"),
    ]  # fmt: skip
    above: Entries = [
        entry("a/.wh.gone"), folder("b"), folder("b/old"), entry("b/old/new", "2"), entry("b/.wh..wh..opq"),
        entry("c", "now a file"), folder("d"), entry("d/inner", "2"), entry(".wh..wh.plnk"),
    ]  # fmt: skip
    unpack(tmp_path, below, above)
    assert tree(tmp_path / "root") == ["a", "a/stays", "b", "b/old", "b/old/new", "c", "d", "d/inner"]
    assert (tmp_path / "root/c").read_text() == "now a file"


def test_modes_times_and_links_are_kept_and_set_id_bits_are_not(tmp_path: Path) -> None:
    """Hard links are one file, links stay as they are, and no file or folder has a set-id bit."""
    unpack(
        tmp_path,
        [
            folder("bin", mode=0o2775), entry("bin/su", "#!", mode=0o6755), hard_link("bin/su2", "bin/su"),
            folder("tmp", mode=0o1777), link("etc", "/absolute/etc"), link("out", "../../.."),
        ],
        [entry("tmp/later", "x")],
    )  # fmt: skip
    top = tmp_path / "root"
    assert stat.S_IMODE((top / "bin/su").stat().st_mode) == 0o755
    assert stat.S_IMODE((top / "bin").stat().st_mode) == 0o775
    assert stat.S_IMODE((top / "tmp").stat().st_mode) == 0o1777
    assert (top / "bin/su2").stat().st_ino == (top / "bin/su").stat().st_ino
    assert (str((top / "etc").readlink()), str((top / "out").readlink())) == ("/absolute/etc", "../../..")
    assert (top / "tmp").stat().st_mtime == (top / "bin/su").stat().st_mtime == 1_700_000_000


def test_a_link_inside_the_image_is_followed(tmp_path: Path) -> None:
    """Of a system whose /bin is usr/bin, as Debian's, a later layer may say bin/x."""
    unpack(tmp_path, [folder("usr"), folder("usr/bin"), link("bin", "usr/bin")], [entry("bin/x", "1")])
    assert (tmp_path / "root/usr/bin/x").read_text() == "1"
    assert (tmp_path / "root/bin").is_symlink()


EVIL: dict[str, tuple[Entries, str]] = {
    "climbs": ([entry("../outside", "evil")], "leads out"),
    "climbs deep": ([folder("a"), entry("a/../../outside", "evil")], "leads out"),
    "absolute": ([entry("/etc/evil", "evil")], "absolute path"),
    "through an absolute link": ([link("a", "/tmp"), entry("a/evil", "evil")], "through the link"),
    "through a link that climbs": ([link("a", ".."), entry("a/outside", "evil")], "leads out"),
    "through links that climb": (
        [folder("d"), link("d/up", ".."), link("a", "d/up/.."), entry("a/outside", "evil")],
        "leads out",
    ),
    "through a link in circles": ([link("a", "b"), link("b", "a"), entry("a/x", "evil")], "never end"),
    "whiteout of the folder above": ([folder("a"), entry("a/.wh...")], "would remove"),
    "whiteout of the folder": ([folder("a"), entry("a/.wh..")], "would remove"),
    "whiteout through a link": ([link("a", ".."), entry("a/.wh.outside")], "leads out"),
    "opaque through a link": ([link("a", ".."), entry("a/.wh..wh..opq")], "leads out"),
    "hard link to the outside": ([hard_link("a", "../outside")], "leads out"),
    "hard link to the machine": ([hard_link("a", "/etc/passwd")], "absolute path"),
    "hard link through a link": ([link("d", "/etc"), hard_link("a", "d/passwd")], "through the link"),
    "hard link to a folder": ([folder("d"), hard_link("a", "d")], "no file"),
    "hard link to nothing": ([hard_link("a", "b")], "no file"),
    "deep": ([entry("/".join(["d"] * 300), "x")], "more than 255 folders"),
    "long name": ([entry("n" * 300, "x")], "too long"),
    "unknown kind": ([entry("a", type=b"Z")], "unknown kind"),
}


@pytest.mark.parametrize("name", EVIL)
def test_an_evil_layer_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing outside the root folder is made, changed, linked or removed, and the error says why."""
    entries, reason = EVIL[name]
    with pytest.raises(ArgolaneError, match=f"image 'x': its layer sha256:.* is refused: .*{reason}"):
        unpack(tmp_path, entries)
    assert (tmp_path / "outside").read_text() == "untouched\n"
    assert (tmp_path / "outside").stat().st_nlink == 1
    assert {path.name for path in tmp_path.iterdir()} == {"root", "outside", "layer0"}


def test_a_file_replaces_a_link_and_does_not_follow_it(tmp_path: Path) -> None:
    """A link to the outside, and a file of the same name after it: the file is the image's."""
    unpack(tmp_path, [link("a", "../outside"), entry("a", "evil")])
    assert (tmp_path / "outside").read_text() == "untouched\n"
    assert not (tmp_path / "root/a").is_symlink() and (tmp_path / "root/a").read_text() == "evil"


def test_a_folder_of_the_same_name_does_not_follow_a_link(tmp_path: Path) -> None:
    """A link to the folder above, and a folder of the same name: its mode is not given to what is above."""
    before = tmp_path.stat().st_mode
    unpack(tmp_path, [link("a", ".."), folder("a", mode=0o777), entry("a/x", "1")])
    assert tmp_path.stat().st_mode == before
    assert (tmp_path / "root/a/x").read_text() == "1" and not (tmp_path / "root/a").is_symlink()


def test_devices_are_left_out(tmp_path: Path) -> None:
    """They are counted, and the rest of the layer is there."""
    root = unpack(
        tmp_path,
        [
            entry("disk", type=tarfile.BLKTYPE, devmajor=8),
            entry("mem", type=tarfile.CHRTYPE),
            entry("x", "1"),
        ],
    )
    assert root.left_out == 2 and tree(tmp_path / "root") == ["x"]


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    """A small layer of zeros, and one of too many files, end at the bound."""
    bomb = zstd.compress(tar([entry("zeros", bytes(64 << 20))]))
    assert len(bomb) < 1 << 16
    file = tmp_path / "bomb"
    file.write_bytes(bomb)
    (tmp_path / "r").mkdir()
    root = Root(tmp_path / "r", owners=False, limits=Limits(size=1 << 20))
    with pytest.raises(ArgolaneError, match="more than 1 MiB"):
        root.put(file, "sha256:0", "image 'x'")
    assert sum(path.stat().st_size for path in (tmp_path / "r").iterdir()) < 4 << 20
    with pytest.raises(ArgolaneError, match="more than 5 files"):
        unpack(tmp_path, [entry(f"f{number}") for number in range(6)], limits=Limits(entries=5))


def test_a_header_of_a_gigabyte_is_not_read(tmp_path: Path) -> None:
    """A pax header says how long it is; nothing that large is a header."""
    header = tarfile.TarInfo("PaxHeaders")
    header.type, header.size = tarfile.XHDTYPE, 1 << 30
    with pytest.raises(ArgolaneError, match="a header of 1073741824 bytes"):
        unpack(tmp_path, header.tobuf() + bytes(4096))


@pytest.mark.parametrize("content", [b"no archive" * 100, b"\x1f\x8bbroken" * 99, b"\x28\xb5broken" * 99])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    """Neither tar nor gzip nor zstd: one line that says so, no traceback."""
    with pytest.raises(ArgolaneError, match=r"refused: .*(tar archive|compression)"):
        unpack(tmp_path, content)


def test_a_layer_that_is_another_than_its_config_says_is_refused(tmp_path: Path) -> None:
    """The digest of the tar itself is checked, not only that of what came over the network."""
    (tmp_path / "l").write_bytes(tar([entry("a")]))
    (tmp_path / "r").mkdir()
    with pytest.raises(ArgolaneError, match="should be sha256:00 when it is unpacked, and is sha256:"):
        Root(tmp_path / "r", owners=False).put(tmp_path / "l", "sha256:00", "image 'x'")


def test_a_layer_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    """Half a file is no file."""
    with pytest.raises(ArgolaneError, match="ends in the middle of 'a'"):
        unpack(tmp_path, tar([entry("a", bytes(4096))])[:2048])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owners_are_those_of_the_layer(tmp_path: Path) -> None:
    """As root: a file of user 1234 is that user's."""
    unpack(tmp_path, [entry("a", "1", uid=1234, gid=1235), link("l", "a")], owners=True)
    found = (tmp_path / "root/a").stat()
    assert (found.st_uid, found.st_gid) == (1234, 1235)
