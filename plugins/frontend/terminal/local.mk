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
endif
