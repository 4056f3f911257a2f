"""The trials of bench.sweep_comparison as a Metaflow foreach, in the environment of sweep_flow.lock.

`python sweep_flow.py run --trials JSON --arguments JSON`: a list of params, a list of flags. Each trial is a
task, that is a process of its own; trainer, rows that it learns from and score are those of a sweep.
"""

import json
import time

from metaflow import FlowSpec, JSONType, Parameter, step


class SweepFlow(FlowSpec):
    """The best of some trials of sk_mnist; prints what each took and reached, by its number."""

    trials = Parameter("trials", type=JSONType, required=True, help="Params of each, as a list.")
    arguments = Parameter("arguments", type=JSONType, required=True, help="Flags of the trainer, as a list.")

    @step
    def start(self):
        self.each = list(self.trials)
        self.next(self.trial, foreach="each")

    @step
    def trial(self):
        # Libraries that the trainer imports as it goes: here, so that the seconds are those of a training.
        import skl2onnx  # noqa: F401
        import sklearn.neural_network  # noqa: F401

        from models.contract import flags, trial
        from models.contract.spec import MODELS, read
        from models.sk_mnist import train

        started = time.perf_counter()
        unit = read(MODELS / "sk_mnist")
        job = flags.job(unit, "", self.arguments)
        self.value, _ = trial.score(train.main, job, vars(job.params) | self.input, by=unit.searched_by.name)
        self.seconds = time.perf_counter() - started
        self.next(self.best)

    @step
    def best(self, inputs):
        in_order = sorted(inputs, key=lambda one: one.index)
        self.found = [{"value": one.value, "seconds": one.seconds} for one in in_order]
        self.next(self.end)

    @step
    def end(self):
        print("found " + json.dumps(self.found))


if __name__ == "__main__":
    SweepFlow()
