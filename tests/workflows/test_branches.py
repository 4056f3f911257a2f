"""Each branch of the rendered workflows: real guards, gates and handlers, fakes for what is slow or large."""

from collections.abc import Callable
from pathlib import Path

import pytest

from argolane.testing import Attempt, Scenario
from argolane.workflow import local
from models.contract.metric import Metric
from tests.workflows.steps import versions

DIGEST = "sha256:" + "a" * 64
ORIGIN = {"digest": DIGEST, "data": "d" * 64, "commit": "c0ffee"}
GOOD = {"metric": "accuracy 0.9700", **ORIGIN}
TRAINED = {"metric": "accuracy 0.9700", "version": "{}"}
URL = {"url": "http://127.0.0.1:8080/seldon/argolane/sk-mnist/api/v1.0/predictions"}
REGISTRY = "registry.example.com/argolane"
NOT_BUILT = "when ''false' == 'true' && 'dind' == 'dind'' evaluated false"
OFF = "when ''false' == 'true'' evaluated false"
OMITTED = "omitted: depends condition not met"


@pytest.fixture
def train(workflow) -> Scenario:
    """train-sk-mnist with a training that is over at once."""
    return workflow("train-sk-mnist").fake("train-sk-mnist", outputs=TRAINED)


@pytest.fixture
def serve(workflow) -> Scenario:
    """serve-sk-mnist where the model is good, comes up and answers."""
    good = workflow("serve-sk-mnist").fake("gate", outputs=GOOD).fake("deploy", outputs=URL)
    return good.fake("verify", outputs={"report": "{}"}).fake("put-back")


@pytest.fixture
def mnist(workflow) -> Scenario:
    """mnist where all goes well."""
    both = workflow("mnist").fake("train-sk-mnist", outputs=TRAINED).fake("train-tf-mnist", outputs=TRAINED)
    served = both.fake("gate", outputs=GOOD).fake("deploy", outputs=URL)
    return served.fake("verify", outputs={"report": "{}"}).fake("put-back")


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., dict[str, bytes]]:
    """A trained version as the gate finds it in the model store."""

    def made(accuracy: float, version: str = "0.1") -> dict[str, bytes]:
        versions.stored(tmp_path, "sk_mnist", version, metric=Metric("accuracy", accuracy, "higher"))
        files = (tmp_path / "sk_mnist" / version).iterdir()
        return {f"sk_mnist/{version}/{file.name}": file.read_bytes() for file in files}

    return made


def test_training_is_over_when_the_gate_has_seen_the_model(
    train: Scenario, stored: Callable[..., dict[str, bytes]]
) -> None:
    """Without a build, training gets the image that guard named, and its flags from the parameters."""
    run = train.volume("model-store", stored(0.97, "0.2")).run(version="0.2", dataset="digits", epochs=3)
    assert run.phase == "Succeeded"
    assert run.order == ["guard", "train", "gate"]
    assert run.skipped == {"build": NOT_BUILT}
    given = run["train"].inputs
    assert given["image"] == f"{REGISTRY}/sk-mnist-trainer:0.2"
    assert (given["commit"], given["dataset"], given["epochs"]) == ("", "digits", "3")
    assert run["gate"].outputs["metric"] == "accuracy 0.9700"
    assert run["gate"].outputs["commit"] == "c0ffee"


def test_a_bad_model_fails_the_training_run(train: Scenario, stored: Callable[..., dict[str, bytes]]) -> None:
    """The gate fails a version that is worse than accept, once: an exit code is a verdict."""
    run = train.volume("model-store", stored(0.95)).run(accept=0.96)
    assert run.phase == "Failed"
    assert run["train"].phase == "Succeeded"
    assert run["gate"].attempts[-1].message == "main: Error (exit code 1)"
    assert len(run["gate"].attempts) == 1
    assert "accuracy 0.9500 on digits (10/250); accept is at least 0.96." in run["gate"].log


