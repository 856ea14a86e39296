"""A ConfigMap that names no namespace, so that the kubeconfig's own decides."""

from pulumi_kubernetes.core.v1 import ConfigMap

from tests.programs.parts import in_cluster

ConfigMap("anywhere", metadata={"name": "anywhere"}, data={"key": "value"}, opts=in_cluster())
