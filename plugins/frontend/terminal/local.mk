# The agent's desktop in a terminal: the plugin that carries frames over a local socket, and usher-desk that agents run.
EXTRA_DIST += %D%/terminal.conf %D%/usher-terminal-plugin.pod

if PLUGIN_TERMINAL
plugin_LTLIBRARIES += %D%/terminal.la
%C%_terminal_la_SOURCES = \
	%D%/terminal-client.c \
	%D%/terminal-frame.c %D%/terminal-frame.h \
	%D%/terminal-io.c \
	%D%/terminal-plugin.c \
	%D%/terminal-socket.c \
	%D%/terminal.h
%C%_terminal_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D% -D_GNU_SOURCE -DG_LOG_DOMAIN=\"usher-terminal\"
%C%_terminal_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS)
%C%_terminal_la_LDFLAGS = $(PLUGIN_LDFLAGS) $(SAN_CFLAGS)
%C%_terminal_la_LIBADD = $(GLIB_LIBS)

# Everything of usher-desk but the terminal itself, for the program and for its unit tests.
noinst_LTLIBRARIES += %D%/libdesk.la
%C%_libdesk_la_SOURCES = \
	%D%/desk-action.c \
	%D%/desk-app.c %D%/desk-app.h \
	%D%/desk-do-case.c \
	%D%/desk-do-chat.c \
	%D%/desk-do-customer.c \
	%D%/desk-do-find.c \
	%D%/desk-do-status.c \
	%D%/desk-do-text.c \
	%D%/desk-edit.c %D%/desk-edit.h \
	%D%/desk-event.c \
	%D%/desk-json.c %D%/desk-json.h \
	%D%/desk-line.c %D%/desk-line.h \
	%D%/desk-model.c %D%/desk-model.h \
	%D%/desk-page.c \
	%D%/desk-text.c %D%/desk-text.h \
	%D%/desk-words.c %D%/desk-words.h \
	%D%/terminal-frame.c %D%/terminal-frame.h
%C%_libdesk_la_CPPFLAGS = -I$(srcdir)/%D% -D_GNU_SOURCE -DG_LOG_DOMAIN=\"usher-desk\"
%C%_libdesk_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS) $(PLUGIN_TERMINAL_CFLAGS)
%C%_libdesk_la_LIBADD = $(GLIB_LIBS) $(PLUGIN_TERMINAL_LIBS)

bin_PROGRAMS += usher-desk
usher_desk_SOURCES = \
	%D%/desk-main.c \
	%D%/desk-plain.c %D%/desk-plain.h \
	%D%/desk-screen-chat.c \
	%D%/desk-screen-page.c \
	%D%/desk-screen-private.h \
	%D%/desk-screen.c %D%/desk-screen.h
usher_desk_CPPFLAGS = -I$(srcdir)/%D% -D_GNU_SOURCE -DG_LOG_DOMAIN=\"usher-desk\" -DDESK_VERSION=\"$(VERSION)\"
usher_desk_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS) $(PLUGIN_TERMINAL_CFLAGS)
usher_desk_LDADD = %D%/libdesk.la $(GLIB_LIBS) $(PLUGIN_TERMINAL_LIBS)
man_MANS += docs/usher-desk.1
CLEANFILES += docs/usher-desk.1
endif
EXTRA_DIST += docs/usher-desk.1.pod
docs/usher-desk.1: docs/usher-desk.1.pod
	$(AM_V_GEN)$(make_page)
