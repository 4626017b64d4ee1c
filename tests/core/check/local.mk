# One plugin that can do everything wrong.
check_LTLIBRARIES += tests/plugins/bad/bad.la
tests_plugins_bad_bad_la_SOURCES = tests/plugins/bad/bad.c
tests_plugins_bad_bad_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_bad_bad_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_bad_bad_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
tests_plugins_bad_bad_la_LIBADD = -lpthread

check_scripts = %D%/test-bad-plugins.sh %D%/test-shipped-plugins.sh
dist_noinst_SCRIPTS += $(check_scripts)
TESTS += $(check_scripts)
