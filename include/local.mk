usherincludedir = $(includedir)/usher
usherinclude_HEADERS = \
	%D%/usher/channel.h \
	%D%/usher/crm.h \
	%D%/usher/frontend.h \
	%D%/usher/host.h \
	%D%/usher/plugin.h \
	%D%/usher/types.h \
	%D%/usher/usher.h
nodist_usherinclude_HEADERS = %D%/usher/version.h

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = %D%/usher-plugin-1.pc
