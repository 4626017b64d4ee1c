sbin_PROGRAMS += usherd
usherd_SOURCES = %D%/usherd.c
usherd_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
usherd_LDADD = libuc-service.la $(SYSTEMD_LIBS)
