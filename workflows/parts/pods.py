"""Templates in, a WorkflowTemplate and its thin Workflow out: what all workflows here have in common.

Also the settings that every pod shares, so that each stands in one place: user, account, volumes, images.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Literal

from hera.workflows import Parameter, RetryStrategy, Script, Workflow, WorkflowTemplate
from hera.workflows import models as m

from k8s_serving.deployment import MODEL_STORE, STORE_CLAIM
from workflows.parts.embedding import step_source
from workflows.parts.parameters import Checked, unique

PYTHON = "python:3.11-slim"
DOCKER_CLI = "docker:cli"
DOCKER_DAEMON = "docker:dind"

USER = 1000  # any id does: the images run under all of them
SERVICE_ACCOUNT = "argolane-workflow"
ON_EXIT = "recover"  # the template that runs after all others, in a workflow that has it
WORK, WORK_CLAIM = "/mnt/work", "work"
OUTPUTS = "/tmp/outputs"  # noqa: S108  a path in the pod's own container

# Where a template says what its parameters' values may be; docs/running.md has the rules.
RULES = "argolane.dev/parameters"
DAY = 24 * 60 * 60
# A pod that was deleted, evicted, or ended with its node is worth another try; an exit code of its own is a
# verdict, and so is a deadline. Argo calls some of these Error, and others Failed with the code of a signal,
# with 255 (a runtime that lost its container) or with none, which is -1.
LOST = (
    "lastRetry.status == 'Error' || "
    "(asInt(lastRetry.exitCode) in [-1, 137, 143, 255] && !(lastRetry.message contains 'deadline'))"
)
AGAIN = RetryStrategy(limit=2, retry_policy="Always", expression=LOST)
LOCKED = m.SecurityContext(allow_privilege_escalation=False, capabilities=m.Capabilities(drop=["ALL"]))


def workflow_template(
    name: str, *, title: str, description: str, parameters: Iterable[Checked]
) -> WorkflowTemplate:
    """An empty WorkflowTemplate whose DAG is called `main`; templates made inside `with` land in it."""
    checked = unique(parameters)
    # An enum stands with its parameter; what else a value must be is said here, for who starts the workflow.
    said = {parameter.name: parameter.rule for parameter in checked if "enum" not in parameter.rule}
    return WorkflowTemplate(
        name=name,
        labels={"app.kubernetes.io/part-of": "argolane"},
        annotations={
            "workflows.argoproj.io/title": title,
            "workflows.argoproj.io/description": description,
            RULES: json.dumps(said, ensure_ascii=False),
        },
        entrypoint="main",
        arguments=[parameter.argument for parameter in checked],
        service_account_name=SERVICE_ACCOUNT,
        security_context=m.PodSecurityContext(
            run_as_non_root=True,
            run_as_user=USER,
            run_as_group=USER,
            fs_group=USER,
            seccomp_profile=m.SeccompProfile(type="RuntimeDefault"),
        ),
        volumes=[
            m.Volume(
                name=STORE_CLAIM,
                persistent_volume_claim=m.PersistentVolumeClaimVolumeSource(claim_name=STORE_CLAIM),
            )
        ],
        active_deadline_seconds=DAY,
        pod_gc=m.PodGC(strategy="OnWorkflowSuccess", delete_delay_duration="24h"),
        ttl_strategy=m.TTLStrategy(seconds_after_completion=7 * DAY),
    )


def pair(template: WorkflowTemplate) -> dict[str, WorkflowTemplate | Workflow]:
    """The files of one workflow: the template for the web page, and a Workflow for `argo submit FILE`."""
    name = str(template.name)
    if ON_EXIT in [made.name for made in template.templates]:
        template.on_exit = ON_EXIT
    thin = Workflow(
        generate_name=f"{name}-",
        labels=template.labels,
        annotations={key: text for key, text in (template.annotations or {}).items() if key != RULES},
        workflow_template_ref=m.WorkflowTemplateRef(name=name),
    )
    return {f"{name}.template": template, name: thin}


def store_mount(*, read_only: bool) -> m.VolumeMount:
    return m.VolumeMount(name=STORE_CLAIM, mount_path=MODEL_STORE, read_only=read_only)


def work_mount() -> m.VolumeMount:
    return m.VolumeMount(name=WORK_CLAIM, mount_path=WORK)


def work_claim(*, storage: str = "1Gi") -> m.PersistentVolumeClaim:
    """What each run has for itself, for the files that its tasks hand to each other below WORK."""
    return m.PersistentVolumeClaim(
        metadata=m.ObjectMeta(name=WORK_CLAIM),
        spec=m.PersistentVolumeClaimSpec(
            access_modes=["ReadWriteOnce"],
            resources=m.VolumeResourceRequirements(requests={"storage": m.Quantity(storage)}),
        ),
    )


def resources(*, cpu: str, memory: str, limit: str | None = None) -> m.ResourceRequirements:
    """What is asked for, and the `limit` of memory if there is one."""
    limits = {"memory": limit} if limit else None
    return m.ResourceRequirements.model_validate(
        {"requests": {"cpu": cpu, "memory": memory}, "limits": limits}
    )


def environment(values: Mapping[str, str]) -> list[m.EnvVar]:
    return [m.EnvVar(name=name, value=value) for name, value in values.items()]


def output(name: str, description: str, *, default: str | None = None) -> Parameter:
    """The output parameter that a container writes to a file of that name below OUTPUTS."""
    source = m.ValueFrom(path=f"{OUTPUTS}/{name}", default=default)
    return Parameter(name=name, description=description, value_from=source)


def small_step(
    name: str,
    *,
    env: Mapping[str, str],
    file: str = "",
    source: str = "",
    image: str = PYTHON,
    inputs: Iterable[str] = (),
    outputs: Iterable[Parameter] = (),
    mounts: Iterable[m.VolumeMount] = (),
    store: Literal["read", "write"] | None = None,
    deadline: int = 600,
) -> Script:
    """`steps/<file or name>.py`, or `source`, on a stock Python image.

    `deadline` counts seconds from its pod's start.
    """
    stored = [store_mount(read_only=store == "read")] if store else []
    return Script(
        name=name,
        image=image,
        command=["python", "-u"],
        source=source or step_source(f"{file or name}.py"),
        env=environment({**env, "OUTPUTS": OUTPUTS}),
        inputs=[Parameter(name=i) for i in inputs],
        outputs=list(outputs),
        volume_mounts=[*mounts, *stored] or None,
        resources=resources(cpu="50m", memory="64Mi", limit="512Mi"),
        security_context=LOCKED,
        retry_strategy=AGAIN,
        active_deadline_seconds=deadline,
    )
