"""A model folder in, a template out that trains it into the model store."""

from hera.workflows import Container, Parameter
from hera.workflows import models as m

from k8s_serving.node import MODEL_STORE
from models.spec import Spec, kebab
from workflows.parts import parameters, pods


def train(model: Spec) -> Container:
    """Template `train-<model>`; its inputs are image, commit, dataset and the params of model.yaml."""
    flags = [kebab(name) for name in model.params]
    return Container(
        name=f"train-{model.kebab}",
        image="{{inputs.parameters.image}}",
        command=["python", "-m", f"models.{model.name}.train"],
        args=[
            "--dataset={{inputs.parameters.dataset}}",
            *(f"--{flag}={{{{inputs.parameters.{flag}}}}}" for flag in flags),
            f"--version={parameters.VERSION.tag}",
            f"--overwrite={parameters.OVERWRITE.tag}",
            f"--accuracy-file={pods.OUTPUTS}/accuracy",
            f"--metrics-file={pods.OUTPUTS}/metrics",
        ],
        env=pods.environment(
            {
                "MODEL_STORE": MODEL_STORE,
                "DATA_DIR": f"{MODEL_STORE}/.data",
                "SOURCE_COMMIT": "{{inputs.parameters.commit}}",
                "IMAGE": "{{inputs.parameters.image}}",
            }
        ),
        inputs=[Parameter(name=name) for name in ("image", "commit", "dataset", *flags)],
        outputs=[
            pods.output("accuracy", "Accuracy on the test rows."),
            pods.output("metrics", "metrics.json of the trained version."),
            Parameter(
                name="folder",
                value=f"{MODEL_STORE}/{model.name}/{parameters.VERSION.tag}",
                description="Where the version is, with its drawings.",
            ),
        ],
        volume_mounts=[pods.store_mount(read_only=False)],
        resources=m.ResourceRequirements.model_validate(model.resources.train.model_dump()),
        security_context=pods.LOCKED,
        retry_strategy=pods.AGAIN,
        active_deadline_seconds=6 * 60 * 60,
    )
