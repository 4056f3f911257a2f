"""A user in, this process that user with no more rights than a pod's container has: before it becomes main.

The rest of the machine's root is given up for good: the bounding set of capabilities holds for whatever main
starts, and nothing that main executes gives it more than it has (no_new_privs), set-id files included.
"""

import os
from collections.abc import Sequence

from argolane.containers.inside import linux

# chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service sys_chroot audit_write setfcap:
# Docker's own list but for mknod, as no device is any of an image's business, and net_raw, as the network is
# the machine's.
_KEPT = frozenset((0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 29, 31))
_ALL = 64


def take(uid: int, gid: int, groups: Sequence[int], *, user: bool) -> None:
    """For the child that becomes main. `user`: in a user namespace, whose one user this is already."""
    for capability in range(_ALL):
        if capability not in _KEPT and not linux.drop_capability(capability):
            break
    if not user:
        os.setgroups(list(groups))
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    linux.no_new_privileges()
    os.umask(0o022)
