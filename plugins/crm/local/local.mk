EXTRA_DIST += %D%/local.conf %D%/usher-local-plugin.pod
if PLUGIN_LOCAL
plugin_LTLIBRARIES += %D%/local.la
%C%_local_la_SOURCES = \
	%D%/local-case.c %D%/local-case.h \
	%D%/local-case-row.c %D%/local-case-row.h \
	%D%/local-check.c %D%/local-check.h \
	%D%/local-check-case.c \
	%D%/local-check-text.c %D%/local-check-text.h \
	%D%/local-config.c %D%/local-config.h \
	%D%/local-customer.c %D%/local-customer.h \
	%D%/local-customer-row.c %D%/local-customer-row.h \
	%D%/local-db.c %D%/local-db.h \
	%D%/local-fields.c %D%/local-fields.h \
	%D%/local-fill.c %D%/local-fill.h \
	%D%/local-follow-up.c %D%/local-follow-up.h \
	%D%/local-history.c %D%/local-history.h \
	%D%/local-lookup.c \
	%D%/local-merge.c %D%/local-merge.h \
	%D%/local-plugin.c \
	%D%/local-schema.c %D%/local-schema.h \
	%D%/local-search.c %D%/local-search.h \
	%D%/local-text.c %D%/local-text.h \
	%D%/local-unmerge.c \
	%D%/local-value.c %D%/local-value.h \
	%D%/local-worker.c %D%/local-worker.h
%C%_local_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D% -D_GNU_SOURCE -DG_LOG_DOMAIN=\"usher-local\"
%C%_local_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS) $(PLUGIN_LOCAL_CFLAGS)
%C%_local_la_LDFLAGS = -module $(PLUGIN_LDFLAGS) $(SAN_CFLAGS)
%C%_local_la_LIBADD = $(GLIB_LIBS) $(PLUGIN_LOCAL_LIBS)
endif
