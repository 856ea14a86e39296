"""What NetworkPolicies allow, exactly: for one flow, and for all flows at once.

`spec` reads a policy, `verdict` judges one flow, `excess` compares everything that policies allow with a list. All of
it is pure and knows neither Pulumi nor a cluster.
"""
