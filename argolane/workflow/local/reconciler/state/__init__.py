"""What the reconciler knows of a run: `run_state` holds the rest together.

`variables` are the workflow's values, `settled` what is decided for good, `cache` what can be made again,
`this_pass` what one pass finds out.
"""
