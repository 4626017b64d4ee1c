# The daemon and the store while disk, memory and power fail, and while they are killed.

# Preloaded into a program: makes chosen calls fail, or ends it there. Not instrumented itself.
check_LTLIBRARIES += %D%/preload.la
%C%_preload_la_SOURCES = %D%/preload.c
%C%_preload_la_CFLAGS = -std=gnu11 $(WARN_CFLAGS)
%C%_preload_la_LDFLAGS = -module -avoid-version -rpath /nowhere
%C%_preload_la_LIBADD = -ldl

# The same with memory that fails, where no sanitizer keeps it.
if !SANITIZED
check_LTLIBRARIES += %D%/preload-memory.la
%C%_preload_memory_la_SOURCES = %D%/preload.c
%C%_preload_memory_la_CPPFLAGS = $(AM_CPPFLAGS) -DFAULT_MEMORY
%C%_preload_memory_la_CFLAGS = -std=gnu11 $(WARN_CFLAGS) -fno-builtin
%C%_preload_memory_la_LDFLAGS = -module -avoid-version -rpath /nowhere
%C%_preload_memory_la_LIBADD = -ldl
endif

EXTRA_DIST += \
	%D%/kill-checker.mjs \
	%D%/kill-commits.mjs \
	%D%/kill-load.mjs \
	%D%/lib/checker.mjs \
	%D%/lib/customers.mjs \
	%D%/lib/desk.mjs \
	%D%/lib/fold.mjs \
	%D%/lib/phoenix.mjs \
	%D%/lib/world.mjs \
	%D%/plugin-host.mjs
if HAVE_NODE
TESTS += %D%/kill-checker.mjs
if PLUGIN_LOCAL
if PLUGIN_WEB
if PLUGIN_WEBCHAT
if PLUGIN_MESSENGER
TESTS += %D%/kill-commits.mjs %D%/kill-load.mjs %D%/plugin-host.mjs
endif
endif
endif
endif
endif
check_LTLIBRARIES += %D%/libdisk.la
%C%_libdisk_la_SOURCES = \
	%D%/disk.c %D%/disk.h \
	%D%/loss.c %D%/loss.h \
	%D%/story.c %D%/story.h \
	%D%/teller.c %D%/teller.h
%C%_libdisk_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_libdisk_la_LIBADD = libsimulation.la libuc-store.la $(SQLITE_LIBS)

check_PROGRAMS += %D%/loop-store
%C%_loop_store_SOURCES = %D%/loop-store.c
%C%_loop_store_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_loop_store_LDADD = %D%/libdisk.la $(SQLITE_LIBS)
TESTS += %D%/loop-store

check_PROGRAMS += %D%/power-store
%C%_power_store_SOURCES = %D%/power-store.c
%C%_power_store_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_power_store_LDADD = %D%/libdisk.la $(SQLITE_LIBS)
TESTS += %D%/power-store

EXTRA_DIST += %D%/disk-full.mjs %D%/loop-core.mjs %D%/loop-memory.mjs %D%/lib/mount.mjs %D%/lib/supervised.mjs
if HAVE_NODE
if PLUGIN_WEB
if PLUGIN_WEBCHAT
TESTS += %D%/loop-core.mjs
if !SANITIZED
TESTS += %D%/loop-memory.mjs
endif
if PLUGIN_MESSENGER
TESTS += %D%/disk-full.mjs
endif
endif
endif
endif
