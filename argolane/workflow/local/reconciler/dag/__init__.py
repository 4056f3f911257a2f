"""A DAG template: `template` is the whole of it, `task` one task in one pass, `members` that task's nodes."""
