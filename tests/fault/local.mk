# The daemon and the store while disk, memory and power fail, and while they are killed.

# Preloaded into a program: makes chosen calls fail, or ends it there. Not instrumented itself.
check_LTLIBRARIES += %D%/preload.la
%C%_preload_la_SOURCES = %D%/preload.c
%C%_preload_la_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
%C%_preload_la_LDFLAGS = -module -avoid-version -rpath /nowhere
%C%_preload_la_LIBADD = -ldl

EXTRA_DIST += \
	%D%/kill-checker.mjs \
	%D%/kill-commits.mjs \
	%D%/kill-load.mjs \
	%D%/lib/checker.mjs \
	%D%/lib/customers.mjs \
	%D%/lib/desk.mjs \
	%D%/lib/fold.mjs \
	%D%/lib/phoenix.mjs \
	%D%/lib/world.mjs
if HAVE_NODE
TESTS += %D%/kill-checker.mjs
if PLUGIN_LOCAL
if PLUGIN_WEB
if PLUGIN_WEBCHAT
if PLUGIN_MESSENGER
TESTS += %D%/kill-commits.mjs %D%/kill-load.mjs
endif
endif
endif
endif
endif
