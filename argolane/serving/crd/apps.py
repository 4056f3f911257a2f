"""Nothing in, the fields of Deployments and Services out, beside those of the custom resource.

Of apps/v1 and v1, as Kubernetes 1.34 has them; pods and containers are those of the custom resource's table,
with what is newer than its schema.
"""

from argolane.serving.crd.table import METADATA, Table

_POD, _CONTAINER = "Spec2", "Container"


def extended(table: Table) -> Table:
    """The table with the kinds `Deployment` and `Service`, and what they are made of."""
    pod = {
        **table[_POD],
        "containers": "[]PodContainer!",
        "initContainers": "[]PodContainer",
        "hostUsers": "boolean",
        "resourceClaims": "any",
        "resources": "any",
        "schedulingGates": "any",
    }
    container = {**table[_CONTAINER], "resizePolicy": "any", "restartPolicy": "string"}
    return {
        **table,
        "Deployment": _object("DeploymentSpec"),
        "DeploymentSpec": {
            "minReadySeconds": "int32",
            "paused": "boolean",
            "progressDeadlineSeconds": "int32",
            "replicas": "int32",
            "revisionHistoryLimit": "int32",
            "selector": "LabelSelector!",
            "strategy": "DeploymentStrategy",
            "template": "PodTemplate!",
        },
        "DeploymentStrategy": {"rollingUpdate": "RollingUpdate", "type": "string"},
        "RollingUpdate": {"maxSurge": "intOrString", "maxUnavailable": "intOrString"},
        "LabelSelector": {"matchExpressions": "[]MatchExpression", "matchLabels": "{}string"},
        "PodTemplate": {"metadata": METADATA, "spec": "PodSpec!"},
        "PodSpec": pod,
        "PodContainer": container,
        "Service": _object("ServiceSpec"),
        "ServiceSpec": {
            "allocateLoadBalancerNodePorts": "boolean",
            "clusterIP": "string",
            "clusterIPs": "[]string",
            "externalIPs": "[]string",
            "externalName": "string",
            "externalTrafficPolicy": "string",
            "healthCheckNodePort": "int32",
            "internalTrafficPolicy": "string",
            "ipFamilies": "[]string",
            "ipFamilyPolicy": "string",
            "loadBalancerClass": "string",
            "loadBalancerIP": "string",
            "loadBalancerSourceRanges": "[]string",
            "ports": "[]ServicePort",
            "publishNotReadyAddresses": "boolean",
            "selector": "{}string",
            "sessionAffinity": "string",
            "sessionAffinityConfig": "any",
            "trafficDistribution": "string",
            "type": "string",
        },
        "ServicePort": {
            "appProtocol": "string",
            "name": "string",
            "nodePort": "int32",
            "port": "int32!",
            "protocol": "string",
            "targetPort": "intOrString",
        },
    }


def _object(spec: str) -> dict[str, str]:
    return {
        "apiVersion": "string!",
        "kind": "string!",
        "metadata": f"{METADATA}!",
        "spec": f"{spec}!",
        "status": "any",
    }
