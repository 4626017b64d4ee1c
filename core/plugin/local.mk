noinst_LTLIBRARIES += libuc-plugin.la
libuc_plugin_la_SOURCES = \
	%D%/abi.h \
	%D%/check.c %D%/check.h \
	%D%/core-settings.c \
	%D%/describe-pod.c \
	%D%/describe.c \
	%D%/elf-check.c %D%/elf-check.h \
	%D%/host.c %D%/host-calls.c %D%/host-json.c %D%/host-log.c %D%/host-timers.c \
	%D%/hosted-environment.c \
	%D%/hosted.c %D%/hosted.h \
	%D%/instance.c %D%/instance.h %D%/instance-private.h \
	%D%/link.c %D%/link.h \
	%D%/loader.c %D%/loader.h \
	%D%/module.c %D%/module.h \
	%D%/remote-calls.c %D%/remote-describe.c %D%/remote-private.h %D%/remote-slots.c \
	%D%/remote.c %D%/remote.h \
	%D%/reply.c \
	%D%/result.c %D%/result.h \
	%D%/setting-value.c %D%/setting-value.h \
	%D%/settings.c %D%/settings.h \
	%D%/slots.c %D%/slots.h \
	%D%/supervise.c %D%/supervise.h \
	%D%/wire-table.c \
	%D%/wire.c %D%/wire.h
libuc_plugin_la_LIBADD = libuc-base.la $(LTDL_LIBS)
