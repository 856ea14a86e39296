"""An AWS endpoint for the lab: moto, with the refusals, quotas and addresses that moto lacks."""
