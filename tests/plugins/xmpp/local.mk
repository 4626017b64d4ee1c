# The xmpp plugin against the fake host and a real Prosody; the customers run a real client library.
EXTRA_DIST += tests/lib/prosody.mjs
dist_noinst_SCRIPTS += %D%/customer.py %D%/test-prosody.mjs %D%/test-xmpp-daemon.mjs
if PLUGIN_XMPP
xmpp_tests = \
	%D%/test-xmpp-parts \
	%D%/test-xmpp-server \
	%D%/test-xmpp-settings \
	%D%/test-xmpp-talk
check_PROGRAMS += $(xmpp_tests)
TESTS += $(xmpp_tests)
if HAVE_NODE
TESTS += %D%/test-prosody.mjs
if PLUGIN_LOCAL
TESTS += %D%/test-xmpp-daemon.mjs
endif
endif

check_LTLIBRARIES += %D%/libxmpp-kit.la
%C%_libxmpp_kit_la_SOURCES = %D%/xmpp-kit.c %D%/xmpp-kit.h
%C%_libxmpp_kit_la_LIBADD = libuc-test-host.la $(GLIB_LIBS)

%C%_test_xmpp_parts_SOURCES = %D%/test-xmpp-parts.c
%C%_test_xmpp_parts_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/channel/xmpp
%C%_test_xmpp_parts_CFLAGS = $(AM_CFLAGS) $(PLUGIN_XMPP_CFLAGS)
%C%_test_xmpp_parts_LDADD = plugins/channel/xmpp/libxmpp-parts.la $(PLUGIN_XMPP_LIBS) $(GLIB_LIBS)
%C%_test_xmpp_server_SOURCES = %D%/test-xmpp-server.c
%C%_test_xmpp_server_LDADD = %D%/libxmpp-kit.la $(GLIB_LIBS)
%C%_test_xmpp_settings_SOURCES = %D%/test-xmpp-settings.c
%C%_test_xmpp_settings_LDADD = libuc-test-host.la $(GLIB_LIBS)
%C%_test_xmpp_talk_SOURCES = %D%/test-xmpp-talk.c
%C%_test_xmpp_talk_LDADD = %D%/libxmpp-kit.la $(GLIB_LIBS)
endif
