"""Models in, a graph out: its node, its containers and the paths of a request."""

import math
from typing import Any

import jsonschema
import pytest

from argolane.serving.check import findings
from k8s_serving.deployment import deployment, pod_name
from k8s_serving.graph import Chain, Combiner, Graph, GraphError, Path, Router, Served, Split


def served(name: str, kind: str = "MODEL", **more: str) -> Served:
    return Served(name, image=f"r/{name}:1", unit=name, version="1", kind=kind, **more)


A, B, C, D = (served(name) for name in "abcd")
T, AFTER = served("t", "TRANSFORMER"), served("o", "OUTPUT_TRANSFORMER")


def split(ratio: str, first: Any, second: Any, name: str = "s") -> dict[str, Any]:
    parameter = {"name": "ratioA", "value": ratio, "type": "FLOAT"}
    return {
        "name": name,
        "implementation": "RANDOM_ABTEST",
        "parameters": [parameter],
        "children": [first, second],
    }


def node(name: str, kind: str, *children: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **({"children": list(children)} if children else {})}


MODELS = [node(name, "MODEL") for name in "abc"]
GRAPHS: dict[str, tuple[Graph, dict[str, Any], str, list[tuple[str, float | None, str]]]] = {
    # name: (graph, its node, its containers, [(nodes of a path, share, who answers)])
    "one": (A, MODELS[0], "a", [("a", 1.0, "a")]),
    "two arms": (
        Split("s", (("0.3", A),), rest=B),
        split("0.3", MODELS[0], MODELS[1]),
        "ab",
        [("a", 0.3, "a"), ("b", 0.7, "b")],
    ),
    "three arms": (
        Split("s", (("0.5", A), ("0.3", B)), rest=C),
        split("0.5", MODELS[0], split("0.6", MODELS[1], MODELS[2], name="s-2")),
        "abc",
        [("a", 0.5, "a"), ("b", 0.3, "b"), ("c", 0.2, "c")],
    ),
    "a chain": (
        Chain(T, A),
        node("t", "TRANSFORMER", MODELS[0]),
        "ta",
        [("ta", 1.0, "a")],
    ),
    "a chain of chains": (
        Chain(Chain(T, A), B),
        node("t", "TRANSFORMER", node("a", "MODEL", MODELS[1])),
        "tab",
        [("tab", 1.0, "b")],
    ),
    "what is made of the answer": (
        Chain(AFTER, A),
        node("o", "OUTPUT_TRANSFORMER", MODELS[0]),
        "oa",
        [("oa", 1.0, "o")],
    ),
    "a split at the end of a chain": (
        Chain(T, Split("s", (("0.25", A),), rest=Chain(B, C))),
        node("t", "TRANSFORMER", split("0.25", MODELS[0], node("b", "MODEL", MODELS[2]))),
        "tabc",
        [("ta", 0.25, "a"), ("tbc", 0.75, "c")],
    ),
    "a router": (
        Router(served("r"), (A, Chain(T, B))),
        node("r", "ROUTER", MODELS[0], node("t", "TRANSFORMER", MODELS[1])),
        "ratb",
        [("a", None, "a"), ("tb", None, "b")],
    ),
    "a router that keeps to shares": (
        Router(served("r"), (A, Chain(T, B)), shares=("0.3", "1-0.3")),
        node("r", "ROUTER", MODELS[0], node("t", "TRANSFORMER", MODELS[1])),
        "ratb",
        [("a", 0.3, "a"), ("tb", 0.7, "b")],
    ),
    "a combiner of a model and a split": (
        Combiner(served("k"), (A, Split("s", (("0.5", B),), rest=C))),
        node("k", "COMBINER", MODELS[0], split("0.5", MODELS[1], MODELS[2])),
        "kabc",
        [("abk", 0.5, "k"), ("ack", 0.5, "k")],
    ),
}


def share(path: Path) -> float | None:
    if path.share is None:
        return None
    return math.prod(1 - float(f[2:]) if f.startswith("1-") else float(f) for f in path.share)


@pytest.mark.parametrize("case", GRAPHS)
def test_a_graph_knows_its_node_its_containers_and_its_paths(case: str) -> None:
    """The three of them say the same of every kind of graph; the shares of all paths are 1 together."""
    graph, root, containers, paths = GRAPHS[case]
    assert graph.node == root
    assert "".join(one.name for one in graph.containers()) == containers
    found = [("".join(n.name for n in path.nodes), share(path), path.answers.name) for path in graph.paths()]
    assert [(nodes, who) for nodes, _, who in found] == [(nodes, who) for nodes, _, who in paths]
    shares = [part if part is None else pytest.approx(part) for _, part, _ in paths]
    assert [part for _, part, _ in found] == shares


def test_a_path_knows_how_an_answer_names_it() -> None:
    """`routing` is what Seldon writes into meta.routing on that way: a child of each node that chose."""
    third = Split("s", (("0.5", A), ("0.3", B)), rest=C)
    assert [dict(path.routing) for path in third.paths()] == [
        {"s": 0},
        {"s": 1, "s-2": 0},
        {"s": 1, "s-2": 1},
    ]
    routed = Chain(T, Router(served("r"), (A, Split("s", (("0.5", B),), rest=C))))
    assert [dict(path.routing) for path in routed.paths()] == [{"r": 0}, {"r": 1, "s": 0}, {"r": 1, "s": 1}]


