"""A template's inputs and outputs in, Argo's complaints about them out."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from argolane.workflow.lint.argo.base import Base, Check, Complaint, mapping, mappings
from argolane.workflow.lint.argo.kinds import is_leaf, kind_of
from argolane.workflow.lint.argo.names import is_tag, named, parameter_name
from argolane.workflow.lint.argo.scopes import check_tags

_SOURCES = ("path", "jqFilter", "jsonPath", "parameter", "expression")


def check_inputs(base: Base, template: Mapping[str, Any], place: str) -> Iterator[Complaint]:
    """Names, paths and locations of what a template takes."""
    name, inputs = template.get("name", ""), mapping(template.get("inputs"))
    for field in ("parameters", "artifacts"):
        for index, reason in named(mappings(inputs.get(field)), parameter_name):
            yield base.complaint(
                f"templates.{name}.inputs.{field}{reason}", f"{place}.inputs.{field}[{index}].name"
            )
    for index, artifact in enumerate(mappings(inputs.get("artifacts"))):
        reference, where = f"inputs.artifacts.{artifact.get('name')}", f"{place}.inputs.artifacts[{index}]"
        if is_leaf(template):
            if reason := path_fault(artifact):
                yield base.complaint(f"error in templates.{name}.{reference}: {reason}", f"{where}.path")
        elif artifact.get("path"):
            yield base.complaint(
                f"templates.{name}.{reference}.path only valid in container/script templates", f"{where}.path"
            )
        if artifact.get("from"):
            yield base.complaint(f"templates.{name}.{reference}.from not valid in inputs", f"{where}.from")
        yield from check_location(base, f"templates.{name}.{reference}", artifact, where)


def input_scope(template: Mapping[str, Any]) -> dict[str, Any]:
    """The names a template's inputs give to its tags."""
    inputs = mapping(template.get("inputs"))
    parameters = mappings(inputs.get("parameters"))
    scope: dict[str, Any] = {f"inputs.parameters.{p.get('name')}": True for p in parameters}
    if parameters:
        scope["inputs.parameters"] = True
    for artifact in mappings(inputs.get("artifacts")):
        scope[f"inputs.artifacts.{artifact.get('name')}"] = True
        if is_leaf(template):
            scope[f"inputs.artifacts.{artifact.get('name')}.path"] = True
    return scope


def path_fault(artifact: Mapping[str, Any]) -> str:
    """What is wrong with the path of a leaf's artifact, or ''."""
    name, path = artifact.get("name"), str(artifact.get("path") or "")
    if not path:
        return f"Artifact '{name}' did not specify a path"
    safe = path[: path.index("/../")] if "/../" in path else path[:-3] if path.endswith("/..") else ""
    cleaned = posixpath.normpath(path)
    if safe and (not cleaned.startswith(safe + "/") or len(cleaned) <= len(safe) + 1):
        return (
            f"Artifact '{name}' attempted to use a path containing '..'. Directory traversal is not permitted"
        )
    return ""


def check_location(base: Base, prefix: str, artifact: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    """The parts of a git or HDFS location that must be there."""
    if "git" in artifact and not mapping(artifact["git"]).get("repo"):
        yield base.complaint(f"{prefix}.git.repo is required", f"{where}.git.repo")
    if "hdfs" in artifact:
        hdfs = mapping(artifact["hdfs"])
        if not hdfs.get("addresses"):
            yield base.complaint(f"{prefix}.hdfs.addresses is required", f"{where}.hdfs.addresses")
        elif not hdfs.get("path"):
            yield base.complaint(f"{prefix}.hdfs.path is required", f"{where}.hdfs.path")
        elif not str(hdfs["path"]).startswith("/"):
            yield base.complaint(f"{prefix}.hdfs.path must be a absolute file path", f"{where}.hdfs.path")


def check_outputs(
    check: Check, base: Base, scope: dict[str, Any], template: Mapping[str, Any], place: str
) -> Iterator[Complaint]:
    """Names, sources and tags of what a template gives."""
    name, outputs = template.get("name", ""), mapping(template.get("outputs"))
    for field in ("parameters", "artifacts"):
        for index, reason in named(mappings(outputs.get(field)), parameter_name):
            text = f"templates.{name}.outputs.{field} {reason}"
            yield base.complaint(text, f"{place}.outputs.{field}[{index}].name")
    yield from check_tags(check, base, f"templates.{name}.outputs ", scope, outputs, f"{place}.outputs")
    for index, artifact in enumerate(mappings(outputs.get("artifacts"))):
        reference, where = f"outputs.artifacts.{artifact.get('name')}", f"{place}.outputs.artifacts[{index}]"
        if is_leaf(template):
            if reason := path_fault(artifact):
                yield base.complaint(f"error in templates.{name}.{reference}: {reason}", f"{where}.path")
        elif artifact.get("path"):
            yield base.complaint(
                f"templates.{name}.{reference}.path only valid in container/script templates", f"{where}.path"
            )
        yield from _global_name(base, f"templates.{name}.{reference}", artifact, where)
    for index, parameter in enumerate(mappings(outputs.get("parameters"))):
        where = f"{place}.outputs.parameters[{index}]"
        reference = f"templates.{name}.outputs.parameters.{parameter.get('name')}"
        if text := _source_fault(reference, parameter) or _kind_fault(
            reference, parameter, kind_of(template)
        ):
            yield base.complaint(text, where)
        yield from _global_name(base, reference, parameter, where)


def _global_name(base: Base, reference: str, output: Mapping[str, Any], where: str) -> Iterator[Complaint]:
    name = str(output.get("globalName") or "")
    if name and not is_tag(name) and (reason := parameter_name(name)):
        yield base.complaint(f"{reference}.globalName: {reason}", f"{where}.globalName")


def _source_fault(reference: str, parameter: Mapping[str, Any]) -> str:
    if "valueFrom" in parameter and "value" in parameter:
        return f"{reference} has both valueFrom and value specified. Choose one."
    if "value" in parameter:
        return ""
    if "valueFrom" not in parameter:
        return f"{reference} does not have valueFrom or value specified"
    source = mapping(parameter["valueFrom"])
    count = sum(bool(source.get(key)) for key in _SOURCES) + ("supplied" in source)
    if count == 0:
        return (
            "valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, parameter, raw, expression"
        )
    if count > 1:
        return "multiple valueFrom types specified. choose one of: path, jqFilter, jsonPath, parameter, raw"
    return ""


def _kind_fault(reference: str, parameter: Mapping[str, Any], kind: str) -> str:
    if "valueFrom" not in parameter:
        return ""
    source = mapping(parameter["valueFrom"])
    go_kind = "DAG" if kind == "dag" else kind[:1].upper() + kind[1:]
    if kind in ("container", "containerSet", "script") and not source.get("path"):
        return f"{reference}.path must be specified for {go_kind} templates"
    if kind == "resource" and not source.get("jqFilter") and not source.get("jsonPath"):
        return f"{reference} .jqFilter or jsonPath must be specified for {go_kind} templates"
    if kind in ("dag", "steps"):
        if not source.get("parameter") and not source.get("expression"):
            return f"{reference}.parameter or expression must be specified for {go_kind} templates"
        if source.get("parameter") and source.get("expression"):
            return (
                f"{reference} shouldn't have both `from` and `expression` specified in `ValueFrom` "
                f"for {go_kind} templates"
            )
    return ""
