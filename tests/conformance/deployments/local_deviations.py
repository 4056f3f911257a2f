"""Where the local runner does otherwise than a cluster, on purpose or not yet, and why. All of it is here."""

# What the local runner says for a word of the kubelet's: an image is one of argolane.toml or it is not.
WORDS = {"InvalidImageName": "ImagePullBackOff"}

# Everywhere.
ALWAYS = {
    "refusals": "Each field that the API server names is named; what is wrong is said in words of our own.",
    "messages of a container that waits": "As well: where, what there is, what to do.",
    "back-off": "From 0.5 s to 30 s, not from 10 s to 5 min: nobody waits for a laptop that long.",
    "last": "How the life before last ended is not told; restarts are.",
    "PodScheduled": "There is no scheduler.",
}

# Not played: the local runner refuses it before anything starts, with this field.
REFUSED = {"paused": "spec.paused"}

# Not played: what the steps wait for is never shown.
NOT_SHOWN = {
    "startup-probe-failing": "After a failure its reason stays to be read until the container is ready.",
}

# Case -> the place of each difference, from its start, and the reason.
DEVIATIONS: dict[str, dict[str, str]] = {
    "claim-missing": {"[1].pods[0]": "With no scheduler it is the container that waits for its claim."},
    "command-not-found": {
        "[1].pods[0].containers.main.state.ended": "The shell's 127, not containerd's 128."
    },
    "init-waiting": {
        "[1].pods[0].column": "PodInitializing, with which one runs as its message.",
    },
    "refused-claim": {"[0]: spec.resources[storage]": "Named more closely: spec.resources.requests.storage."},
    "refused-env": {"[0]: spec.template.spec.containers[0].env[0].valueFrom": "Both are named, by value."},
    "refused-probe": {"[0]: spec.template.spec.containers[0].readinessProbe.tcpSocket": "Both are named."},
    "refused-selector-missing": {"[0]: spec.template.metadata.labels": "Follows from the first fault."},
    "refused-service": {"[5]: refused": "The form of a name in targetPort is not looked at yet."},
    "refused-volume": {
        "[0]: spec.template.spec.containers[0].volumeMounts[0].name": "The volume is named.",
        "[1]: spec.template.spec.volumes[1].name": "The volume is named.",
    },
    "service-port-wrong": {"[2].answers": "The Service has accepted by the time that the pod refuses."},
}
