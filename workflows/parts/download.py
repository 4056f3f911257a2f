"""A file on the web in, a template out that fetches it into a folder of the run: checked, and as UTF-8."""

from dataclasses import dataclass

from hera.workflows import Script
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE
from workflows.parts import parameters as p
from workflows.parts import pods

ENCODINGS = ("utf-8", "cp1252", "iso-8859-1", "utf-16", "binary")


@dataclass(frozen=True)
class Known:
    """The file that is fetched where nobody names another.

    `given` is the environment variable that may name a copy of it, and `mirrors_from` the one that may name
    other base URLs than `mirrors`.
    """

    name: str
    sha256: str
    mirrors: tuple[str, ...]
    given: str
    mirrors_from: str


URL = p.Checked(
    "url",
    "",
    "The file to fetch, at http://, https:// or file://; empty takes the known one.",
    {
        "pattern": r"((https?|file)://[^\s\"'`<>\\{}]+)?",
        "expected": "http://, https:// or file:// and what is there, or nothing",
    },
)
SHA256 = p.Checked(
    "sha256",
    "",
    "SHA-256 that the file at url must have; empty takes whatever is there, and says what it has.",
    {"pattern": r"([0-9a-fA-F]{64})?", "expected": "64 hexadecimal digits, or nothing"},
)
ENCODING = p.Checked(
    "encoding",
    "utf-8",
    "Encoding of the file at url, which is handed on as UTF-8; binary is no text, and handed on as it is.",
    {"enum": list(ENCODINGS)},
)
MOST_MB = p.count(
    "most-mb",
    100,
    "Megabytes that the file may have at most.",
    most=100000,
)
INPUTS = (URL, SHA256, ENCODING, MOST_MB)
# Of a task that runs only where url is given; what it fetched is not kept for another.
NOTHING = Known("", "", (), given="", mirrors_from="")


def download(known: Known, *, out: str, mounts: list[m.VolumeMount]) -> Script:
    """Template `download`: `out` is the file's place, below one of the mounts; its input is the image.

    That is any with Python; on a laptop argolane.toml says which of the environment reaches an image, and so
    where `known` may be. The output is the SHA-256 of what was fetched.
    """
    return pods.small_step(
        "download",
        image="{{inputs.parameters.image}}",
        inputs=["image"],
        env={
            "URL": URL.tag,
            "SHA256": SHA256.tag,
            "ENCODING": ENCODING.tag,
            "MOST_MB": MOST_MB.tag,
            "OUT": out,
            "CACHE": f"{MODEL_STORE}/.data/files" if known.name else "",
            "KNOWN": known.name,
            "KNOWN_SHA256": known.sha256,
            "KNOWN_MIRRORS": " ".join(known.mirrors),
            "KNOWN_GIVEN": known.given,
            "KNOWN_MIRRORS_FROM": known.mirrors_from,
        },
        outputs=[pods.output("sha256", "SHA-256 of the file as it was fetched.")],
        mounts=mounts,
        store="write" if known.name else None,
        deadline=60 * 60,
    )
