"""A stand-in for Pulumi's AWS provider (`pulumi-resource-aws`), for an endpoint of one's own such as the lab's.

It knows the resource types that have a row in its tables, refuses all others, and never talks to AWS itself.
"""
