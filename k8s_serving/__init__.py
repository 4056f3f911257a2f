"""SeldonDeployments: builders, one file for each shape of graph, and the manifests they render."""
