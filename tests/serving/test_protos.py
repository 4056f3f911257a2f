"""The messages and services that gRPC speaks here, against their source and against Seldon's own."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

from argolane.containers import environments
from argolane.project import Project
from argolane.serving import protos

ROOT = Path(__file__).parents[2]
# What an installed seldon-core declares, one line each.
DECLARED = """
from google.protobuf import descriptor_pb2
from seldon_core.proto import prediction_pb2
seen = {}
def see(file):
    if file.name not in seen:
        seen[file.name] = file
        for other in file.dependencies: see(other)
see(prediction_pb2.DESCRIPTOR)
for file in seen.values():
    proto = descriptor_pb2.FileDescriptorProto()
    file.CopyToProto(proto)
    print(proto.SerializeToString().hex())
"""


def declared(files: list[Any]) -> set[tuple[Any, ...]]:
    """Every field, value and method with its number and type."""
    found: set[tuple[Any, ...]] = set()

    def messages(prefix: str, nested: Any, enums: Any) -> None:
        for enum in enums:
            found.update((f"{prefix}.{enum.name}.{value.name}", value.number) for value in enum.value)
        for each in nested:
            where = f"{prefix}.{each.name}"
            for field in each.field:
                oneof = field.oneof_index if field.HasField("oneof_index") else None
                kind = (field.type, field.type_name, field.label, oneof)
                found.add((f"{where}.{field.name}", field.number, *kind))
            messages(where, each.nested_type, each.enum_type)

    for file in files:
        if file.package in ("seldon.protos", "tensorflow"):
            messages(file.package, file.message_type, file.enum_type)
            for service in file.service:
                found.update(
                    (f"{file.package}.{service.name}.{m.name}", m.input_type, m.output_type)
                    for m in service.method
                )
    return found


def ours() -> list[Any]:
    return list(descriptor_pb2.FileDescriptorSet.FromString(protos.DESCRIPTORS.read_bytes()).file)


def test_the_descriptors_are_those_of_the_proto_files(tmp_path: Path) -> None:
    """`make protos` has been run since the last edit."""
    made = tmp_path / "seldon.binpb"
    command = [sys.executable, "-m", "grpc_tools.protoc", "--proto_path=.", "--include_imports"]
    subprocess.run(
        [*command, f"--descriptor_set_out={made}", "prediction.proto"],
        cwd=protos.DESCRIPTORS.parent, check=True,
    )  # fmt: skip
    now = descriptor_pb2.FileDescriptorSet.FromString(made.read_bytes()).file
    own = ("seldon.protos", "tensorflow")
    assert [f for f in now if f.package in own] == [f for f in ours() if f.package in own]


@pytest.mark.environments
def test_every_name_and_number_is_seldons() -> None:
    """Those of seldon-core 1.17.1, as it is in the runtime images."""
    lock, cache = ROOT / "models" / "sk_mnist" / "runtime.lock", Project(ROOT).cache / "envs"
    made = environments.ensure(lock, cache, root=ROOT, say=lambda text: print(text, file=sys.stderr))  # noqa: T201
    said = subprocess.run(
        [made / "bin" / "python", "-W", "ignore", "-c", DECLARED], capture_output=True, text=True, check=True
    ).stdout
    theirs = [descriptor_pb2.FileDescriptorProto.FromString(bytes.fromhex(line)) for line in said.split()]
    assert declared(ours()) ^ declared(theirs) == set()