def test_a_training_whose_pod_was_lost_is_tried_again(train: Scenario) -> None:
    """A pod in Error, not one that failed, is worth another try."""
    lost = Attempt(error="pod deleted")
    again = train.fake("train-sk-mnist", lost, Attempt(outputs=TRAINED)).fake("gate", outputs=GOOD).run()
    assert again.phase == "Succeeded"
    assert [(a.phase, a.message) for a in again["train"].attempts] == [
        ("Error", "pod deleted"),
        ("Succeeded", ""),
    ]
    assert again.order == ["guard", "train", "gate"]


def test_a_training_that_is_lost_three_times_is_given_up(train: Scenario) -> None:
    """Two retries, then the run is in Error and nothing is judged."""
    run = train.fake("train-sk-mnist", error="pod deleted").run()
    assert (run.phase, run["train"].message) == ("Error", "No more retries left")
    assert len(run["train"].attempts) == 3
    assert run.skipped["gate"] == OMITTED


@pytest.mark.parametrize("code", [137, 143, 255])
def test_a_training_that_was_ended_from_outside_is_tried_again(train: Scenario, code: int) -> None:
    """A node that goes away ends its containers by a signal, which Argo calls Failed, not Error."""
    ended = train.fake("train-sk-mnist", Attempt(exit_code=code), Attempt(outputs=TRAINED))
    run = ended.fake("gate", outputs=GOOD).run()
    assert run.phase == "Succeeded"
    assert [attempt.exit_code for attempt in run["train"].attempts] == [code, 0]


def test_a_training_that_fails_is_not_tried_again(train: Scenario) -> None:
    """The exit code of a training is its last word."""
    run = train.fake("train-sk-mnist", exit_code=1, stdout="loss is NaN\n").run()
    assert run.phase == run["train"].phase == "Failed"
    assert [attempt.exit_code for attempt in run["train"].attempts] == [1]
    assert run["train"].log == "loss is NaN\n"
    assert run.skipped["gate"] == OMITTED


def test_training_runs_in_the_image_that_was_built(train: Scenario) -> None:
    """With build=true the image is the one of the build, by its digest, and so is the commit."""
    image = f"{REGISTRY}/sk-mnist-trainer@{DIGEST}"
    built = train.fake("build", outputs={"commit": "c0ffee", "sk-mnist": image}).fake("gate", outputs=GOOD)
    run = built.run(build=True)
    assert run.order == ["guard", "build", "train", "gate"]
    assert run["build"].inputs["target"] == "trainer"
    assert (run["train"].inputs["image"], run["train"].inputs["commit"]) == (image, "c0ffee")
    assert run.skipped == {}


def test_nothing_is_built_where_images_are_made_elsewhere(train: Scenario) -> None:
    """With builder=none the images are used as they are, also where build=true."""
    run = train.fake("gate", outputs=GOOD).run(build=True, builder="none")
    assert run.order == ["guard", "train", "gate"]
    assert list(run.skipped) == ["build"]
    assert run["train"].inputs["image"] == f"{REGISTRY}/sk-mnist-trainer:0.1"


@pytest.mark.parametrize(("code", "attempts"), [(42, 3), (1, 1)])
def test_only_a_daemon_that_did_not_come_up_is_worth_another_build(
    train: Scenario, code: int, attempts: int
) -> None:
    """Exit code 42 says that the Docker daemon is missing; a build that fails would fail again."""
    run = train.fake("build", exit_code=code).run(build=True)
    assert run.phase == run["build"].phase == "Failed"
    assert len(run["build"].attempts) == attempts
    assert run.order == ["guard", "build"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("build", "yes", "Parameter 'build' is 'yes'; expected one of"),
        ("dataset", "cifar", "Parameter 'dataset' is 'cifar'; expected one of"),
        (
            "registry",
            "https://registry.example.com",
            "Parameter 'registry' is 'https://registry.example.com'",
        ),
    ],
)
def test_guard_refuses_a_value(train: Scenario, name: str, value: str, words: str) -> None:
    """Argo checks no enum and no pattern; the guard does, and nothing else starts."""
    run = train.run({name: value})
    assert run.phase == run["guard"].phase == "Failed"
    assert run.order == ["guard"]
    assert words in run["guard"].log
    assert set(run.skipped) == {"build", "train", "gate"}


