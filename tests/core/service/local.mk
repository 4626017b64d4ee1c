# A plugin that lets a test play network, CRM and front end.
check_LTLIBRARIES += %D%/rig.la
%C%_rig_la_SOURCES = %D%/rig.c %D%/rig.h
%C%_rig_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
%C%_rig_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_rig_la_LDFLAGS = -module $(SAN_CFLAGS) -avoid-version -shared -rpath /nowhere

SERVICE_KIT = %D%/kit.c %D%/kit.h %D%/rig.h
check_PROGRAMS += %D%/test-intake %D%/test-crm %D%/test-desk %D%/test-ops
%C%_test_intake_SOURCES = %D%/test-intake.c $(SERVICE_KIT)
%C%_test_intake_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_intake_LDADD = libuc-service.la
%C%_test_crm_SOURCES = %D%/test-crm.c $(SERVICE_KIT)
%C%_test_crm_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_crm_LDADD = libuc-service.la
%C%_test_desk_SOURCES = %D%/test-desk.c $(SERVICE_KIT)
%C%_test_desk_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_desk_LDADD = libuc-service.la
%C%_test_ops_SOURCES = %D%/test-ops.c $(SERVICE_KIT)
%C%_test_ops_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_ops_LDADD = libuc-service.la
check_PROGRAMS += %D%/test-failures
%C%_test_failures_SOURCES = %D%/test-failures.c $(SERVICE_KIT) tests/core/store/faults.c tests/core/store/faults.h
%C%_test_failures_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_failures_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_failures_LDADD = libuc-service.la $(SQLITE_LIBS)
check_PROGRAMS += %D%/test-rules
%C%_test_rules_SOURCES = %D%/test-rules.c $(SERVICE_KIT)
%C%_test_rules_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_rules_LDADD = libuc-service.la
TESTS += %D%/test-rules
if PLUGIN_LOCAL
check_PROGRAMS += %D%/test-customer
%C%_test_customer_SOURCES = %D%/test-customer.c $(SERVICE_KIT)
%C%_test_customer_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_customer_LDADD = libuc-service.la
TESTS += %D%/test-customer
endif
check_PROGRAMS += %D%/test-outbox
%C%_test_outbox_SOURCES = %D%/test-outbox.c $(SERVICE_KIT)
%C%_test_outbox_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
%C%_test_outbox_LDADD = libuc-service.la
TESTS += %D%/test-outbox
TESTS += %D%/test-intake %D%/test-crm %D%/test-desk %D%/test-ops %D%/test-failures
