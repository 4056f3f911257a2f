"""Params in, an estimator out that has learned nothing yet: the three that workflow `wine` chooses from.

HistGradientBoosting is no part of the stack: skl2onnx 1.20 cannot convert what scikit-learn 1.9 makes of it.
"""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn.base import RegressorMixin


def build(params: SimpleNamespace) -> "RegressorMixin":
    """params: estimator, trees, alpha, l1_ratio, seed, as model.yaml has them."""
    from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor, StackingRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    if params.estimator == "elastic-net":
        return elastic_net(alpha=params.alpha, l1_ratio=params.l1_ratio, seed=params.seed)
    common: dict[str, Any] = {"n_estimators": params.trees, "random_state": params.seed, "n_jobs": 1}
    extra = ExtraTreesRegressor(max_features=0.5, **common)
    if params.estimator == "extra-trees":
        return extra
    forest = RandomForestRegressor(max_features=0.33, **common)
    vectors = make_pipeline(StandardScaler(), SVR(C=1, gamma=0.1))
    return StackingRegressor(
        [("extra_trees", extra), ("forest", forest), ("support_vectors", vectors)], RidgeCV(), cv=5
    )


def elastic_net(*, alpha: float = 0.5, l1_ratio: float = 0.5, seed: int = 1337) -> "RegressorMixin":
    """At its defaults that of the public example."""
    from sklearn.linear_model import ElasticNet

    return ElasticNet(alpha=alpha, l1_ratio=l1_ratio, random_state=seed)
