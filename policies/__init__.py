"""The policy pack: rules that Pulumi's engine asks before it creates anything."""
