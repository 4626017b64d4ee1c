noinst_LTLIBRARIES += libuc-service.la
libuc_service_la_SOURCES =
libuc_service_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS)
libuc_service_la_LIBADD = libuc-engine.la libuc-store.la libuc-plugin.la libuc-net.la libuc-base.la $(SODIUM_LIBS)
