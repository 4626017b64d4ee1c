# The engine in virtual time: invariants, a router that scans everything, queueing theory.
