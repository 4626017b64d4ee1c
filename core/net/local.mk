noinst_LTLIBRARIES += libuc-net.la
libuc_net_la_SOURCES = \
	%D%/net.h \
	%D%/private.h \
	%D%/address.c \
	%D%/conn.c \
	%D%/framer.c \
	%D%/http.c \
	%D%/line.c \
	%D%/listener.c \
	%D%/net.c \
	%D%/plain.c \
	%D%/request.c \
	%D%/response.c \
	%D%/route.c \
	%D%/sendq.c \
	%D%/socket.c \
	%D%/upgrade.c
libuc_net_la_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
libuc_net_la_LIBADD = libuc-base.la $(SOUP_LIBS) $(WSLAY_LIBS)
