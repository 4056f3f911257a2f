"""The nodes of a run: a `node`, the `tree` of them, the `factory` that makes them, Argo's `naming`."""
