"""A stand-in for Pulumi's Kubernetes provider (`pulumi-resource-kubernetes`), by server-side apply on a real cluster.

It knows no kinds: whatever the API server serves can be made, custom resources too. What Pulumi's provider adds to that
(Helm releases, YAML files, Patch resources, functions) is refused.
"""