def test_a_good_model_is_deployed_and_verified(serve: Scenario) -> None:
    """Deploy and verify get image and origin of the model, verify the address too; nothing is put back."""
    run = serve.run(version="0.2")
    assert run.phase == "Succeeded"
    assert run.order == ["guard", "gate", "deploy", "verify"]
    assert run["deploy"].inputs == {
        "sk-mnist-image": f"{REGISTRY}/sk-mnist-runtime:0.2",
        **{f"sk-mnist-{what}": value for what, value in ORIGIN.items()},
    }
    assert run["verify"].inputs == {**run["deploy"].inputs, **URL}
    assert set(run.skipped) == {"build", "explain", "put-back"}


def test_a_model_that_was_never_good_is_not_deployed(serve: Scenario) -> None:
    """The gate stands before the deployment too, and a rollout that never began has nothing to put back."""
    run = serve.fake("gate", exit_code=1).run()
    assert run.phase == "Failed"
    assert run.order == ["guard", "gate"]
    assert run.skipped["build"] == run.skipped["rollout"] == OMITTED
    assert {"explain", "put-back"} <= set(run.skipped)


def test_deploy_false_looks_the_model_up_and_no_more(serve: Scenario) -> None:
    """Neither a deployment nor a probe, and the run Succeeded."""
    run = serve.run(deploy=False)
    assert run.phase == "Succeeded"
    assert run.order == ["guard", "gate"]
    assert run.skipped["rollout"] == OFF


def test_a_deployment_that_is_lost_is_applied_again(serve: Scenario) -> None:
    """The pod that applies may be evicted."""
    run = serve.fake("deploy", Attempt(error="pod deleted"), Attempt(outputs=URL)).run()
    assert run.phase == "Succeeded"
    assert len(run["deploy"].attempts) == 2


@pytest.mark.parametrize("task", ["deploy", "verify"])
def test_a_failed_rollout_is_put_back(serve: Scenario, task: str) -> None:
    """What was last verified is applied again, as it was; the run stays Failed."""
    manifest = "kind: SeldonDeployment\nmetadata: {name: sk-mnist}\n"
    known = serve.volume("model-store", {".deployments/sk-mnist.yaml": manifest})
    run = known.fake(task, exit_code=1).run()
    assert run.phase == "Failed"
    assert run.order[-2:] == ["explain", "put-back"]
    assert run["put-back"].inputs["manifest"] == manifest.rstrip("\n")
    assert "The deployment that was last verified is put back." in run["explain"].outputs["reason"]


@pytest.mark.parametrize("task", ["deploy", "verify"])
def test_a_rollout_that_is_stopped_by_hand_is_put_back(serve: Scenario, task: str) -> None:
    """`argolane stop` in the middle of it puts back what was good, and the run stays Failed."""
    manifest = "kind: SeldonDeployment\nmetadata: {name: sk-mnist}\n"

    def stopped(inputs: dict[str, str]) -> Attempt:
        local.stop(serve.project, f"{serve.entry.workflow.name}-1")
        return Attempt(exit_code=1, delay=30)

    known = serve.volume("model-store", {".deployments/sk-mnist.yaml": manifest})
    run = known.fake(task, stopped).run()
    assert run.phase == run["rollout"].phase == run[task].phase == "Failed"
    assert "shutdown with strategy" in run[task].attempts[-1].message
    assert run.order[-2:] == ["explain", "put-back"]
    assert run["put-back"].phase == "Succeeded"
    assert run["put-back"].inputs["manifest"] == manifest.rstrip("\n")


