# The documents against what they describe.
check_PROGRAMS += %D%/test-manual
%C%_test_manual_SOURCES = %D%/test-manual.c
%C%_test_manual_LDADD = libuc-plugin.la libuc-base.la
dist_noinst_SCRIPTS += %D%/test-pages.sh
TESTS += %D%/test-manual %D%/test-pages.sh
