check_LTLIBRARIES += %D%/libkit.la
%C%_libkit_la_SOURCES = %D%/kit.c %D%/kit.h
%C%_libkit_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_libkit_la_LIBADD = libuc-store.la

check_PROGRAMS += %D%/test-store
%C%_test_store_SOURCES = %D%/test-store.c
%C%_test_store_LDADD = %D%/libkit.la
TESTS += %D%/test-store
