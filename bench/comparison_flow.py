"""The graph of bench.comparison as a Metaflow flow; runs in the environment of metaflow.lock.

`python comparison_flow.py run`: start, one task for each number, join, end.
"""

from metaflow import FlowSpec, step

NUMBERS = 17


class ComparisonFlow(FlowSpec):
    """Twenty tasks: the sum of the squares below NUMBERS."""

    @step
    def start(self):
        self.numbers = list(range(NUMBERS))
        self.next(self.square, foreach="numbers")

    @step
    def square(self):
        self.result = self.input**2
        self.next(self.join)

    @step
    def join(self, inputs):
        self.total = sum(each.result for each in inputs)
        self.next(self.end)

    @step
    def end(self):
        print(f"total {self.total}")


if __name__ == "__main__":
    ComparisonFlow()
