"""The nodes of a run: one `node`, the `tree` of them all, and Argo's `naming` of them."""
