# The web plugin against the fake host, and the desktop's own tests.
if PLUGIN_WEB
check_PROGRAMS += %D%/test-web
TESTS += %D%/test-web
%C%_test_web_SOURCES = %D%/test-web.c
%C%_test_web_LDADD = libuc-test-host.la $(GLIB_LIBS)
endif

# The desktop: its logic in Node, its files, its types. The bundle is carried by the tarball like the desktop itself;
# the types need the packages that the browser tests need, too.
web_desktop_units = %D%/ui/units.test.ts %D%/ui/centre.ts %D%/ui/clock.test.ts %D%/ui/composer.test.ts \
	%D%/ui/connection.test.ts %D%/ui/news.test.ts %D%/ui/outbox.test.ts %D%/ui/records.test.ts %D%/ui/replay.test.ts %D%/ui/state.test.ts %D%/ui/views.test.ts
dist_noinst_SCRIPTS += %D%/test-front-page.mjs %D%/test-desktop-files.mjs %D%/test-desktop-types.mjs %D%/test-desktop-units.mjs
EXTRA_DIST += $(web_desktop_units) %D%/ui/tsconfig.json %D%/desktop-units.bundle.mjs
if PLUGIN_WEB
if HAVE_NODE
TESTS += %D%/test-desktop-files.mjs %D%/test-desktop-units.mjs
check_DATA += %D%/desktop-units.bundle.mjs
if PLUGIN_LOCAL
if PLUGIN_WEBCHAT
TESTS += %D%/test-front-page.mjs
endif
endif
if BROWSER_TESTS
TESTS += %D%/test-desktop-types.mjs
endif
endif
endif
MAINTAINERCLEANFILES += %D%/desktop-units.bundle.mjs

%D%/desktop-units.bundle.mjs: $(web_desktop_units) ui/web/stamp
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)if test "$(NODE)" != no && $(NODE) $(srcdir)/plugins/frontend/web/build.mjs --able; then \
	  $(NODE) $(srcdir)/plugins/frontend/web/build.mjs --units $(srcdir)/%D%/ui/units.test.ts $@; \
	elif test -f $(srcdir)/$@; then \
	  { test $@ -ef $(srcdir)/$@ || cp $(srcdir)/$@ $@; } && touch $@; \
	else \
	  echo "$@: building it needs Node.js (Debian packages nodejs and npm) and 'npm ci'" >&2; exit 1; \
	fi
