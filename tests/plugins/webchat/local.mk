# The webchat plugin against the fake host, and the widget's own tests.
if PLUGIN_WEBCHAT
webchat_tests = \
	%D%/test-webchat-fuzz \
	%D%/test-webchat-parts \
	%D%/test-webchat-poll \
	%D%/test-webchat-session \
	%D%/test-webchat-socket
check_PROGRAMS += $(webchat_tests)
TESTS += $(webchat_tests)

check_LTLIBRARIES += %D%/libwebchat-kit.la
%C%_libwebchat_kit_la_SOURCES = %D%/webchat-kit.c %D%/webchat-kit.h
%C%_libwebchat_kit_la_LIBADD = libuc-test-host.la

%C%_test_webchat_fuzz_SOURCES = %D%/test-webchat-fuzz.c
%C%_test_webchat_fuzz_LDADD = %D%/libwebchat-kit.la $(GLIB_LIBS)
%C%_test_webchat_parts_SOURCES = %D%/test-webchat-parts.c
%C%_test_webchat_parts_LDADD = plugins/channel/webchat/libwebchat-parts.la $(GLIB_LIBS)
%C%_test_webchat_poll_SOURCES = %D%/test-webchat-poll.c
%C%_test_webchat_poll_LDADD = %D%/libwebchat-kit.la $(GLIB_LIBS)
%C%_test_webchat_session_SOURCES = %D%/test-webchat-session.c
%C%_test_webchat_session_LDADD = %D%/libwebchat-kit.la $(GLIB_LIBS)
%C%_test_webchat_socket_SOURCES = %D%/test-webchat-socket.c
%C%_test_webchat_socket_LDADD = %D%/libwebchat-kit.la $(GLIB_LIBS)
endif
