# A plugin that lets a test play network, CRM and front end.
check_LTLIBRARIES += %D%/rig.la
%C%_rig_la_SOURCES = %D%/rig.c %D%/rig.h
%C%_rig_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
%C%_rig_la_CFLAGS = $(PLUGIN_CFLAGS)
%C%_rig_la_LDFLAGS = -module $(SAN_CFLAGS) -avoid-version -shared -rpath /nowhere

# What every program here needs besides itself: a core with that plugin, and the checks at its end.
check_LTLIBRARIES += libuc-test-kit.la
libuc_test_kit_la_SOURCES = %D%/kit.c %D%/kit.h %D%/rig.h
libuc_test_kit_la_LIBADD = libuc-service.la

SERVICE_TESTS = %D%/test-backup \
	%D%/test-crm \
	%D%/test-crm-outage \
	%D%/test-desk \
	%D%/test-desk-door \
	%D%/test-drain \
	%D%/test-failures \
	%D%/test-intake \
	%D%/test-intake-kinds \
	%D%/test-media \
	%D%/test-metrics \
	%D%/test-monitor \
	%D%/test-one-case \
	%D%/test-ops \
	%D%/test-outbox \
	%D%/test-outbox-dead \
	%D%/test-presence \
	%D%/test-rules \
	%D%/test-space \
	%D%/test-why
if PLUGIN_LOCAL
SERVICE_TESTS += %D%/test-customer %D%/test-record
endif
check_PROGRAMS += $(SERVICE_TESTS)
TESTS += $(SERVICE_TESTS)

%C%_test_backup_SOURCES = %D%/test-backup.c
%C%_test_backup_LDADD = libuc-test-kit.la
%C%_test_crm_SOURCES = %D%/test-crm.c
%C%_test_crm_LDADD = libuc-test-kit.la
%C%_test_crm_outage_SOURCES = %D%/test-crm-outage.c
%C%_test_crm_outage_LDADD = libuc-test-kit.la
%C%_test_customer_SOURCES = %D%/test-customer.c
%C%_test_customer_LDADD = libuc-test-kit.la
%C%_test_desk_SOURCES = %D%/test-desk.c
%C%_test_desk_LDADD = libuc-test-kit.la
%C%_test_desk_door_SOURCES = %D%/test-desk-door.c
%C%_test_desk_door_LDADD = libuc-test-kit.la
%C%_test_drain_SOURCES = %D%/test-drain.c
%C%_test_drain_LDADD = libuc-test-kit.la
%C%_test_failures_SOURCES = %D%/test-failures.c tests/core/store/faults.c tests/core/store/faults.h
%C%_test_failures_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_test_failures_LDADD = libuc-test-kit.la $(SQLITE_LIBS)
%C%_test_intake_SOURCES = %D%/test-intake.c
%C%_test_intake_LDADD = libuc-test-kit.la
%C%_test_intake_kinds_SOURCES = %D%/test-intake-kinds.c
%C%_test_intake_kinds_LDADD = libuc-test-kit.la
%C%_test_media_SOURCES = %D%/test-media.c
%C%_test_media_LDADD = libuc-test-kit.la
%C%_test_metrics_SOURCES = %D%/test-metrics.c $(EXPOSITION)
%C%_test_metrics_LDADD = libuc-test-ws.la libuc-test-kit.la
%C%_test_monitor_SOURCES = %D%/test-monitor.c $(EXPOSITION)
%C%_test_monitor_LDADD = libuc-test-kit.la
%C%_test_one_case_SOURCES = %D%/test-one-case.c
%C%_test_one_case_LDADD = libuc-test-kit.la
%C%_test_ops_SOURCES = %D%/test-ops.c
%C%_test_ops_LDADD = libuc-test-kit.la
%C%_test_outbox_SOURCES = %D%/test-outbox.c
%C%_test_outbox_LDADD = libuc-test-kit.la
%C%_test_outbox_dead_SOURCES = %D%/test-outbox-dead.c
%C%_test_outbox_dead_LDADD = libuc-test-kit.la
%C%_test_presence_SOURCES = %D%/test-presence.c
%C%_test_presence_LDADD = libuc-test-kit.la
%C%_test_record_SOURCES = %D%/test-record.c
%C%_test_record_LDADD = libuc-test-kit.la
%C%_test_rules_SOURCES = %D%/test-rules.c
%C%_test_rules_LDADD = libuc-test-kit.la
%C%_test_space_SOURCES = %D%/test-space.c
%C%_test_space_LDADD = libuc-service.la
%C%_test_why_SOURCES = %D%/test-why.c
%C%_test_why_LDADD = libuc-test-kit.la
