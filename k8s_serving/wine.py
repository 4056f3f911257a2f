"""What workflow `wine` serves a version with: Seldon's MLFLOW_SERVER, from the artifact store of MLflow.

No manifest is rendered here: where a version lies is known when it is registered.
"""

from models.contract.spec import MODELS, Unit, read

# The same as the unit's own: a version out of the registry takes the place of one out of the model store.
NAME = "wine"
IMPLEMENTATION = "MLFLOW_SERVER"
SECRET = "s3-credentials"  # noqa: S105 - its name
# The folder below models/ whose runtime image serves: no environment is built when a pod starts.
SERVER = "mlflow_server"
IMAGE = "mlflow-server-runtime"


def learner() -> Unit:
    """The unit whose versions are served."""
    return read(MODELS / NAME)
