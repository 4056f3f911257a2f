"""A plain pod spec and the project's objects in, what Kubernetes makes of them out.

For workflows and for serving, and knowing neither. `names`, `quantities` and `podspec` say what the API
server would refuse. `objects` keeps ConfigMaps, Secrets and the like, `patching` changes them, `selectors`
asks about them. `containerspec` is what a kubelet does before it starts a container, with `environment`,
`fields`, `expansion` and `volumes`.
"""
