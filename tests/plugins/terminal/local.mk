# The terminal plugin against the fake host.
if PLUGIN_TERMINAL
terminal_tests = \
	%D%/test-terminal
check_PROGRAMS += $(terminal_tests)
TESTS += $(terminal_tests)
%C%_test_terminal_SOURCES = %D%/test-terminal.c
%C%_test_terminal_LDADD = libuc-test-host.la $(GLIB_LIBS)
endif
