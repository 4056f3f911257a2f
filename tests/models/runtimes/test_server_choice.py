"""A class's name and an environment in, the server out."""

import pytest

from models.runtimes.server.choice import chosen

OURS = ["models.sk_mnist.predict.Model", "--service-type", "MODEL"]
FOREIGN = ["Foreign.Model"]


@pytest.mark.parametrize(
    ("argv", "environ", "server"),
    [
        (OURS, {}, "fast"),
        (["models.comments.clean.predict.Model"], {}, "fast"),
        (OURS, {"MODEL_SERVER": "seldon"}, "seldon"),
        (FOREIGN, {}, "seldon"),
        (["models.nowhere.predict.Model"], {}, "seldon"),
        (["models.mlflow_server.predict.Model"], {}, "fast"),
        (["models.sticky.predict.Model"], {}, "seldon"),
        (FOREIGN, {"MODEL_SERVER": "fast"}, "fast"),
        (OURS, {"GUNICORN_WORKERS": "1", "TRACING": "0", "SELDON_DEBUG": "false"}, "fast"),
        (OURS, {"GRPC_WORKERS": "1", "GRPC_THREADS": "4"}, "fast"),
        (OURS, {"GRPC_WORKERS": "1", "MODEL_SERVER": "seldon"}, "seldon"),
        ([*OURS, "--grpc-workers=1"], {}, "fast"),
    ],
)
def test_model_yaml_says_which_server_and_a_container_may_say_another(
    argv: list[str], environ: dict[str, str], server: str
) -> None:
    """Without either it is Seldon's own."""
    assert chosen(argv, environ) == (server, "")


@pytest.mark.parametrize(
    ("argv", "environ"),
    [
        (OURS, {"GUNICORN_WORKERS": "2"}),
        ([*OURS, "--workers", "2"], {}),
        ([*OURS, "--workers=2"], {}),
        ([*OURS, "--debug"], {}),
        (OURS, {"TRACING": "1"}),
        (OURS, {"GUNICORN_MAX_REQUESTS": "100"}),
        (OURS, {"GRPC_WORKERS": "2"}),
    ],
)
def test_what_the_fast_server_does_not_do_is_done_by_seldons(
    argv: list[str], environ: dict[str, str]
) -> None:
    """And it is said why."""
    server, why = chosen(argv, environ)
    assert server == "seldon"
    assert "in place of the fast one" in why


def test_another_word_is_refused() -> None:
    """The error quotes it and says what is allowed."""
    with pytest.raises(SystemExit, match=r"server is 'quick'; expected one of seldon, fast"):
        chosen(OURS, {"MODEL_SERVER": "quick"})
