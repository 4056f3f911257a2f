"""A name in, the class of a message of Seldon's protocol out.

The classes are made of `seldon.binpb`, which `make protos` writes from the .proto files beside it, in a pool
of their own: seldon-core and TensorFlow, which bring files of the same names, may be imported in the same
process, and any release of protobuf reads it. Nobody imports this who has not been asked for gRPC.
"""

import functools
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, message_factory
from google.protobuf.descriptor_pool import DescriptorPool

PACKAGE = "seldon.protos"
DESCRIPTORS = Path(__file__).parent / "seldon.binpb"


@functools.cache
def pool() -> DescriptorPool:
    """All of the files, those of protobuf itself among them."""
    made = DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        made.Add(file)
    return made


@functools.cache
def message(name: str) -> Any:
    """`SeldonMessage`, say."""
    return message_factory.GetMessageClass(pool().FindMessageTypeByName(f"{PACKAGE}.{name}"))
