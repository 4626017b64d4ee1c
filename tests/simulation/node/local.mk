# Whole nodes under one seeded scheduler. What is not the same twice on a real machine (threads, clocks, sleep, exit,
# the listeners) is led by the linker into machine.c and node.c; loop.c and machine.c stand for core/base's loop.c,
# clock.c and id.c, which the linker then leaves out.
# Not where threads are watched: these are coroutines.
if !TSAN
check_PROGRAMS += %D%/node-sim
%C%_node_sim_SOURCES = \
	%D%/agents.c \
	%D%/check.c \
	%D%/crm.c \
	%D%/disk.c %D%/disk.h \
	%D%/loop.c \
	%D%/machine.c \
	%D%/networks.c \
	%D%/node-sim.c \
	%D%/node.c %D%/node.h \
	%D%/sim.c %D%/sim.h
%C%_node_sim_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
%C%_node_sim_LDADD = libuc-service.la $(SQLITE_LIBS)
%C%_node_sim_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=g_thread_new -Wl,--wrap=g_thread_join \
	-Wl,--wrap=g_cond_wait -Wl,--wrap=g_cond_wait_until -Wl,--wrap=g_cond_signal -Wl,--wrap=g_cond_broadcast \
	-Wl,--wrap=setpriority \
	-Wl,--wrap=g_thread_pool_new -Wl,--wrap=g_thread_pool_push \
	-Wl,--wrap=g_thread_pool_unprocessed -Wl,--wrap=g_thread_pool_free \
	-Wl,--wrap=g_get_monotonic_time -Wl,--wrap=g_get_real_time -Wl,--wrap=g_random_int_range \
	-Wl,--wrap=crypto_pwhash_str -Wl,--wrap=crypto_pwhash_str_verify -Wl,--wrap=exit \
	-Wl,--wrap=uc_net_listen -Wl,--wrap=uc_loader_open -Wl,--wrap=uc_loader_start \
	-Wl,--wrap=uc_store_lock -Wl,--wrap=uc_store_lock_settle \
	-Wl,--wrap=uc_store_open \
	-Wl,--wrap=uc_writer_commit -Wl,--wrap=uc_mark_is_on
TESTS += %D%/node-sim
endif