@pytest.mark.parametrize("case", GRAPHS)
def test_every_graph_fits_the_crd(case: str, strict_schema: Any) -> None:
    """Its manifest is valid under Seldon 1.17.1's own schema, with no field that it would cut off."""
    made = deployment("d", graph=GRAPHS[case][0])
    jsonschema.Draft202012Validator(strict_schema).validate(made)


@pytest.mark.parametrize("case", GRAPHS)
def test_every_graph_is_a_deployment(case: str) -> None:
    """The checker has nothing to say of its manifest, which has a container for each node, and replicas."""
    graph = GRAPHS[case][0]
    made = deployment("d", graph=graph)
    assert findings(made) == []
    (predictor,) = made["spec"]["predictors"]
    assert predictor["replicas"] == 1
    pod = predictor["componentSpecs"][0]
    assert [c["name"] for c in pod["spec"]["containers"]] == [one.name for one in graph.containers()]


def test_a_tag_may_be_the_share_of_the_first_of_two() -> None:
    """Argo fills in the ratio of two arms, and the second path's share is what it leaves."""
    graph = Split("s", (("{{workflow.parameters.ratio}}", A),), rest=B)
    assert graph.node["parameters"][0]["value"] == "{{workflow.parameters.ratio}}"
    assert [path.share for path in graph.paths()] == [
        ("{{workflow.parameters.ratio}}",),
        ("1-{{workflow.parameters.ratio}}",),
    ]


def test_shares_that_are_all_given_away_leave_nothing() -> None:
    """An arm may have no share at all; nothing is divided by zero."""
    graph = Split("s", (("1", A), ("0", B)), rest=C)
    assert [share(path) for path in graph.paths()] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Split("s", (), rest=A), "Split 's' has one arm; expected at least two."),
        (
            lambda: Split("s", (("0.5", A), ("{{x}}", B)), rest=C),
            "Split 's' gives 'b' the share '{{x}}'; expected a number from 0 to 0.5",
        ),
        (
            lambda: Split("s", (("0.5", A), ("0.6", B)), rest=C),
            "gives 'b' the share '0.6'; expected a number",
        ),
        (
            lambda: Split("s", (("nan", A), ("0.6", B)), rest=C),
            "gives 'a' the share 'nan'; expected a number",
        ),
        (lambda: Router(served("r"), (A, B), shares=("1",)), "Router 'r' has 1 shares for 2 children"),
        (lambda: Chain(), "A chain has no nodes"),
        (lambda: Chain(Split("s", (("0.5", A),), rest=B), C), "A chain goes on after 's', which branches"),
        (lambda: Chain(T, Router(served("r"), (A, B)), C), "A chain goes on after 'r', which branches"),
    ],
)
def test_what_seldon_could_not_run_is_refused(build: Any, words: str) -> None:
    """A third arm whose share is not known, shares of more than all, a chain that goes on after a branch."""
    with pytest.raises(GraphError) as error:
        build()
    assert words in str(error.value)


def test_a_pod_is_named_after_what_is_in_it() -> None:
    """Another set of containers is another pod, so that Seldon makes it before it ends the old one."""
    names = {
        made["spec"]["predictors"][0]["componentSpecs"][0]["metadata"]["name"]
        for made in (
            deployment("d", graph=graph) for graph in (A, B, Chain(T, A), Split("s", (("0.5", A),), rest=B))
        )
    }
    assert names == {"a", "b", "t-a", "a-b"}


def test_long_names_of_pods_are_cut_to_a_digest() -> None:
    """A chain of four with long names still has a Deployment name that Kubernetes takes."""
    names = [f"comments-of-everybody-{step}" for step in ("clean", "tokens", "tfidf", "classify")]
    assert pod_name(names).startswith("4-nodes-") and len(pod_name(names)) == 16
    assert pod_name(names) != pod_name(names[::-1])
    graph = Chain(*(served(name) for name in names))
    assert deployment("comments", graph=graph)["spec"]["predictors"][0]["componentSpecs"]


def test_only_nodes_in_company_tag_answers_with_their_names() -> None:
    """A chain tells each node's version under its name; a model alone does not need to."""

    def tags(graph: Graph) -> list[bool]:
        pod = deployment("d", graph=graph)["spec"]["predictors"][0]["componentSpecs"][0]["spec"]
        return ["MODEL_NODE_TAGS" in [e["name"] for e in container["env"]] for container in pod["containers"]]

    assert tags(Chain(T, A)) == [True, True]
    assert tags(Split("s", (("0.5", A),), rest=Chain(B, C))) == [False, True, True]


def test_a_node_without_a_version_loads_nothing() -> None:
    """A router or a combiner that keeps nothing in the store has no MODEL_DIR."""
    graph = Router(Served("r", image="r/r:1", kind="ROUTER"), (A, B))
    first = deployment("d", graph=graph)["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"][
        0
    ]
    assert "MODEL_DIR" not in [variable["name"] for variable in first["env"]]
