"""The gate, first slice: it counts what Postfix did and exports it. It runs as uid 101 and needs no capability."""
