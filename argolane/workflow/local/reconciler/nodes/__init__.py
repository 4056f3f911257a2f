"""The nodes of a run: one `node`, the `tree` of them all, the `factory` they come from, Argo's `naming` of them."""
