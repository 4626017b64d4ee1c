check_PROGRAMS += %D%/test-loop
%C%_test_loop_SOURCES = %D%/test-loop.c
%C%_test_loop_LDADD = libuc-base.la
TESTS += %D%/test-loop
