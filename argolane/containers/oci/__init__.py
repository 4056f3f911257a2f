"""An image reference in, a root folder and what the image says of its processes out: OCI images.

`pull` asks registries, `archives` reads what `docker save` wrote, `store` keeps both by digest, `layers`
unpacks them: none of that believes an image. `containers.images` says when; inside/image_root.py makes it a
container's.
"""
