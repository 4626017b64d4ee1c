noinst_LTLIBRARIES += libuc-plugin.la
libuc_plugin_la_SOURCES = \
	%D%/check.h \
	%D%/instance.h \
	%D%/loader.h \
	%D%/settings.h
libuc_plugin_la_LIBADD = libuc-base.la $(LTDL_LIBS)
