# An XMPP address for customers: an external component of an XMPP server.
EXTRA_DIST += %D%/xmpp.conf %D%/usher-xmpp-plugin.pod

if PLUGIN_XMPP
plugin_LTLIBRARIES += %D%/xmpp.la
%C%_xmpp_la_SOURCES = \
	%D%/xmpp-connect.c \
	%D%/xmpp-intake.c \
	%D%/xmpp-outgoing.c \
	%D%/xmpp-plugin.c \
	%D%/xmpp-profile.c \
	%D%/xmpp-stream-private.h \
	%D%/xmpp-stream.c %D%/xmpp-stream.h \
	%D%/xmpp-traffic.c \
	%D%/xmpp.h
%C%_xmpp_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D% -DG_LOG_DOMAIN=\"usher-xmpp\"
%C%_xmpp_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS) $(PLUGIN_XMPP_CFLAGS)
%C%_xmpp_la_LDFLAGS = $(PLUGIN_LDFLAGS) $(SAN_CFLAGS)
%C%_xmpp_la_LIBADD = %D%/libxmpp-parts.la $(PLUGIN_XMPP_LIBS) $(GLIB_LIBS)

# Code without threads and sockets, for the plugin and for its unit tests.
noinst_LTLIBRARIES += %D%/libxmpp-parts.la
%C%_libxmpp_parts_la_SOURCES = \
	%D%/xmpp-parse.c %D%/xmpp-parse.h \
	%D%/xmpp-stanza.c %D%/xmpp-stanza.h \
	%D%/xmpp-text.c %D%/xmpp-text.h
%C%_libxmpp_parts_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D%
%C%_libxmpp_parts_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS) $(PLUGIN_XMPP_CFLAGS)
endif
