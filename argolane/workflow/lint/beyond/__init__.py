"""What Argo takes without a word and then does wrong, or never finishes: each module asks one question.

Every `check(base, library)` here takes a document and yields Findings; `ALL` is the list of them.
"""

from argolane.workflow.lint.beyond import (
    arguments,
    deployments,
    expressions,
    loose_ends,
    objects,
    paths,
    pods,
    reading,
    sizes,
    splicing,
    volumes,
    whens,
)

ALL = (
    whens.check,
    expressions.check,
    reading.check,
    arguments.check,
    volumes.check,
    pods.check,
    objects.check,
    paths.check,
    sizes.check,
    deployments.check,
    splicing.check,
    loose_ends.check,
)
