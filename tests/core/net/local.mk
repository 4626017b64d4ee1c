net_harness = %D%/harness.c %D%/harness.h
net_cflags = $(AM_CFLAGS) $(SOUP_CFLAGS)
net_ldadd = libuc-test-ws.la libuc-net.la libuc-base.la $(SOUP_LIBS)

check_PROGRAMS += %D%/test-exchange %D%/test-http %D%/test-listen %D%/test-plain %D%/test-sockets \
	%D%/test-websocket
%C%_test_exchange_SOURCES = %D%/test-exchange.c $(net_harness)
%C%_test_exchange_CFLAGS = $(net_cflags)
%C%_test_exchange_LDADD = $(net_ldadd)
%C%_test_http_SOURCES = %D%/test-http.c $(net_harness)
%C%_test_http_CFLAGS = $(net_cflags)
%C%_test_http_LDADD = $(net_ldadd)
%C%_test_listen_SOURCES = %D%/test-listen.c $(net_harness)
%C%_test_listen_CFLAGS = $(net_cflags)
%C%_test_listen_LDADD = $(net_ldadd)
%C%_test_plain_SOURCES = %D%/test-plain.c $(net_harness)
%C%_test_plain_CFLAGS = $(net_cflags)
%C%_test_plain_LDADD = $(net_ldadd)
%C%_test_sockets_SOURCES = %D%/test-sockets.c $(net_harness)
%C%_test_sockets_CFLAGS = $(net_cflags)
%C%_test_sockets_LDADD = $(net_ldadd)
%C%_test_websocket_SOURCES = %D%/test-websocket.c $(net_harness)
%C%_test_websocket_CFLAGS = $(net_cflags)
%C%_test_websocket_LDADD = $(net_ldadd)
TESTS += %D%/test-exchange %D%/test-http %D%/test-listen %D%/test-plain %D%/test-sockets %D%/test-websocket
