# The engine in virtual time: invariants, a router that scans everything, queueing theory.
check_LTLIBRARIES += libsimulation.la
libsimulation_la_SOURCES = \
	%D%/dice.c \
	%D%/invariants.c %D%/invariants.h \
	%D%/oracle.c %D%/oracle.h %D%/oracle-private.h \
	%D%/oracle-hands.c \
	%D%/oracle-rules.c \
	%D%/run.c %D%/run.h \
	%D%/script.c %D%/script.h \
	%D%/shrink.c %D%/shrink.h \
	%D%/theory.c %D%/theory.h
libsimulation_la_LIBADD = libengine-world.la -lm

simulation_tests = \
	%D%/test-queueing \
	%D%/test-router \
	%D%/test-shrink
check_PROGRAMS += $(simulation_tests)
TESTS += $(simulation_tests)

simulation_test_libs = libsimulation.la libengine-world.la libuc-engine.la libuc-base.la
%C%_test_queueing_SOURCES = %D%/test-queueing.c
%C%_test_queueing_LDADD = $(simulation_test_libs) -lm
%C%_test_router_SOURCES = %D%/test-router.c
%C%_test_router_LDADD = $(simulation_test_libs)
%C%_test_shrink_SOURCES = %D%/test-shrink.c
%C%_test_shrink_LDADD = $(simulation_test_libs)
