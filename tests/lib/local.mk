# The host side of the plugin ABI for tests that run a real plugin; test programs add libuc-test-host.la to their LDADD.
check_LTLIBRARIES += libuc-test-host.la
libuc_test_host_la_SOURCES = \
	%D%/fake-channel.c \
	%D%/fake-host.c %D%/fake-host.h \
	%D%/fake-internal.h \
	%D%/fake-json.c \
	%D%/fake-reply.c \
	%D%/fake-settings.c \
	%D%/fake-timer.c \
	%D%/fake-web.c
libuc_test_host_la_LIBADD = libuc-base.la $(GLIB_LIBS) -ldl

# A WebSocket and HTTP client that shares the main context with what it tests.
check_LTLIBRARIES += libuc-test-ws.la
libuc_test_ws_la_SOURCES = %D%/ws-client.c %D%/ws-client.h
libuc_test_ws_la_LIBADD = $(GLIB_LIBS)

# The stand-in for Facebook's Graph API, and its own test.
EXTRA_DIST += \
	%D%/graph.mjs \
	%D%/graph/api.mjs \
	%D%/graph/cli.mjs \
	%D%/graph/error.mjs \
	%D%/graph/events.mjs \
	%D%/graph/hook.mjs \
	%D%/graph/media.mjs \
	%D%/graph/multipart.mjs \
	%D%/graph/person.mjs \
	%D%/graph/plan.mjs \
	%D%/graph/shape.mjs \
	%D%/graph/sign.mjs \
	%D%/test-graph.mjs
if HAVE_NODE
TESTS += %D%/test-graph.mjs
endif

EXTRA_DIST += %D%/proof.h %D%/proof.mjs

# Keeps a listening socket over restarts, as a service manager does.
check_PROGRAMS += %D%/hold
%C%_hold_SOURCES = %D%/hold.c
EXTRA_DIST += %D%/held.mjs

# ThreadSanitizer does not know GLib's locks by itself. The loader reads LD_PRELOAD, so it is set for programs only.
EXTRA_DIST += %D%/tsan-glib.c %D%/tsan.supp %D%/valgrind.supp
TSAN_ENVIRONMENT =
if TSAN
check_LTLIBRARIES += tsan-glib.la
tsan_glib_la_SOURCES = %D%/tsan-glib.c
# Not instrumented itself: it runs before the sanitizer, and in processes that have none.
tsan_glib_la_CFLAGS = -std=gnu11 $(WARN_CFLAGS) $(GLIB_CFLAGS)
tsan_glib_la_LDFLAGS = -module -avoid-version -rpath /nowhere
tsan_glib_la_LIBADD = $(GLIB_LIBS) -ldl
TSAN_ENVIRONMENT += TSAN_OPTIONS=suppressions=$(abs_top_srcdir)/tests/lib/tsan.supp:halt_on_error=1:exitcode=66:report_mutex_bugs=0 \
	LD_PRELOAD=$(abs_top_builddir)/.libs/tsan-glib.so; export TSAN_OPTIONS LD_PRELOAD;
endif
