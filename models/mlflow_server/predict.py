"""A folder that MLflow wrote in, answers out: the server behind `implementation: MLFLOW_SERVER`."""

from models.runtimes.mlflow_model import MlflowModel


class Model(MlflowModel):
    """The operator hands over `model_uri`, where its initializer has put the model."""
