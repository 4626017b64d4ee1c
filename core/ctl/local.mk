bin_PROGRAMS += usherctl
usherctl_SOURCES = \
	%D%/ask.c \
	%D%/backup.c \
	%D%/call.c \
	%D%/ctl.h \
	%D%/drain.c \
	%D%/journal.c \
	%D%/main.c \
	%D%/metrics.c \
	%D%/outbox.c \
	%D%/plugin.c \
	%D%/status.c \
	%D%/why.c
usherctl_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
usherctl_LDADD = libuc-verify.la libuc-engine.la libuc-store.la libuc-plugin.la libuc-base.la $(SOUP_LIBS)
