"""Models in, a template out that builds and pushes their images: Docker in Docker.

The daemon is a sidecar, the one privileged container of all workflows. It listens on a socket in a folder
that it shares with the client and with nobody else: no port, hence no certificates. Images that nobody
builds are used as they are; `reference` is what later tasks run either way. Another builder is another
template with the same input and outputs, a value of the parameter `builder`, and a task with its own `when`.
"""

from collections.abc import Iterable, Mapping, Sequence

from hera.workflows import Parameter, RetryStrategy, Script, UserContainer
from hera.workflows import models as m

from k8s_serving.deployment import image_name
from models.contract.spec import Unit
from workflows.parts import parameters, pods
from workflows.parts.embedding import step_source
from workflows.parts.source import PATH, source

BUILDING = f"'{parameters.BUILD.tag}' == 'true' && '{parameters.BUILDER.tag}' == 'dind'"
WAIT = 60
SITE = "/site"
# The entrypoint's own flags would open a TCP port; with `dockerd` named it adds none.
DAEMON = """\
mkdir -p /etc/docker
[ ! -f /site/daemon.json ] || cp /site/daemon.json /etc/docker/
exec dockerd-entrypoint.sh dockerd --host=unix:///dind/docker.sock --group=1000
"""
# Exit code 42: the daemon did not come up, which another node may cure. A build that fails fails again.
DAEMON_MISSING = RetryStrategy(
    limit=2, retry_policy="Always", expression=f"asInt(lastRetry.exitCode) == 42 || {pods.LOST}"
)


def image(folders: Mapping[str, str], *, targets: Sequence[str] = ("trainer", "runtime")) -> Script:
    """Template `build`: input `target` is a stage of models/Dockerfile, one of `targets`.

    Its outputs are `commit`, and each of the names in `folders`: the image by its digest that is built from
    that folder of models/. Where the folder is `given_by_task`, the name is an input, too.
    """
    given = [name for name, folder in folders.items() if folder == given_by_task(name)]
    socket = m.VolumeMount(name="docker-socket", mount_path="/dind")
    site = m.VolumeMount(name="site", mount_path=SITE, read_only=True)
    return Script(
        name="build",
        image=pods.DOCKER_CLI,
        command=["sh"],
        source=step_source("build.sh"),
        env=pods.environment(
            {
                "IMAGES": " ".join(f"{name}={folder}" for name, folder in folders.items()),
                "TARGET": "{{inputs.parameters.target}}",
                "REGISTRY": parameters.REGISTRY.tag,
                "VERSION": parameters.VERSION.tag,
                "SOURCE": PATH,
                "SITE": SITE,
                "OUTPUTS": pods.OUTPUTS,
                "WAIT": str(WAIT),
                "DOCKER_HOST": "unix:///dind/docker.sock",
                "DOCKER_BUILDKIT": "1",
                "SSL_CERT_DIR": f"/etc/ssl/certs:{SITE}",
                "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",  # else the digest is that of a list, not of the image
                "HOME": "/tmp",  # noqa: S108
            }
        ),
        inputs=[
            source(),
            Parameter(name="target", enum=list(targets)),
            *(Parameter(name=name) for name in given),
        ],
        outputs=[
            pods.output("commit", "Commit that the images were built from."),
            *(pods.output(name, "The image by its digest.") for name in folders),
        ],
        volumes=[
            m.Volume(name="docker-socket", empty_dir=m.EmptyDirVolumeSource()),
            m.Volume(name="docker-data", empty_dir=m.EmptyDirVolumeSource()),
            m.Volume(name="site", projected=_site()),
        ],
        volume_mounts=[socket, site],
        sidecars=[
            UserContainer(
                name="dind",
                image=pods.DOCKER_DAEMON,
                command=["sh", "-c", DAEMON],
                env=[m.EnvVar(name="SSL_CERT_DIR", value=f"/etc/ssl/certs:{SITE}")],
                security_context=m.SecurityContext(privileged=True, run_as_user=0, run_as_non_root=False),
                volume_mounts=[socket, site, m.VolumeMount(name="docker-data", mount_path="/var/lib/docker")],
                resources=pods.resources(cpu="500m", memory="512Mi"),
            )
        ],
        resources=pods.resources(cpu="50m", memory="64Mi"),
        security_context=pods.LOCKED,
        retry_strategy=DAEMON_MISSING,
        active_deadline_seconds=2 * 60 * 60,
    )


def _site() -> m.ProjectedVolumeSource:
    """Login, mirror, package index, certificates: what scripts/credentials made of them."""
    secrets = {"registry": (".dockerconfigjson", "config.json"), "package-index": ("pip.conf", "pip.conf")}
    config_maps = {"docker-daemon": "daemon.json", "ca-bundle": "ca.crt"}
    return m.ProjectedVolumeSource(
        sources=[
            *(
                m.VolumeProjection(
                    secret=m.SecretProjection(
                        name=name, optional=True, items=[m.KeyToPath(key=key, path=path)]
                    )
                )
                for name, (key, path) in secrets.items()
            ),
            *(
                m.VolumeProjection(
                    config_map=m.ConfigMapProjection(
                        name=name, optional=True, items=[m.KeyToPath(key=key, path=key)]
                    )
                )
                for name, key in config_maps.items()
            ),
        ]
    )


def of_units(units: Iterable[Unit]) -> dict[str, str]:
    """The folders of units, by the names that `reference` knows them by."""
    return {unit.kebab: unit.image_folder for unit in units}


def given_by_task(name: str) -> str:
    """In the place of a folder: the task that builds says which."""
    return parameters.given(name)


def reference(unit: Unit, target: str, *, task: str = "build") -> str:
    """The image for a task after guard and `task`: by digest if that one built it, else as guard named it."""
    return built_or_named(unit.kebab, image_name(unit, target), task=task)


def built_or_named(built: str, named: str, *, task: str = "build") -> str:
    """Output `built` of `task` if that one built it, else output `named` of the guard."""
    made = f"tasks['{task}'].outputs.parameters['{built}']"
    known = f"tasks.guard.outputs.parameters['{named}']"
    return f"{{{{=tasks['{task}'].status == 'Succeeded' ? {made} : {known}}}}}"


def commit(*, task: str = "build") -> str:
    """The commit that `task` built, or nothing."""
    made = f"tasks['{task}'].outputs.parameters.commit"
    return f"{{{{=tasks['{task}'].status == 'Succeeded' ? {made} : ''}}}}"
