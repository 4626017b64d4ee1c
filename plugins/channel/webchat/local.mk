# The chat widget for web pages: the plugin, and the browser's side of it.
EXTRA_DIST += %D%/webchat.conf %D%/usher-webchat-plugin.pod %D%/protocol.md

if PLUGIN_WEBCHAT
plugin_LTLIBRARIES += %D%/webchat.la
%C%_webchat_la_SOURCES = \
	%D%/webchat-assets.c %D%/webchat-assets.h \
	%D%/webchat-client.c \
	%D%/webchat-frame.c \
	%D%/webchat-http.c \
	%D%/webchat-intake.c \
	%D%/webchat-page.c \
	%D%/webchat-plugin.c \
	%D%/webchat-socket.c \
	%D%/webchat-visitor.c \
	%D%/webchat.h
%C%_webchat_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D% -DG_LOG_DOMAIN=\"usher-webchat\" \
	-DPKGDATADIR=\"$(pkgdatadir)\"
%C%_webchat_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS)
%C%_webchat_la_LDFLAGS = $(PLUGIN_LDFLAGS) $(SAN_CFLAGS)
%C%_webchat_la_LIBADD = %D%/libwebchat-parts.la $(GLIB_LIBS)

# Pure code, for the plugin and for its unit tests.
noinst_LTLIBRARIES += %D%/libwebchat-parts.la
%C%_libwebchat_parts_la_SOURCES = \
	%D%/webchat-limit.c %D%/webchat-limit.h \
	%D%/webchat-origin.c %D%/webchat-origin.h \
	%D%/webchat-token.c %D%/webchat-token.h
%C%_libwebchat_parts_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -I$(srcdir)/%D%
%C%_libwebchat_parts_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS)
endif

# The browser's side is generated, as a parser is: built when a source is newer and Node.js with `npm ci` is there, and
# carried by the release tarball, so that users need neither. $USHER_UI_DIR for a build tree is $(top_builddir)/ui.
webchat_ui = ui/webchat/widget.js ui/webchat/widget.js.gz ui/webchat/app.js ui/webchat/app.js.gz \
	ui/webchat/app.css ui/webchat/app.css.gz
webchat_ui_sources = %D%/build.mjs %D%/widget/app.css %D%/widget/app.tsx %D%/widget/bridge.ts \
	%D%/widget/chat.ts %D%/widget/connection.ts %D%/widget/css.d.ts %D%/widget/foot.tsx %D%/widget/i18n.ts \
	%D%/widget/id.ts \
	%D%/widget/lines.ts %D%/widget/loader.css %D%/widget/loader.ts %D%/widget/log.tsx %D%/widget/outbox.ts \
	%D%/widget/panel.tsx %D%/widget/protocol.ts %D%/widget/reconnect.ts %D%/widget/storage.ts
EXTRA_DIST += $(webchat_ui_sources) %D%/tsconfig.json ui/webchat/stamp
if PLUGIN_WEBCHAT
webchatuidir = $(pkgdatadir)/webchat
dist_webchatui_DATA = $(webchat_ui)
endif

ui/webchat/stamp: $(webchat_ui_sources)
	$(AM_V_at)$(MKDIR_P) ui/webchat && echo "made from plugins/channel/webchat/widget" > $@.tmp
	$(AM_V_GEN)if test "$(NODE)" != no && $(NODE) $(srcdir)/%D%/build.mjs --able; then \
	  $(NODE) $(srcdir)/%D%/build.mjs ui/webchat || exit 1; \
	elif test -f $(srcdir)/ui/webchat/widget.js; then \
	  echo "$@: the chat widget stays as released; building it needs Node.js and 'npm ci'" >&2; \
	  for file in $(webchat_ui); do \
	    test $$file -ef $(srcdir)/$$file || cp $(srcdir)/$$file $$file || exit 1; touch $$file; \
	  done; \
	else \
	  echo "$@: building the chat widget needs Node.js (Debian packages nodejs and npm) and 'npm ci'" >&2; exit 1; \
	fi
	$(AM_V_at)mv $@.tmp $@

# Whoever deletes one of them gets it back.
$(webchat_ui): ui/webchat/stamp
	$(AM_V_at)test -f $@ || test -f $(srcdir)/$@ || { rm -f ui/webchat/stamp && $(MAKE) $(AM_MAKEFLAGS) ui/webchat/stamp; }

MAINTAINERCLEANFILES += $(webchat_ui) ui/webchat/stamp
