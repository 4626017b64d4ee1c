check_LTLIBRARIES += libengine-world.la
libengine_world_la_SOURCES = %D%/world.c %D%/world.h
libengine_world_la_LIBADD = libuc-engine.la

engine_tests = \
	%D%/test-codes \
	%D%/test-config \
	%D%/test-conversation \
	%D%/test-crm \
	%D%/test-drain \
	%D%/test-interaction \
	%D%/test-monitor \
	%D%/test-offer \
	%D%/test-presence \
	%D%/test-presets \
	%D%/test-restore \
	%D%/test-routing \
	%D%/test-seed \
	%D%/test-status \
	%D%/test-timers \
	%D%/test-why \
	%D%/test-window
check_PROGRAMS += $(engine_tests)
TESTS += $(engine_tests)

engine_test_libs = libengine-world.la libuc-engine.la libuc-base.la
%C%_test_config_SOURCES = %D%/test-config.c
%C%_test_config_LDADD = $(engine_test_libs)
%C%_test_conversation_SOURCES = %D%/test-conversation.c
%C%_test_conversation_LDADD = $(engine_test_libs)
%C%_test_interaction_SOURCES = %D%/test-interaction.c
%C%_test_interaction_LDADD = $(engine_test_libs)
%C%_test_offer_SOURCES = %D%/test-offer.c
%C%_test_offer_LDADD = $(engine_test_libs)
%C%_test_restore_SOURCES = %D%/test-restore.c
%C%_test_restore_LDADD = $(engine_test_libs)
%C%_test_routing_SOURCES = %D%/test-routing.c
%C%_test_routing_LDADD = $(engine_test_libs)
%C%_test_status_SOURCES = %D%/test-status.c
%C%_test_status_LDADD = $(engine_test_libs)
%C%_test_timers_SOURCES = %D%/test-timers.c
%C%_test_timers_LDADD = $(engine_test_libs)
%C%_test_presence_SOURCES = %D%/test-presence.c
%C%_test_presence_LDADD = $(engine_test_libs)
%C%_test_presets_SOURCES = %D%/test-presets.c
%C%_test_presets_LDADD = $(engine_test_libs)
%C%_test_drain_SOURCES = %D%/test-drain.c
%C%_test_drain_LDADD = $(engine_test_libs)
%C%_test_codes_SOURCES = %D%/test-codes.c
%C%_test_codes_LDADD = $(engine_test_libs)
%C%_test_crm_SOURCES = %D%/test-crm.c
%C%_test_crm_LDADD = $(engine_test_libs)
%C%_test_window_SOURCES = %D%/test-window.c
%C%_test_window_LDADD = $(engine_test_libs)
%C%_test_seed_SOURCES = %D%/test-seed.c
%C%_test_seed_LDADD = $(engine_test_libs)
%C%_test_monitor_SOURCES = %D%/test-monitor.c
%C%_test_monitor_LDADD = libsimulation.la $(engine_test_libs)
%C%_test_why_SOURCES = %D%/test-why.c
%C%_test_why_LDADD = libsimulation.la $(engine_test_libs)
