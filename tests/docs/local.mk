# The documents against what they describe.
check_PROGRAMS += %D%/test-manual
%C%_test_manual_SOURCES = %D%/test-manual.c
%C%_test_manual_LDADD = libuc-plugin.la libuc-base.la
dist_noinst_SCRIPTS += %D%/test-pages.sh
TESTS += %D%/test-manual %D%/test-pages.sh

# The demo needs Node.js and all three plugins.
dist_noinst_DATA += %D%/example.mjs %D%/test-demo.mjs %D%/test-example.mjs
if HAVE_NODE
if PLUGIN_WEBCHAT
if PLUGIN_LOCAL
if PLUGIN_WEB
TESTS += %D%/test-demo.mjs %D%/test-example.mjs
endif
endif
endif
endif
