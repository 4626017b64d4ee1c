noinst_LTLIBRARIES += libuc-engine.la
libuc_engine_la_SOURCES = \
	%D%/agent.c \
	%D%/apply.c \
	%D%/apply-interaction.c \
	%D%/bits.h \
	%D%/check.c \
	%D%/codes.c \
	%D%/command-json.c %D%/command-json.h \
	%D%/config.c \
	%D%/conversation.c \
	%D%/crm.c \
	%D%/disposition.c \
	%D%/drain.c \
	%D%/engine.c %D%/engine.h %D%/engine-private.h \
	%D%/faq.c \
	%D%/interaction.c \
	%D%/monitor.c \
	%D%/offer.c \
	%D%/place.c \
	%D%/policy.c \
	%D%/presence.c \
	%D%/records.c \
	%D%/replay.c %D%/replay.h \
	%D%/restore.c \
	%D%/route.c \
	%D%/rows.c \
	%D%/send.c \
	%D%/step.c \
	%D%/timers.c \
	%D%/why.c
libuc_engine_la_LIBADD = libuc-base.la
