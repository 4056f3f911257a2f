"""What a pod is called and carries in, what a fieldRef of its containers may read out.

This machine is the node `localhost`, and the pod's address is that of the machine unless it has its own.
"""

import re
from collections.abc import Mapping

# A label or an annotation that the pod does not have is empty; any other path is refused.
FIELDS = re.compile(
    r"metadata\.(labels|annotations)\['[^']+'\]|metadata\.(name|namespace|uid)"
    r"|spec\.(nodeName|serviceAccountName)|status\.(podIP|hostIP)"
)


def of_pod(
    name: str,
    namespace: str,
    uid: str,
    *,
    labels: Mapping[str, object],
    annotations: Mapping[str, object],
    service_account: str = "default",
    address: str = "127.0.0.1",
) -> dict[str, str]:
    """Every field by its path: `metadata.name`, `metadata.labels['x']`, ..."""
    fields = {
        "metadata.name": name,
        "metadata.namespace": namespace,
        "metadata.uid": uid,
        "spec.nodeName": "localhost",
        "spec.serviceAccountName": service_account,
        "status.podIP": address,
        "status.hostIP": "127.0.0.1",
    }
    for kind, values in (("labels", labels), ("annotations", annotations)):
        fields |= {f"metadata.{kind}['{key}']": str(value) for key, value in values.items()}
    return fields