def test_a_run_that_is_stopped_before_its_rollout_puts_nothing_back(serve: Scenario) -> None:
    """Nothing was applied yet, so nothing is to be put back; nor is anything when the run is terminated."""

    def stopped(inputs: dict[str, str]) -> Attempt:
        local.stop(serve.project, f"{serve.entry.workflow.name}-1")
        return Attempt(exit_code=1, delay=30)

    def terminated(inputs: dict[str, str]) -> Attempt:
        local.stop(serve.project, f"{serve.entry.workflow.name}-2", terminate=True)
        return Attempt(exit_code=1, delay=30)

    assert serve.fake("gate", stopped).run().order == ["guard", "gate"]
    ended = serve.fake("deploy", terminated).run()
    assert (ended.phase, ended.order) == ("Failed", ["guard", "gate", "deploy"])


def test_a_first_rollout_has_nothing_to_put_back(serve: Scenario) -> None:
    """Without a verified deployment of this name the failed one stays."""
    run = serve.fake("verify", exit_code=1).run()
    assert run.phase == "Failed"
    assert "no deployment of this name was verified before" in run["explain"].outputs["reason"]
    assert run.skipped["put-back"] == OFF


def test_a_failed_rollout_can_be_kept_to_look_at(serve: Scenario) -> None:
    """on-failure=keep puts nothing back, though there is something."""
    known = serve.volume("model-store", {".deployments/sk-mnist.yaml": "kind: SeldonDeployment\n"})
    run = known.fake("verify", exit_code=1).run(on_failure="keep")
    assert run.phase == "Failed"
    assert run["explain"].outputs["rollback"] == "false"
    assert run.skipped["put-back"] == OFF


def test_an_ab_test_needs_both_models(workflow) -> None:
    """One model that is not good enough keeps both from being deployed."""

    def judge(inputs: dict[str, str]) -> Attempt:
        return Attempt(exit_code=1) if inputs["unit"] == "tf_mnist" else Attempt(outputs=GOOD)

    run = workflow("ab-test-mnist").fake("gate", judge).fake("deploy", outputs=URL).run()
    assert run.phase == "Failed"
    assert run["gate-a"].phase == "Succeeded"
    assert run["gate-b"].phase == "Failed"
    assert run.skipped["rollout"] == OMITTED


def said(verdict: str) -> dict[str, str]:
    """The outputs of a comparison."""
    return {"verdict": verdict, "reason": "For a reason.", "judgement": "{}", "charts": "[]"}


@pytest.fixture
def ab_test(workflow) -> Scenario:
    """ab-test-mnist where both arms are good, come up and answer."""
    good = workflow("ab-test-mnist").fake("gate", outputs=GOOD).fake("deploy", outputs=URL)
    up = good.fake("verify", outputs={"report": "{}"}).fake("put-back")
    sent = up.fake("traffic", outputs={"report": "{}"}).fake("compare", outputs=said("keep-testing"))
    return sent.fake("deploy-winner", outputs=URL).fake("verify-winner", outputs={"report": "{}"})


def test_an_ab_test_is_of_two_units_when_nothing_is_said(ab_test: Scenario) -> None:
    """A and B are the two units of the question, at the version of all, each on the node of its name."""
    run = ab_test.run(version="0.2")
    assert run.phase == "Succeeded"
    given = run["deploy"].inputs
    assert [given[f"{arm}-node"] for arm in "ab"] == ["sk-mnist", "tf-mnist"]
    assert given["a-image"] == f"{REGISTRY}/sk-mnist-runtime:0.2"
    assert run["gate-b"].inputs == {"unit": "tf_mnist", "version": "0.2"}


def test_an_ab_test_may_be_of_two_versions_of_one_unit(ab_test: Scenario) -> None:
    """Each arm has its version, its image and a node of its own."""
    run = ab_test.run(a="sk_mnist:0.1", b="sk_mnist:0.2")
    given = run["deploy"].inputs
    assert [given[f"{arm}-node"] for arm in "ab"] == ["sk-mnist-a", "sk-mnist-b"]
    assert [given[f"{arm}-version"] for arm in "ab"] == ["0.1", "0.2"]
    assert given["b-image"] == f"{REGISTRY}/sk-mnist-runtime:0.2"
    assert run["gate-b"].inputs == {"unit": "sk_mnist", "version": "0.2"}


