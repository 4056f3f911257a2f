"""Arguments in, text out: the command line, and nothing else.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

import click

from argolane import __version__
from argolane.cli import (
    applying,
    cache,
    comparing,
    deleting,
    deployments,
    drifting,
    experiments,
    getting,
    images,
    loading,
    logs,
    manifests,
    new,
    proxy,
    runs,
    volumes,
)
from argolane.cli.group import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="argolane")
def main() -> None:
    """Train, ship and test models with Argo Workflows and Seldon: on this machine, or on a cluster."""


for command in (
    manifests.list_,
    runs.run,
    applying.apply,
    applying.wait,
    getting.get,
    logs.logs,
    runs.report,
    comparing.compare,
    runs.retry,
    runs.resume,
    runs.stop,
    deleting.delete,
    volumes.volume,
    deployments.predict,
    loading.load,
    proxy.proxy,
    deployments.whence,
    experiments.feedback,
    drifting.drift,
    cache.cache,
    images.images,
    manifests.lint,
    manifests.graph,
    manifests.render,
    new.new,
    new.init,
):
    main.add_command(command)
