"""A version in the model store in, a template out that fails unless it is there and good enough."""

from hera.workflows import Script

from k8s_serving.node import MODEL_STORE
from workflows.parts import parameters, pods


def gate() -> Script:
    """Template `gate`; input `model` is a folder of models/, outputs are accuracy and origin."""
    return pods.small_step(
        "gate",
        inputs=["model"],
        env={
            "MODEL_STORE": MODEL_STORE,
            "MODEL": "{{inputs.parameters.model}}",
            "VERSION": parameters.VERSION.tag,
            "MIN_ACCURACY": "{{workflow.parameters.min-accuracy}}",
        },
        outputs=[
            pods.output("accuracy", "Accuracy on the test rows."),
            pods.output("digest", "SHA-256 of model.onnx: what the version really is."),
            pods.output("data", "SHA-256 of the data that it was trained on."),
            pods.output("commit", "Commit that it was trained from."),
        ],
        store="read",
    )
