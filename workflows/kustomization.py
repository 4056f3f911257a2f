"""Every other program here in, `kustomization.yaml` out: k8s_setup installs the templates it lists."""

import importlib
import pkgutil
from pathlib import Path


def manifests() -> dict[str, object]:
    programs = [
        importlib.import_module(f"workflows.{found.name}")
        for found in pkgutil.iter_modules([str(Path(__file__).parent)])
        if not found.ispkg and found.name != Path(__file__).stem
    ]
    templates = [name for program in programs for name in program.manifests() if name.endswith(".template")]
    return {
        "kustomization": {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": sorted(f"{name}.yaml" for name in templates),
        }
    }
