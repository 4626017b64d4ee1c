noinst_LTLIBRARIES += libuc-store.la
libuc_store_la_SOURCES = %D%/store.h
libuc_store_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
libuc_store_la_LIBADD = libuc-base.la $(SQLITE_LIBS)
