"""Archives of artifacts: what is unpacked stays where it is unpacked."""

import io
import tarfile
from pathlib import Path

import pytest

from argolane.workflow.local.pod.archives import pack, unpack


def _tar(file: Path, *members: tuple[str, str]) -> None:
    """Of files with a content; `->` before it makes a link."""
    with tarfile.open(file, "w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if content.startswith("->"):
                member.type, member.linkname = tarfile.SYMTYPE, content.removeprefix("->")
            member.size = 0 if member.issym() else len(content)
            tar.addfile(member, io.BytesIO(content.encode()))


@pytest.mark.parametrize(
    "members", [[("../out", "x")], [("a/../../out", "x")], [("link", "->{tmp}"), ("link/out", "x")]]
)
def test_no_member_leaves_the_folder(tmp_path: Path, members: list[tuple[str, str]]) -> None:
    """By its name, or through a link that came before it: refused, whatever Python has of its own."""
    tar = tmp_path / "a.tar"
    _tar(tar, *((name, content.replace("{tmp}", str(tmp_path))) for name, content in members))
    with pytest.raises(tarfile.TarError, match="outside"):
        unpack(tar, tmp_path / "place", {})
    assert not (tmp_path / "out").exists()


def test_absolute_names_are_below_the_folder(tmp_path: Path) -> None:
    """As tar itself reads them: without the slash."""
    tar = tmp_path / "a.tar"
    _tar(tar, ("/x", "one"), ("/y/z", "two"))
    unpack(tar, tmp_path / "place", {})
    assert (tmp_path / "place/x").read_text() + (tmp_path / "place/y/z").read_text() == "onetwo"


def test_a_folder_is_packed_with_its_links(tmp_path: Path) -> None:
    """Links inside it, and links to what is nowhere, come out as links."""
    (source := tmp_path / "source").mkdir()
    (source / "f").write_text("x")
    (source / "link").symlink_to("f")
    (source / "lost").symlink_to("/no/such")
    pack(source, tmp_path / "a.tgz", "source", {})
    unpack(tmp_path / "a.tgz", tmp_path / "place", {})
    assert (tmp_path / "place/link").readlink() == Path("f")
    assert (tmp_path / "place/lost").readlink() == Path("/no/such")
