sbin_PROGRAMS += usherd
usherd_SOURCES = %D%/usherd.c
usherd_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
usherd_LDADD = libuc-service.la $(SYSTEMD_LIBS)

bin_PROGRAMS += usherctl
usherctl_SOURCES = %D%/usherctl.c
usherctl_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
usherctl_LDADD = libuc-plugin.la libuc-base.la $(SOUP_LIBS)
