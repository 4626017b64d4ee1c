# Measurements: `make bench` runs them all and prints the table of docs/performance.md.
bench_programs = %D%/bare %D%/grow %D%/hook %D%/load %D%/route %D%/watch %D%/widgets
check_PROGRAMS += $(bench_programs)

%C%_bare_SOURCES = %D%/bare.c
%C%_bare_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_bare_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS) $(SQLITE_CFLAGS)
%C%_bare_LDADD = $(GLIB_LIBS) $(SOUP_LIBS) $(SQLITE_LIBS)
%C%_grow_SOURCES = %D%/grow.c
%C%_grow_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_grow_LDADD = libuc-store.la libuc-engine.la libuc-base.la $(SQLITE_LIBS)
%C%_hook_SOURCES = %D%/hook.c
%C%_hook_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_hook_LDADD = $(GLIB_LIBS)
%C%_load_SOURCES = %D%/load.c %D%/load.h %D%/load-conn.c %D%/load-count.c %D%/load-talk.c
%C%_load_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_load_LDADD = $(GLIB_LIBS)
%C%_route_SOURCES = %D%/route.c
%C%_route_LDADD = libuc-engine.la libuc-base.la
%C%_watch_SOURCES = %D%/watch.c
%C%_watch_LDADD = libuc-engine.la libuc-base.la
%C%_widgets_SOURCES = %D%/widgets.c
%C%_widgets_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_widgets_LDADD = $(GLIB_LIBS)

EXTRA_DIST += \
	%D%/run \
	%D%/lib/centre.mjs \
	%D%/lib/grown.mjs \
	%D%/lib/load.mjs \
	%D%/lib/main.mjs \
	%D%/lib/process.mjs \
	%D%/lib/relay.mjs \
	%D%/lib/rows.mjs \
	%D%/lib/server.mjs \
	%D%/lib/table.mjs \
	%D%/lib/widgets.mjs \
	%D%/measures/handshake.mjs \
	%D%/measures/idle.mjs \
	%D%/measures/isolation.mjs \
	%D%/measures/latency.mjs \
	%D%/measures/memory.mjs \
	%D%/measures/offer.mjs \
	%D%/measures/relay.mjs \
	%D%/measures/rest.mjs \
	%D%/measures/route.mjs \
	%D%/measures/search.mjs \
	%D%/measures/start.mjs \
	%D%/measures/watch.mjs \
	%D%/measures/webhook.mjs \
	%D%/test-bench.sh \
	%D%/test-load.mjs
if HAVE_NODE
TESTS += %D%/test-load.mjs
if PLUGIN_LOCAL
if PLUGIN_MESSENGER
if PLUGIN_WEB
if PLUGIN_WEBCHAT
TESTS += %D%/test-bench.sh
endif
endif
endif
endif
endif

bench-programs: $(bench_programs)
# On an idle machine: it takes some minutes and both cores.
bench: all bench-programs
	USHER_SRCDIR='$(abs_top_srcdir)' USHER_BUILDDIR='$(abs_top_builddir)' NODE='$(NODE)' $(top_srcdir)/%D%/run $(BENCH_FLAGS)
.PHONY: bench bench-programs
