"""`warmlane render`: what a stack would make and what the policy pack says of it, without engine, cluster or cloud."""
