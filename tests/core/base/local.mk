check_PROGRAMS += %D%/test-loop
%C%_test_loop_SOURCES = %D%/test-loop.c
%C%_test_loop_LDADD = libuc-base.la
TESTS += %D%/test-loop

check_PROGRAMS += %D%/test-json
%C%_test_json_SOURCES = %D%/test-json.c
%C%_test_json_LDADD = libuc-base.la
TESTS += %D%/test-json

check_PROGRAMS += %D%/test-base
%C%_test_base_SOURCES = %D%/test-base.c
%C%_test_base_LDADD = libuc-base.la
TESTS += %D%/test-base

check_PROGRAMS += %D%/test-text
%C%_test_text_SOURCES = %D%/test-text.c
%C%_test_text_LDADD = libuc-base.la
TESTS += %D%/test-text

EXPOSITION = tests/lib/exposition.c tests/lib/exposition.h
check_PROGRAMS += %D%/test-metrics
%C%_test_metrics_SOURCES = %D%/test-metrics.c $(EXPOSITION)
%C%_test_metrics_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/lib
%C%_test_metrics_LDADD = libuc-base.la
TESTS += %D%/test-metrics
