noinst_LTLIBRARIES += libuc-check.la
libuc_check_la_SOURCES = \
	%D%/channel.c \
	%D%/check.h \
	%D%/checks.c \
	%D%/child.c \
	%D%/crm.c \
	%D%/kit.h \
	%D%/life.c \
	%D%/run.c \
	%D%/services.c \
	%D%/slots.c \
	%D%/web.c
libuc_check_la_LIBADD = libuc-plugin.la libuc-base.la
