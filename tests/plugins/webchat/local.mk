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

# The widget: its logic in Node, its files, its types. The bundle is carried by the tarball like the widget itself.
webchat_widget_tests = %D%/test-widget-files.mjs %D%/test-widget-types.mjs %D%/test-widget-units.mjs
dist_noinst_SCRIPTS += $(webchat_widget_tests)
EXTRA_DIST += %D%/widget/units.test.ts %D%/widget/tsconfig.json %D%/widget-units.bundle.mjs
if PLUGIN_WEBCHAT
if HAVE_NODE
TESTS += %D%/test-widget-files.mjs %D%/test-widget-units.mjs
check_DATA += %D%/widget-units.bundle.mjs
# The types need the compiler from node_modules, as the browser tests need that folder.
if BROWSER_TESTS
TESTS += %D%/test-widget-types.mjs
endif
endif
endif
MAINTAINERCLEANFILES += %D%/widget-units.bundle.mjs

%D%/widget-units.bundle.mjs: %D%/widget/units.test.ts ui/webchat/stamp
	$(AM_V_GEN)if test "$(NODE)" != no && $(NODE) $(srcdir)/plugins/channel/webchat/build.mjs --able; then \
	  $(NODE) $(srcdir)/plugins/channel/webchat/build.mjs --units $(srcdir)/%D%/widget/units.test.ts $@; \
	elif test -f $(srcdir)/$@; then \
	  $(MKDIR_P) $(@D) && { test $@ -ef $(srcdir)/$@ || cp $(srcdir)/$@ $@; } && touch $@; \
	else \
	  echo "$@: building it needs Node.js (Debian packages nodejs and npm) and 'npm ci'" >&2; exit 1; \
	fi
