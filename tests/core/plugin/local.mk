# Plugins that the tests load: most of them are wrong in one way.
TEST_MODULE_LDFLAGS = $(SAN_CFLAGS) -avoid-version -shared -rpath /nowhere
TEST_MODULE_CFLAGS = $(PLUGIN_CFLAGS)
check_LTLIBRARIES += \
	%D%/modules/obliging.la \
	%D%/modules/older.la \
	%D%/modules/newer.la \
	%D%/modules/in-cxx.la \
	%D%/modules/not-a-plugin.la \
	%D%/modules/entry-is-data.la \
	%D%/modules/returns-null.la \
	%D%/modules/wrong-abi.la \
	%D%/modules/missing-slot.la \
	%D%/modules/misnamed.la \
	%D%/modules/undefined-symbol.la \
	%D%/modules/echo/echo.la \
	%D%/modules/echo-2/echo.la \
	%D%/modules/echo-dead/echo.la
%C%_modules_obliging_la_SOURCES = %D%/modules/obliging.c
%C%_modules_obliging_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
%C%_modules_obliging_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_obliging_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_older_la_SOURCES = %D%/modules/ages.c
%C%_modules_older_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_OLDER
%C%_modules_older_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_older_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_newer_la_SOURCES = %D%/modules/ages.c
%C%_modules_newer_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_NEWER
%C%_modules_newer_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_newer_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_in_cxx_la_SOURCES = %D%/modules/in-cxx.cc
%C%_modules_in_cxx_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
%C%_modules_in_cxx_la_CXXFLAGS = -std=c++17 -fvisibility=hidden -Wall -Wextra $(SAN_CFLAGS)
%C%_modules_in_cxx_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_not_a_plugin_la_SOURCES = %D%/modules/bad.c
%C%_modules_not_a_plugin_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_NOT_A_PLUGIN
%C%_modules_not_a_plugin_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_not_a_plugin_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_entry_is_data_la_SOURCES = %D%/modules/bad.c
%C%_modules_entry_is_data_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_ENTRY_IS_DATA
%C%_modules_entry_is_data_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_entry_is_data_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_returns_null_la_SOURCES = %D%/modules/bad.c
%C%_modules_returns_null_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_RETURNS_NULL
%C%_modules_returns_null_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_returns_null_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_wrong_abi_la_SOURCES = %D%/modules/bad.c
%C%_modules_wrong_abi_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_WRONG_ABI
%C%_modules_wrong_abi_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_wrong_abi_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_missing_slot_la_SOURCES = %D%/modules/bad.c
%C%_modules_missing_slot_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_MISSING_SLOT
%C%_modules_missing_slot_la_CFLAGS = $(TEST_MODULE_CFLAGS) -Wno-unused-function
%C%_modules_missing_slot_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_misnamed_la_SOURCES = %D%/modules/bad.c
%C%_modules_misnamed_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_MISNAMED
%C%_modules_misnamed_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_misnamed_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
# Bound lazily on purpose: what would load and die at the call.
%C%_modules_undefined_symbol_la_SOURCES = %D%/modules/bad.c
%C%_modules_undefined_symbol_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DMODULE_UNDEFINED_SYMBOL
%C%_modules_undefined_symbol_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_undefined_symbol_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS) -Wl,-z,lazy
# The same channel in two builds, for tests of isolation: one takes over from the other.
%C%_modules_echo_echo_la_SOURCES = %D%/modules/echo.c
%C%_modules_echo_echo_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE -DECHO_BUILD='"1.0"'
%C%_modules_echo_echo_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_echo_echo_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_echo_2_echo_la_SOURCES = %D%/modules/echo.c
%C%_modules_echo_2_echo_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE -DECHO_BUILD='"2.0"'
%C%_modules_echo_2_echo_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_echo_2_echo_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
%C%_modules_echo_dead_echo_la_SOURCES = %D%/modules/echo.c
%C%_modules_echo_dead_echo_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE -DECHO_BUILD='"3.0"' -DECHO_DIES_ON_OPEN
%C%_modules_echo_dead_echo_la_CFLAGS = $(TEST_MODULE_CFLAGS)
%C%_modules_echo_dead_echo_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)

PLUGIN_TEST_LIB = %D%/fixture.c %D%/fixture.h
PLUGIN_TEST_HARNESS = $(PLUGIN_TEST_LIB) %D%/harness.c %D%/harness.h
check_PROGRAMS += \
	%D%/test-abi \
	%D%/test-check \
	%D%/test-conf \
	%D%/test-host \
	%D%/test-hosted \
	%D%/test-instance \
	%D%/test-link \
	%D%/test-loader \
	%D%/test-reply \
	%D%/test-settings \
	%D%/test-supervise \
	%D%/test-wire
%C%_test_abi_SOURCES = %D%/test-abi.c
%C%_test_abi_LDADD = libuc-base.la
%C%_test_conf_SOURCES = %D%/test-conf.c $(PLUGIN_TEST_LIB)
%C%_test_conf_LDADD = libuc-base.la
%C%_test_check_SOURCES = %D%/test-check.c $(PLUGIN_TEST_LIB)
%C%_test_check_LDADD = libuc-plugin.la libuc-base.la
%C%_test_hosted_SOURCES = %D%/test-hosted.c
%C%_test_hosted_LDADD = libuc-plugin.la libuc-base.la
%C%_test_host_SOURCES = %D%/test-host.c $(PLUGIN_TEST_HARNESS)
%C%_test_host_LDADD = libuc-plugin.la libuc-base.la
%C%_test_instance_SOURCES = %D%/test-instance.c $(PLUGIN_TEST_HARNESS)
%C%_test_instance_LDADD = libuc-plugin.la libuc-base.la
%C%_test_reply_SOURCES = %D%/test-reply.c $(PLUGIN_TEST_HARNESS)
%C%_test_reply_LDADD = libuc-plugin.la libuc-base.la
%C%_test_link_SOURCES = %D%/test-link.c
%C%_test_link_LDADD = libuc-plugin.la libuc-base.la
%C%_test_supervise_SOURCES = %D%/test-supervise.c
%C%_test_supervise_LDADD = libuc-plugin.la libuc-base.la
%C%_test_wire_SOURCES = %D%/test-wire.c
%C%_test_wire_LDADD = libuc-plugin.la libuc-base.la
%C%_test_loader_SOURCES = %D%/test-loader.c $(PLUGIN_TEST_LIB)
%C%_test_loader_LDADD = libuc-plugin.la libuc-base.la
%C%_test_settings_SOURCES = %D%/test-settings.c $(PLUGIN_TEST_LIB)
%C%_test_settings_LDADD = libuc-plugin.la libuc-base.la
dist_noinst_SCRIPTS += %D%/test-frozen.sh %D%/test-headers.sh
# The headers of every release.
EXTRA_DIST += %D%/abi
TESTS += \
	%D%/test-abi \
	%D%/test-check \
	%D%/test-conf \
	%D%/test-frozen.sh \
	%D%/test-headers.sh \
	%D%/test-host \
	%D%/test-hosted \
	%D%/test-instance \
	%D%/test-link \
	%D%/test-loader \
	%D%/test-reply \
	%D%/test-settings \
	%D%/test-supervise \
	%D%/test-wire
