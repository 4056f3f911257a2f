"""Argo's four small languages: `{{tags}}`, `{{=expr}}`, `when` and `depends`.

Parameters and texts of a manifest in, values out; the engine and lint both stand on this package.
`substitution` replaces tags, `expr` evaluates `{{=...}}`, `when` decides a step, `depends` orders a DAG,
`items` names the members of a loop, `gotext` writes values as Go does.
"""

from argolane.languages.tags import EVERYTHING, SubstitutionError, substitute

__all__ = ["EVERYTHING", "SubstitutionError", "substitute"]
