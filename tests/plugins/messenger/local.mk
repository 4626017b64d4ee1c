# The messenger plugin against the fake host and a small HTTP server in the same process.
