# The agent's desktop in a browser: the plugin, and the browser's side of it.
EXTRA_DIST += %D%/web.conf %D%/usher-web-plugin.pod

if PLUGIN_WEB
plugin_LTLIBRARIES += %D%/web.la
%C%_web_la_SOURCES = \
	%D%/web-assets.c \
	%D%/web-http.c \
	%D%/web-plugin.c \
	%D%/web-socket.c \
	%D%/web.h
%C%_web_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DG_LOG_DOMAIN=\"usher-web\" -DPKGDATADIR=\"$(pkgdatadir)\"
%C%_web_la_CFLAGS = $(PLUGIN_CFLAGS) $(GLIB_CFLAGS)
%C%_web_la_LDFLAGS = $(PLUGIN_LDFLAGS) $(SAN_CFLAGS)
%C%_web_la_LIBADD = $(GLIB_LIBS)
endif

# The browser's side is generated, as a parser is: built when a source is newer and Node.js with `npm ci` is there, and
# carried by the release tarball, so that users need neither. $USHER_UI_DIR for a build tree is $(top_builddir)/ui.
web_ui = ui/web/chunk.js ui/web/chunk.js.gz ui/web/icon.svg ui/web/index.html ui/web/licenses.txt \
	ui/web/licenses.txt.gz ui/web/main-records.js ui/web/main-records.js.gz ui/web/main-supervise.js \
	ui/web/main-supervise.js.gz ui/web/main.css ui/web/main.css.gz ui/web/main.js ui/web/main.js.gz \
	ui/web/records-supervise.js ui/web/records-supervise.js.gz ui/web/records.js ui/web/records.js.gz \
	ui/web/supervise.js ui/web/supervise.js.gz
web_ui_sources = %D%/build.mjs %D%/ui/api.ts %D%/ui/app.tsx %D%/ui/clock.ts %D%/ui/codes-form.ts %D%/ui/connection.ts \
	%D%/ui/desk.ts %D%/ui/drafts.ts %D%/ui/durations.ts %D%/ui/events.ts %D%/ui/format.ts %D%/ui/hooks.ts %D%/ui/icon.svg \
	%D%/ui/index.html %D%/ui/keys.ts %D%/ui/marks.ts %D%/ui/main.css %D%/ui/main.tsx %D%/ui/measure.ts %D%/ui/merging.ts %D%/ui/news.ts \
	%D%/ui/notify.ts %D%/ui/operations.ts %D%/ui/outbox.ts %D%/ui/pages.ts %D%/ui/pages/cases.tsx \
	%D%/ui/pages/chats.tsx %D%/ui/pages/customers.tsx %D%/ui/pages/faqs.tsx %D%/ui/pages/history.tsx %D%/ui/pages/playback.tsx %D%/ui/pages/records.tsx %D%/ui/pages/rules.tsx \
	%D%/ui/pages/supervise.tsx %D%/ui/pages/team.tsx %D%/ui/pages/waiting.tsx %D%/ui/panels.ts %D%/ui/parts/alarms.tsx %D%/ui/parts/case.tsx \
	%D%/ui/parts/codes-editor.tsx %D%/ui/parts/codes.tsx %D%/ui/parts/composer.tsx %D%/ui/parts/context.tsx %D%/ui/parts/conversation.tsx \
	%D%/ui/parts/customer-line.tsx %D%/ui/parts/customer.tsx %D%/ui/parts/decide.tsx %D%/ui/parts/faq.tsx %D%/ui/parts/fields.tsx %D%/ui/parts/follow.tsx \
	%D%/ui/parts/help.tsx %D%/ui/parts/icons.tsx %D%/ui/parts/inputs.tsx %D%/ui/parts/instances.tsx %D%/ui/parts/kit.tsx %D%/ui/parts/line.tsx %D%/ui/parts/list.tsx \
	%D%/ui/parts/live.tsx %D%/ui/parts/login.tsx %D%/ui/parts/marked.tsx %D%/ui/parts/master.tsx %D%/ui/parts/merge.tsx %D%/ui/parts/message.tsx \
	%D%/ui/parts/notices.tsx %D%/ui/parts/offer.tsx %D%/ui/parts/palette.tsx %D%/ui/parts/panes.tsx \
	%D%/ui/parts/people.tsx %D%/ui/parts/policy-editor.tsx %D%/ui/parts/rail.tsx \
	%D%/ui/parts/replay-line.tsx %D%/ui/parts/replay-then.tsx %D%/ui/parts/replay.tsx %D%/ui/parts/status.tsx %D%/ui/parts/sure.tsx %D%/ui/parts/timeline.tsx \
	%D%/ui/parts/transcript.tsx %D%/ui/parts/undelivered.tsx %D%/ui/parts/why.tsx %D%/ui/placeholders.ts %D%/ui/policy-form.ts %D%/ui/protocol.ts %D%/ui/ranges.ts %D%/ui/refusals.ts %D%/ui/replay-file.ts \
	%D%/ui/replay-words.ts %D%/ui/replay.ts %D%/ui/route.ts %D%/ui/shape.ts %D%/ui/sorting.ts \
	%D%/ui/state.ts %D%/ui/storage.ts %D%/ui/store.ts %D%/ui/strings-records.ts %D%/ui/strings-supervise.ts %D%/ui/strings.ts %D%/ui/views.ts
EXTRA_DIST += $(web_ui_sources) %D%/tsconfig.json package.json package-lock.json tsconfig.json .npmrc ui/web/stamp
if PLUGIN_WEB
webuidir = $(pkgdatadir)/web
dist_webui_DATA = $(web_ui)
endif

ui/web/stamp: $(web_ui_sources)
	$(AM_V_at)$(MKDIR_P) ui/web && echo "made from plugins/frontend/web/ui" > $@.tmp
	$(AM_V_GEN)if test "$(NODE)" != no && $(NODE) $(srcdir)/%D%/build.mjs --able; then \
	  $(NODE) $(srcdir)/%D%/build.mjs ui/web || exit 1; \
	elif test -f $(srcdir)/ui/web/index.html; then \
	  echo "$@: the desktop stays as released; building it needs Node.js and 'npm ci'" >&2; \
	  for file in $(web_ui); do \
	    test $$file -ef $(srcdir)/$$file || cp $(srcdir)/$$file $$file || exit 1; touch $$file; \
	  done; \
	else \
	  echo "$@: building the desktop needs Node.js (Debian packages nodejs and npm) and 'npm ci'" >&2; exit 1; \
	fi
	$(AM_V_at)mv $@.tmp $@

# Whoever deletes one of them gets it back.
$(web_ui): ui/web/stamp
	$(AM_V_at)test -f $@ || test -f $(srcdir)/$@ || { rm -f ui/web/stamp && $(MAKE) $(AM_MAKEFLAGS) ui/web/stamp; }

MAINTAINERCLEANFILES += $(web_ui) ui/web/stamp
