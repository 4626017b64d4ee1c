check_LTLIBRARIES += libengine-world.la
libengine_world_la_SOURCES = %D%/world.c %D%/world.h
libengine_world_la_LIBADD = libuc-engine.la

check_PROGRAMS += %D%/test-status
%C%_test_status_SOURCES = %D%/test-status.c
%C%_test_status_LDADD = libengine-world.la libuc-engine.la libuc-base.la
TESTS += %D%/test-status
