"""Texts of a manifest in, values out: the small languages of Argo, kubectl and Go.

Nothing here knows a run. `tags` replaces `{{tags}}` and `expr` evaluates `{{=...}}`; `when` decides a step,
`depends` orders a DAG, `items` names the members of a loop. `jq` and `jsonpath` read outputs out of objects.
`gotext` writes values as Go does, `values` reads YAML as Argo does, `regex` is Go's. Each is imported alone:
a server that needs `values` does not wait for the engine of expressions.
"""
