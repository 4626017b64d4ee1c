noinst_LTLIBRARIES += libuc-store.la
libuc_store_la_SOURCES = \
	%D%/backup.h \
	%D%/batch.c %D%/batch.h \
	%D%/folder.c %D%/folder.h \
	%D%/sqlite-backup.c \
	%D%/journal.h \
	%D%/lock.c \
	%D%/sqlite.h \
	%D%/sqlite-check.c \
	%D%/sqlite-expire.c \
	%D%/sqlite-fold.c \
	%D%/sqlite-index.c \
	%D%/sqlite-journal.c \
	%D%/sqlite-load.c \
	%D%/sqlite-open.c \
	%D%/sqlite-project.c \
	%D%/sqlite-read.c \
	%D%/sqlite-read-faq.c \
	%D%/sqlite-read-playback.c \
	%D%/sqlite-room.c \
	%D%/sqlite-schema.c \
	%D%/sqlite-schema-2.c \
	%D%/sqlite-schema-3.c \
	%D%/sqlite-schema-4.c \
	%D%/sqlite-schema-5.c \
	%D%/sqlite-statement.c \
	%D%/sqlite-text.c %D%/sqlite-text.h \
	%D%/sqlite-write.c \
	%D%/store-ask.c \
	%D%/store-check.c \
	%D%/store-private.h \
	%D%/store-reader.c \
	%D%/store.c %D%/store.h
libuc_store_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
libuc_store_la_LIBADD = libuc-base.la $(SQLITE_LIBS)
