pkglibexec_PROGRAMS = usher-plugin-host
usher_plugin_host_SOURCES = \
	%D%/confine.c %D%/confine.h \
	%D%/host.h \
	%D%/main.c \
	%D%/serve.c \
	%D%/services.c
usher_plugin_host_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
usher_plugin_host_LDADD = libuc-plugin.la libuc-base.la $(SECCOMP_LIBS)