def test_traffic_goes_where_the_rollout_says(ab_test: Scenario) -> None:
    """Rows are sent once the graph is up, to its address; with requests=0 none are."""
    run = ab_test.run(requests=100)
    assert run.order[-4:] == ["deploy", "verify", "traffic", "compare"]
    assert run["traffic"].inputs["url"] == URL["url"]
    nothing = ab_test.run(requests=0)
    assert (nothing.phase, nothing.order[-1]) == ("Succeeded", "verify")
    assert {"traffic", "compare", "promote-a", "promote-b"} <= nothing.skipped.keys()


@pytest.mark.parametrize(
    ("letter", "node", "version"), [("a", "sk-mnist-a", "0.1"), ("b", "sk-mnist-b", "0.2")]
)
def test_the_winner_is_promoted(ab_test: Scenario, letter: str, node: str, version: str) -> None:
    """promote-a and promote-b deploy that arm alone, under the name of the test, and verify it."""
    run = ab_test.fake("compare", outputs=said(f"promote-{letter}")).run(a="sk_mnist:0.1", b="sk_mnist:0.2")
    assert run.phase == "Succeeded"
    assert run.order[-3:] == ["compare", "deploy-winner", "verify-winner"]
    given = run["deploy-winner"].inputs
    assert (given["winner-node"], given["winner-version"], given["winner-unit"]) == (
        node,
        version,
        "sk_mnist",
    )
    assert given["winner-image"] == f"{REGISTRY}/sk-mnist-runtime:{version}"
    assert given["winner-digest"] == DIGEST
    other = "b" if letter == "a" else "a"
    assert f"promote-{other}" in run.skipped


@pytest.mark.parametrize("verdict", ["keep-testing", "no-difference"])
def test_nothing_is_changed_without_a_winner(ab_test: Scenario, verdict: str) -> None:
    """Both other verdicts end the run well, and leave the test as it is."""
    run = ab_test.fake("compare", outputs=said(verdict)).run()
    assert (run.phase, run.order[-1]) == ("Succeeded", "compare")
    assert {"promote-a", "promote-b"} <= run.skipped.keys()


def test_a_winner_may_be_named_alone(ab_test: Scenario) -> None:
    """With promote=false the verdict stands in the run, and nothing is deployed."""
    run = ab_test.fake("compare", outputs=said("promote-a")).run(promote=False)
    assert (run.phase, run.order[-1]) == ("Succeeded", "compare")


@pytest.fixture
def sticky(ab_test: Scenario) -> Scenario:
    """The same where users keep their arm."""
    return ab_test.fake("deploy-sticky", outputs=URL).fake("verify-sticky", outputs={"report": "{}"})


def test_users_may_keep_their_arm(sticky: Scenario) -> None:
    """The other graph is rolled out, with its router; traffic and verdict go on as ever."""
    run = sticky.fake("compare", outputs=said("promote-b")).run(sticky="user-id", seed=3)
    assert run.phase == "Succeeded"
    assert run.order[-6:-2] == ["deploy-sticky", "verify-sticky", "traffic", "compare"]
    assert "rollout" in run.skipped and "rollout-sticky" not in run.skipped
    given = run["deploy-sticky"].inputs
    assert given["sticky-image"] == f"{REGISTRY}/sticky-runtime:0.1" and given["a-node"] == "sk-mnist"
    assert run["traffic"].inputs["url"] == URL["url"]
    chance = sticky.run()
    assert "rollout-sticky" in chance.skipped and "deploy" in chance.order


