check_LTLIBRARIES += %D%/libkit.la
%C%_libkit_la_SOURCES = %D%/kit.c %D%/kit.h
%C%_libkit_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_libkit_la_LIBADD = libuc-store.la

check_PROGRAMS += %D%/test-store
%C%_test_store_SOURCES = %D%/test-store.c
%C%_test_store_LDADD = %D%/libkit.la
TESTS += %D%/test-store

check_PROGRAMS += %D%/test-open
%C%_test_open_SOURCES = %D%/test-open.c
%C%_test_open_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_open_LDADD = %D%/libkit.la
TESTS += %D%/test-open

check_PROGRAMS += %D%/test-check
%C%_test_check_SOURCES = %D%/test-check.c
%C%_test_check_LDADD = %D%/libkit.la
TESTS += %D%/test-check

check_PROGRAMS += %D%/test-faults
%C%_test_faults_SOURCES = %D%/test-faults.c %D%/faults.c %D%/faults.h
%C%_test_faults_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_faults_LDADD = %D%/libkit.la
TESTS += %D%/test-faults

check_PROGRAMS += %D%/test-fold
%C%_test_fold_SOURCES = %D%/test-fold.c %D%/faults.c %D%/faults.h
%C%_test_fold_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_fold_LDADD = %D%/libkit.la
TESTS += %D%/test-fold

check_PROGRAMS += %D%/test-engine
%C%_test_engine_SOURCES = %D%/test-engine.c %D%/day.c %D%/day.h
%C%_test_engine_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_engine_LDADD = %D%/libkit.la libengine-world.la libuc-verify.la libuc-engine.la libuc-store.la
TESTS += %D%/test-engine

EXTRA_DIST += %D%/test-backup.mjs
if HAVE_NODE
if PLUGIN_LOCAL
if PLUGIN_WEBCHAT
TESTS += %D%/test-backup.mjs
endif
endif
endif

check_PROGRAMS += %D%/test-verify
%C%_test_verify_SOURCES = %D%/test-verify.c %D%/day.c %D%/day.h
%C%_test_verify_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_verify_LDADD = %D%/libkit.la libengine-world.la libuc-verify.la libuc-engine.la libuc-store.la
TESTS += %D%/test-verify

check_PROGRAMS += %D%/test-migrate
%C%_test_migrate_SOURCES = %D%/test-migrate.c
%C%_test_migrate_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_migrate_LDADD = %D%/libkit.la $(SQLITE_LIBS)
TESTS += %D%/test-migrate

EXTRA_DIST += %D%/schema-1.sql %D%/schema-2.sql %D%/schema-4.sql
check_PROGRAMS += %D%/test-schemas
%C%_test_schemas_SOURCES = %D%/test-schemas.c
%C%_test_schemas_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_schemas_LDADD = %D%/libkit.la libengine-world.la libuc-verify.la libuc-engine.la libuc-store.la $(SQLITE_LIBS)
TESTS += %D%/test-schemas

check_PROGRAMS += %D%/test-playback
%C%_test_playback_SOURCES = %D%/test-playback.c
%C%_test_playback_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_playback_LDADD = %D%/libkit.la
TESTS += %D%/test-playback

check_PROGRAMS += %D%/test-faq
%C%_test_faq_SOURCES = %D%/test-faq.c
%C%_test_faq_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_faq_LDADD = %D%/libkit.la
TESTS += %D%/test-faq

check_PROGRAMS += %D%/test-rules
%C%_test_rules_SOURCES = %D%/test-rules.c
%C%_test_rules_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_rules_LDADD = %D%/libkit.la
TESTS += %D%/test-rules
