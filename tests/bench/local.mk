# Measurements: `make bench` runs them all and prints the table of docs/performance.md.
bench_programs = %D%/bare %D%/load %D%/watch
check_PROGRAMS += $(bench_programs)

%C%_bare_SOURCES = %D%/bare.c
%C%_bare_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_bare_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS) $(SQLITE_CFLAGS)
%C%_bare_LDADD = $(GLIB_LIBS) $(SOUP_LIBS) $(SQLITE_LIBS)
%C%_load_SOURCES = %D%/load.c %D%/load.h %D%/load-conn.c %D%/load-count.c %D%/load-talk.c
%C%_load_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_load_LDADD = $(GLIB_LIBS)
%C%_watch_SOURCES = %D%/watch.c
%C%_watch_LDADD = libuc-engine.la libuc-base.la

EXTRA_DIST += \
	%D%/run \
	%D%/lib/centre.mjs \
	%D%/lib/load.mjs \
	%D%/lib/main.mjs \
	%D%/lib/process.mjs \
	%D%/lib/relay.mjs \
	%D%/lib/rows.mjs \
	%D%/lib/table.mjs \
	%D%/measures/idle.mjs \
	%D%/measures/latency.mjs \
	%D%/measures/offer.mjs \
	%D%/measures/relay.mjs \
	%D%/measures/rest.mjs \
	%D%/test-bench.sh
if HAVE_NODE
if PLUGIN_LOCAL
if PLUGIN_WEB
if PLUGIN_WEBCHAT
TESTS += %D%/test-bench.sh
endif
endif
endif
endif

bench-programs: $(bench_programs)
# On an idle machine: it takes some minutes and both cores.
bench: all bench-programs
	USHER_SRCDIR='$(abs_top_srcdir)' USHER_BUILDDIR='$(abs_top_builddir)' NODE='$(NODE)' $(top_srcdir)/%D%/run $(BENCH_FLAGS)
.PHONY: bench bench-programs
