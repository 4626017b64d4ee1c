if PLUGIN_LOCAL
local_crm_tests = \
	%D%/test-local-case \
	%D%/test-local-crash \
	%D%/test-local-customer \
	%D%/test-local-file \
	%D%/test-local-load \
	%D%/test-local-fields \
	%D%/test-local-follow-up \
	%D%/test-local-merge \
	%D%/test-local-merge-model \
	%D%/test-local-power \
	%D%/test-local-upgrade \
	%D%/test-local-model \
	%D%/test-local-search
check_PROGRAMS += $(local_crm_tests)
TESTS += $(local_crm_tests)
check_LTLIBRARIES += %D%/libcrm-kit.la
%C%_libcrm_kit_la_SOURCES = %D%/crm-kit.c %D%/crm-kit.h
%C%_libcrm_kit_la_LIBADD = libuc-test-host.la

%C%_test_local_case_SOURCES = %D%/test-local-case.c
%C%_test_local_case_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_crash_SOURCES = %D%/test-local-crash.c
%C%_test_local_crash_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_customer_SOURCES = %D%/test-local-customer.c
%C%_test_local_customer_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_file_SOURCES = %D%/test-local-file.c
%C%_test_local_file_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_local_file_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS) $(SQLITE_LIBS)
%C%_test_local_load_SOURCES = %D%/test-local-load.c
%C%_test_local_load_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_model_SOURCES = %D%/test-local-model.c
%C%_test_local_model_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_search_SOURCES = %D%/test-local-search.c
%C%_test_local_search_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_fields_SOURCES = %D%/test-local-fields.c
%C%_test_local_fields_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_follow_up_SOURCES = %D%/test-local-follow-up.c
%C%_test_local_follow_up_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_merge_SOURCES = %D%/test-local-merge.c
%C%_test_local_merge_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_merge_model_SOURCES = %D%/test-local-merge-model.c
%C%_test_local_merge_model_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS)
%C%_test_local_power_SOURCES = %D%/test-local-power.c
%C%_test_local_power_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_local_power_LDADD = %D%/libcrm-kit.la tests/fault/libdisk.la $(GLIB_LIBS) $(SQLITE_LIBS)
%C%_test_local_upgrade_SOURCES = %D%/test-local-upgrade.c
%C%_test_local_upgrade_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_local_upgrade_LDADD = %D%/libcrm-kit.la $(GLIB_LIBS) $(SQLITE_LIBS)
endif
