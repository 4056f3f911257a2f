"""Image references in, what they mean here out: prepared once a run, given up when the pod has to end.

Making an environment takes minutes the first time. It goes on in a thread of its own, so that Ctrl-C need not
wait for it; it ends with the process.
"""

import threading
from collections.abc import Callable

from argolane.containers import images
from argolane.containers.images import Image
from argolane.project import Project
from argolane.workflow.local.pod.stopping import Stop

_LOOK = 0.1


class ImageCache:
    """The images of one run."""

    def __init__(self, project: Project, say: Callable[[str], None]) -> None:
        self._project, self._say = project, say
        self._lock = threading.Lock()
        self._preparing: dict[str, _Preparation] = {}

    def get(self, reference: str, stop: Stop) -> Image | None:
        """The image, or None when `stop` came first; ArgolaneError when it cannot be had."""
        with self._lock:
            found = self._preparing.get(reference)
            if found is None or found.failed:
                found = self._preparing[reference] = _Preparation(self._project, reference, self._say)
        while not found.done.wait(_LOOK):
            if stop.reason:
                return None
        if found.error is not None:
            raise found.error
        return found.image


class _Preparation:
    def __init__(self, project: Project, reference: str, say: Callable[[str], None]) -> None:
        self.image: Image | None = None
        self.error: Exception | None = None
        self.done = threading.Event()
        threading.Thread(
            target=self._run, args=(project, reference, say), name=f"image {reference}", daemon=True
        ).start()

    @property
    def failed(self) -> bool:
        return self.error is not None

    def _run(self, project: Project, reference: str, say: Callable[[str], None]) -> None:
        try:
            self.image = images.prepare(project, reference, say=say)
        except Exception as error:
            self.error = error
        finally:
            self.done.set()
