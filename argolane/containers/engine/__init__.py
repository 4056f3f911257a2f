"""Real images run by the Docker or the Podman of this machine, asked through their command lines.

For a machine that allows no namespaces, and for who wants that engine: what a container has is the same as
with our own unpacked images (oci/), but for what docs/images.md says of the network. `containers.images` says
when.
"""
