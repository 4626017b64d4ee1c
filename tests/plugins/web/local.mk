# The web plugin against the fake host, and the desktop's own tests.
if PLUGIN_WEB
check_PROGRAMS += %D%/test-web
TESTS += %D%/test-web
%C%_test_web_SOURCES = %D%/test-web.c
%C%_test_web_LDADD = libuc-test-host.la $(GLIB_LIBS)
endif
