"""What Kubernetes says of its objects: names, pods, environments, volumes and patches, for both halves.

Takes manifests and the project's own objects, gives values that the workflow engine and serving both use.
"""
