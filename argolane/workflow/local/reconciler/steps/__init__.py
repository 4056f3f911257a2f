"""A Steps template: `template` is the whole of it, `group` the steps that run together."""
