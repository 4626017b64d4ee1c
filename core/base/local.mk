noinst_LTLIBRARIES += libuc-base.la
libuc_base_la_SOURCES = \
	%D%/clock.c %D%/clock.h \
	%D%/conf.c %D%/conf.h %D%/problem.c \
	%D%/error.c %D%/error.h \
	%D%/event.c %D%/event.h \
	%D%/folder.c %D%/folder.h \
	%D%/id.c %D%/id.h \
	%D%/json.c %D%/json.h \
	%D%/loop.c %D%/loop.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/text.c %D%/text.h
libuc_base_la_LIBADD = $(GLIB_LIBS) $(CJSON_LIBS) -lm
