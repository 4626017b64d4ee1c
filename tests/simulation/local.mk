# The engine in virtual time: invariants, a router that scans everything, queueing theory.
check_LTLIBRARIES += libsimulation.la
libsimulation_la_SOURCES = \
	%D%/dice.c \
	%D%/script.c %D%/script.h
libsimulation_la_LIBADD = libengine-world.la