def test_a_router_that_does_not_come_up_is_put_back(sticky: Scenario) -> None:
    """As where chance decides."""
    before = sticky.volume("model-store", {".deployments/mnist-ab.yaml": "kind: SeldonDeployment\n"})
    run = before.fake("verify-sticky", exit_code=1).run(sticky="user-id")
    assert (run.phase, "traffic" in run.skipped) == ("Failed", True)
    assert run["put-back"].inputs["manifest"] == "kind: SeldonDeployment"


@pytest.mark.parametrize("value", ["user id", "Content-Type", "Seldon-Puid", "user_id", "user-"])
def test_users_are_named_by_a_header(ab_test: Scenario, value: str) -> None:
    """One that may be one, and that HTTP has no use for."""
    run = ab_test.run(sticky=value)
    assert run.phase == "Failed"
    assert f"Parameter 'sticky' is '{value}'; expected empty, or" in run["guard"].log


def test_a_winner_that_does_not_come_up_is_put_back(ab_test: Scenario) -> None:
    """The run fails, and the A/B test that was verified before answers again."""
    before = ab_test.volume("model-store", {".deployments/mnist-ab.yaml": "kind: SeldonDeployment\n"})
    run = before.fake("compare", outputs=said("promote-b")).fake("verify-winner", exit_code=1).run()
    assert run.phase == "Failed"
    assert run["explain"].outputs["rollback"] == "true"
    assert run["put-back"].inputs["manifest"] == "kind: SeldonDeployment"


def test_traffic_that_is_lost_changes_nothing(ab_test: Scenario) -> None:
    """A failure after the rollout is no failure of it: nothing is put back, nothing compared."""
    run = ab_test.fake("traffic", exit_code=1).run()
    assert run.phase == "Failed"
    assert {"compare", "promote-a", "promote-b", "explain", "put-back"} <= run.skipped.keys()


def test_an_ab_test_builds_the_images_of_its_arms(ab_test: Scenario) -> None:
    """The build is told both folders, and each arm runs what was built for it."""

    def build(inputs: dict[str, str]) -> Attempt:
        images = {arm: f"{REGISTRY}/{inputs[arm]}-{inputs['target']}@{DIGEST}" for arm in "ab"}
        return Attempt(outputs={"commit": "c0ffee", "sticky": f"{REGISTRY}/sticky@{DIGEST}", **images})

    run = ab_test.fake("build", build).run(build=True, a="tf_mnist", b="tf_mnist:0.2")
    assert run.phase == "Succeeded"
    assert run["deploy"].inputs["a-image"] == f"{REGISTRY}/tf_mnist-runtime@{DIGEST}"
    assert run["deploy"].inputs["b-image"] == run["deploy"].inputs["a-image"]


@pytest.fixture
def bandit(workflow) -> Scenario:
    """bandit-mnist-3 where all arms are good, come up and answer."""
    good = workflow("bandit-mnist-3").fake("gate", outputs=GOOD).fake("deploy", outputs=URL)
    up = good.fake("verify", outputs={"report": "{}"}).fake("put-back")
    return up.fake("traffic", outputs={"report": "{}"})


def test_a_bandit_has_its_arms_and_its_router(bandit: Scenario) -> None:
    """Each arm is found, the router has an image and no version, and what it is told is in its graph."""
    run = bandit.run(algorithm="epsilon-greedy", epsilon=0.2, requests=50, c="sk_mnist:bad")
    assert run.phase == "Succeeded" and run.order[-3:] == ["deploy", "verify", "traffic"]
    given = run["deploy"].inputs
    assert [given[f"{arm}-node"] for arm in "abc"] == ["sk-mnist-a", "tf-mnist", "sk-mnist-c"]
    assert given["bandit-image"] == f"{REGISTRY}/bandit-runtime:0.1" and "bandit-digest" not in given
    assert run["gate-c"].inputs == {"unit": "sk_mnist", "version": "bad"}
    assert "traffic" in bandit.run(requests=0).skipped


