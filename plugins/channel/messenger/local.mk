# Facebook Messenger: the Messenger Platform of Meta's Graph API.
EXTRA_DIST += %D%/messenger.conf %D%/usher-messenger-plugin.pod

if PLUGIN_MESSENGER
plugin_LTLIBRARIES += %D%/messenger.la
%C%_messenger_la_SOURCES = \
	%D%/messenger-action.c \
	%D%/messenger-attach.c \
	%D%/messenger-event.c \
	%D%/messenger-fetch.c %D%/messenger-fetch.h \
	%D%/messenger-graph.c \
	%D%/messenger-intake.c \
	%D%/messenger-keep.c \
	%D%/messenger-media.c \
	%D%/messenger-out.c \
	%D%/messenger-pace.c \
	%D%/messenger-plugin.c \
	%D%/messenger-profile.c \
	%D%/messenger-state.c \
	%D%/messenger-util.c \
	%D%/messenger-webhook.c \
	%D%/messenger.h
%C%_messenger_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D% -DG_LOG_DOMAIN=\"usher-messenger\"
%C%_messenger_la_CFLAGS = $(PLUGIN_CFLAGS) $(PLUGIN_MESSENGER_CFLAGS)
%C%_messenger_la_LDFLAGS = $(PLUGIN_LDFLAGS) $(SAN_CFLAGS)
%C%_messenger_la_LIBADD = %D%/libmessenger-parts.la $(PLUGIN_MESSENGER_LIBS) -lm

# Pure code, for the plugin and for its unit tests.
noinst_LTLIBRARIES += %D%/libmessenger-parts.la
%C%_libmessenger_parts_la_SOURCES = \
	%D%/messenger-address.c %D%/messenger-address.h \
	%D%/messenger-error.c %D%/messenger-error.h \
	%D%/messenger-sign.c %D%/messenger-sign.h \
	%D%/messenger-sniff.c %D%/messenger-sniff.h
%C%_libmessenger_parts_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D%
%C%_libmessenger_parts_la_CFLAGS = $(PLUGIN_CFLAGS) $(PLUGIN_MESSENGER_CFLAGS)
%C%_libmessenger_parts_la_LIBADD = $(PLUGIN_MESSENGER_LIBS)
endif
