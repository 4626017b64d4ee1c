# The messenger plugin against the fake host and a small HTTP server in the same process.
if PLUGIN_MESSENGER
messenger_tests = \
	%D%/test-messenger-events \
	%D%/test-messenger-fuzz \
	%D%/test-messenger-life \
	%D%/test-messenger-media \
	%D%/test-messenger-parts \
	%D%/test-messenger-profile \
	%D%/test-messenger-send \
	%D%/test-messenger-webhook
check_PROGRAMS += $(messenger_tests)
TESTS += $(messenger_tests)

check_LTLIBRARIES += %D%/libmessenger-kit.la
%C%_libmessenger_kit_la_SOURCES = \
	%D%/messenger-kit.c %D%/messenger-kit.h \
	%D%/messenger-server.c %D%/messenger-server.h
%C%_libmessenger_kit_la_LIBADD = libuc-test-host.la $(GLIB_LIBS)

%C%_test_messenger_events_SOURCES = %D%/test-messenger-events.c
%C%_test_messenger_events_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
%C%_test_messenger_fuzz_SOURCES = %D%/test-messenger-fuzz.c
%C%_test_messenger_fuzz_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
%C%_test_messenger_life_SOURCES = %D%/test-messenger-life.c
%C%_test_messenger_life_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
%C%_test_messenger_media_SOURCES = %D%/test-messenger-media.c
%C%_test_messenger_media_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
%C%_test_messenger_parts_SOURCES = %D%/test-messenger-parts.c
%C%_test_messenger_parts_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/channel/messenger
%C%_test_messenger_parts_LDADD = plugins/channel/messenger/libmessenger-parts.la $(GLIB_LIBS)
%C%_test_messenger_profile_SOURCES = %D%/test-messenger-profile.c
%C%_test_messenger_profile_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
%C%_test_messenger_send_SOURCES = %D%/test-messenger-send.c
%C%_test_messenger_send_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
%C%_test_messenger_webhook_SOURCES = %D%/test-messenger-webhook.c
%C%_test_messenger_webhook_LDADD = %D%/libmessenger-kit.la $(GLIB_LIBS)
endif

# The real daemon against the stand-in for the Graph API.
EXTRA_DIST += %D%/test-messenger-live.mjs
if PLUGIN_MESSENGER
if PLUGIN_LOCAL
if PLUGIN_WEB
if HAVE_NODE
TESTS += %D%/test-messenger-live.mjs
endif
endif
endif
endif
