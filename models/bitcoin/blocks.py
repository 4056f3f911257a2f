"""The address of a CSV in, blocks of its whole lines out: how the pipeline reads, wherever it runs.

A line at a time costs Beam more than all that is done with it. A file is cut by its size, so that several
workers read it at once; one that is compressed is read by one of them.
"""

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

SIZE = 8 << 20  # bytes

Range = tuple[int, int]  # first byte, and the first that is not of it; -1: to the end


def ranges(source: str, size: int = SIZE) -> list[Range]:
    """Of a file that is there; each is a block, or for a compressed one several."""
    if _compressed(source):
        return [(0, -1)]
    [found] = FileSystems.match([source])
    whole = found.metadata_list[0].size_in_bytes
    return [(first, min(first + size, whole)) for first in range(0, whole, size)] or [(0, 0)]


def read(source: str, given: Range, size: int = SIZE) -> Iterator[bytes]:
    """Lines that begin within the range, without the header."""
    first, end = given
    with FileSystems.open(source) as file:
        if first:
            file.seek(first - 1)
        file.readline()  # the header, or the rest of a line that begins in the range before
        place = file.tell() if end >= 0 else 0
        while end < 0 or place < end:
            block = file.read(size if end < 0 else end - place)
            if not block:
                return
            if not block.endswith(b"\n"):
                block += file.readline()
            place += len(block)
            yield block.removesuffix(b"\n")


def lines(pipeline: beam.Pipeline, source: str) -> beam.PCollection[bytes]:
    return (
        pipeline
        | "Ranges" >> beam.Create(ranges(source))
        | beam.Reshuffle()
        | "Read" >> beam.FlatMap(lambda given: read(source, given))
    )


def _compressed(source: str) -> bool:
    kind = CompressionTypes.detect_compression_type(source)
    return bool(kind != CompressionTypes.UNCOMPRESSED)