def test_a_bandit_is_built_with_its_arms(bandit: Scenario) -> None:
    """One build makes the router's image, too."""

    def build(inputs: dict[str, str]) -> Attempt:
        images = {name: f"{REGISTRY}/{name}@{DIGEST}" for name in ("bandit", *"abc")}
        return Attempt(outputs={"commit": "c0ffee", **images})

    run = bandit.fake("build", build).run(build=True)
    assert run["build"].inputs["target"] == "runtime"
    assert run["deploy"].inputs["bandit-image"] == f"{REGISTRY}/bandit@{DIGEST}"


@pytest.fixture
def shadow(workflow) -> Scenario:
    """shadow-mnist where both versions are good, come up and answer."""
    known = workflow("shadow-mnist").fake("gate", outputs=GOOD).fake("deploy-shadow", outputs=URL)
    up = known.fake("verify-shadow", outputs={"report": "{}"}).fake("deploy", outputs=URL)
    sent = up.fake("verify", outputs={"report": "{}"}).fake("traffic", outputs={"report": "{}"})
    told = {"reason": "The shadow agrees.", "comparison": "{}"}
    return sent.fake("compare", outputs=told).fake("put-back")


def test_a_shadow_is_there_before_the_graph_that_copies_to_it(shadow: Scenario) -> None:
    """The graph is told the shadow's address; each is a version of its own, and both are compared."""
    run = shadow.run(b="sk_mnist:0.2")
    assert run.phase == "Succeeded"
    assert run.order[-6:] == ["deploy-shadow", "verify-shadow", "deploy", "verify", "traffic", "compare"]
    assert run["deploy"].inputs["shadow-url"] == URL["url"]
    assert (run["deploy"].inputs["a-version"], run["deploy-shadow"].inputs["b-version"]) == ("0.1", "0.2")
    assert run["deploy"].inputs["shadow-image"] == f"{REGISTRY}/shadow-runtime:0.1"
    assert {"traffic", "compare"} <= shadow.run(requests=0).skipped.keys()


def test_a_shadow_that_does_not_come_up_touches_no_graph(shadow: Scenario) -> None:
    """The run fails before the graph that answers is changed."""
    run = shadow.fake("verify-shadow", exit_code=1).run()
    assert run.phase == "Failed"
    assert {"deploy", "verify", "traffic", "compare"} & set(run.order) == set()


def test_mnist_trains_both_side_by_side_and_serves_them(mnist: Scenario) -> None:
    """Each model is judged after its own training; the deployment waits for both."""
    run = mnist.run(ratio=0.8, sk_mnist_epochs=2)
    assert run.phase == "Succeeded"
    order = run.order
    assert order[0] == "guard"
    assert order[-2:] == ["deploy", "verify"]
    for model in ("sk-mnist", "tf-mnist"):
        assert order.index(f"train-{model}") < order.index(f"gate-{model}")
        assert run["deploy"].inputs[f"{model}-image"] == f"{REGISTRY}/{model}-runtime:0.1"
    assert run["train-sk-mnist"].inputs["epochs"] == "2"
    assert set(run.skipped) >= {"build-trainers", "build-runtimes"}


def test_mnist_builds_runtimes_beside_the_training(mnist: Scenario) -> None:
    """With build=true each target is built once, and what is deployed are the runtimes by their digests."""

    def build(inputs: dict[str, str]) -> Attempt:
        target = inputs["target"]
        images = {m: f"{REGISTRY}/{m}-{target}@{DIGEST}" for m in ("sk-mnist", "tf-mnist")}
        return Attempt(outputs={"commit": "c0ffee", **images})

    run = mnist.fake("build", build).run(build=True)
    assert run.phase == "Succeeded"
    assert run["build-runtimes"].inputs["target"] == "runtime"
    for model in ("sk-mnist", "tf-mnist"):
        assert run[f"train-{model}"].inputs["image"] == f"{REGISTRY}/{model}-trainer@{DIGEST}"
        assert run["deploy"].inputs[f"{model}-image"] == f"{REGISTRY}/{model}-runtime@{DIGEST}"
