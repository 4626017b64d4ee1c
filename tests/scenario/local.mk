# The real daemon under kill -9; Node.js plays customers and agents.
EXTRA_DIST += tests/lib/daemon.mjs tests/lib/tap.mjs %D%/kill.mjs
if HAVE_NODE
TESTS += %D%/kill.mjs
endif
