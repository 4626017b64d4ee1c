noinst_LTLIBRARIES += libuc-net.la
libuc_net_la_SOURCES = %D%/net.h
libuc_net_la_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
libuc_net_la_LIBADD = libuc-base.la $(SOUP_LIBS) $(WSLAY_LIBS)
