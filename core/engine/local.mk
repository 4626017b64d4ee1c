noinst_LTLIBRARIES += libuc-engine.la
libuc_engine_la_SOURCES = \
	%D%/agent.c \
	%D%/apply.c \
	%D%/bits.h \
	%D%/check.c \
	%D%/config.c \
	%D%/conversation.c \
	%D%/engine.c %D%/engine.h %D%/engine-private.h \
	%D%/interaction.c \
	%D%/offer.c \
	%D%/place.c \
	%D%/records.c \
	%D%/restore.c \
	%D%/route.c \
	%D%/step.c \
	%D%/timers.c
libuc_engine_la_LIBADD = libuc-base.la
