# The terminal plugin against the fake host, and usher-desk in a real terminal (tmux) against the real daemon.
EXTRA_DIST += %D%/lib/tmux.mjs
dist_noinst_SCRIPTS += %D%/test-shift.mjs
if PLUGIN_TERMINAL
terminal_tests = \
	%D%/test-desk-model \
	%D%/test-desk-parts \
	%D%/test-terminal
check_PROGRAMS += $(terminal_tests)
TESTS += $(terminal_tests)
%C%_test_desk_model_SOURCES = %D%/test-desk-model.c
%C%_test_desk_model_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/frontend/terminal
%C%_test_desk_model_CFLAGS = $(AM_CFLAGS) $(PLUGIN_TERMINAL_CFLAGS)
%C%_test_desk_model_LDADD = plugins/frontend/terminal/libdesk.la $(GLIB_LIBS)
%C%_test_desk_parts_SOURCES = %D%/test-desk-parts.c
%C%_test_desk_parts_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/frontend/terminal
%C%_test_desk_parts_CFLAGS = $(AM_CFLAGS) $(PLUGIN_TERMINAL_CFLAGS)
%C%_test_desk_parts_LDADD = plugins/frontend/terminal/libdesk.la $(GLIB_LIBS)
%C%_test_terminal_SOURCES = %D%/test-terminal.c
%C%_test_terminal_LDADD = libuc-test-host.la $(GLIB_LIBS)
if HAVE_NODE
if HAVE_TMUX
if PLUGIN_WEBCHAT
if PLUGIN_LOCAL
TESTS += %D%/test-shift.mjs
endif
endif
endif
endif
endif
