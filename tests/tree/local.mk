# The source tree checked against its own rules.
tree_tests = %D%/test-headers.sh %D%/test-layers.sh %D%/test-units.sh
dist_noinst_SCRIPTS += $(tree_tests)
TESTS += $(tree_tests)
EXTRA_DIST += %D%/tap.sh

# How to compile, for test-headers.sh.
check_DATA += %D%/compiler
CLEANFILES += %D%/compiler
%D%/compiler: Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && { \
	  echo "cc='$(CC)'"; \
	  echo "flags='$(GLIB_CFLAGS) $(SQLITE_CFLAGS) $(SOUP_CFLAGS) $(CJSON_CFLAGS) $(SODIUM_CFLAGS)'"; } > $@

dist_noinst_SCRIPTS += %D%/installcheck.sh %D%/tutorial.sh
installcheck-local:
	$(AM_V_at)PREFIX_DIR='$(DESTDIR)' CC='$(CC)' bindir='$(bindir)' sbindir='$(sbindir)' mandir='$(mandir)' \
	  includedir='$(includedir)' plugindir='$(plugindir)' docdir='$(docdir)' \
	  plugins='$(basename $(notdir $(plugin_LTLIBRARIES)))' $(SHELL) $(srcdir)/%D%/installcheck.sh
	$(AM_V_at)PREFIX_DIR='$(DESTDIR)' CC='$(CC)' srcdir='$(srcdir)' bindir='$(bindir)' sbindir='$(sbindir)' libdir='$(libdir)' \
	  pkgdatadir='$(pkgdatadir)' bash $(srcdir)/%D%/tutorial.sh
