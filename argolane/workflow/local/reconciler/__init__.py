"""A run's nodes in, decisions out: what to start, what is over, what waits. It starts nothing itself.

A pass goes down from the entrypoint: `reconcile` has `calling` look at the entry template. Its node is over,
waiting, or due. Then `retry/` makes attempts of it, or `kinds` carries on with what it is: `steps/`, `dag/`,
`pod_order`, `suspension`. Steps and tasks are calls again. What they read of each other is `flow/`, which
template they mean `template/`; what is known of the run between passes is `state/`, its nodes `nodes/`.
"""
