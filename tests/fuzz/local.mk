# Parsers of bytes from outside: libFuzzer targets, their corpora, and the replay of those. With --enable-fuzzing
# (clang) they are libFuzzer programs, run by `./bootstrap fuzz`.
EXTRA_DIST += %D%/corpus
fuzz_programs = \
	%D%/fuzz-conf \
	%D%/fuzz-desk \
	%D%/fuzz-event \
	%D%/fuzz-http \
	%D%/fuzz-json \
	%D%/fuzz-operation \
	%D%/fuzz-text \
	%D%/fuzz-websocket \
	%D%/fuzz-wire
if FUZZING
FUZZ_MAIN = %D%/fuzz.h
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
FUZZ_MAIN = %D%/fuzz.h %D%/replay.c tests/lib/proof.h
FUZZ_LINK = $(AM_LDFLAGS)
endif

%C%_fuzz_conf_SOURCES = %D%/fuzz-conf.c $(FUZZ_MAIN)
%C%_fuzz_conf_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_conf_LDADD = libuc-base.la
%C%_fuzz_desk_SOURCES = %D%/fuzz-desk.c $(FUZZ_MAIN)
%C%_fuzz_desk_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_desk_LDADD = libuc-test-kit.la
%C%_fuzz_event_SOURCES = %D%/fuzz-event.c $(FUZZ_MAIN)
%C%_fuzz_event_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_event_LDADD = libuc-engine.la libuc-base.la
%C%_fuzz_http_SOURCES = %D%/fuzz-http.c $(FUZZ_MAIN) tests/core/net/harness.c tests/core/net/harness.h
%C%_fuzz_http_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_http_LDADD = libuc-net.la libuc-plugin.la libuc-base.la libuc-test-ws.la
%C%_fuzz_json_SOURCES = %D%/fuzz-json.c $(FUZZ_MAIN)
%C%_fuzz_json_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_json_LDADD = libuc-base.la
%C%_fuzz_operation_SOURCES = %D%/fuzz-operation.c $(FUZZ_MAIN)
%C%_fuzz_operation_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_operation_LDADD = libuc-test-kit.la
%C%_fuzz_text_SOURCES = %D%/fuzz-text.c $(FUZZ_MAIN)
%C%_fuzz_text_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_text_LDADD = libuc-service.la libuc-base.la
%C%_fuzz_websocket_SOURCES = %D%/fuzz-websocket.c $(FUZZ_MAIN)
%C%_fuzz_websocket_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS) $(WSLAY_CFLAGS)
%C%_fuzz_websocket_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_websocket_LDADD = libuc-net.la libuc-base.la
%C%_fuzz_wire_SOURCES = %D%/fuzz-wire.c $(FUZZ_MAIN)
%C%_fuzz_wire_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_wire_LDADD = libuc-plugin.la libuc-base.la

if PLUGIN_WEBCHAT
fuzz_programs += %D%/fuzz-webchat
%C%_fuzz_webchat_SOURCES = %D%/fuzz-webchat.c $(FUZZ_MAIN)
%C%_fuzz_webchat_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_webchat_LDADD = tests/plugins/webchat/libwebchat-kit.la $(GLIB_LIBS)
endif
if PLUGIN_MESSENGER
fuzz_programs += %D%/fuzz-webhook
%C%_fuzz_webhook_SOURCES = %D%/fuzz-webhook.c $(FUZZ_MAIN)
%C%_fuzz_webhook_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_webhook_LDADD = tests/plugins/messenger/libmessenger-kit.la $(GLIB_LIBS)
endif
if PLUGIN_XMPP
fuzz_programs += %D%/fuzz-stanza
%C%_fuzz_stanza_SOURCES = %D%/fuzz-stanza.c $(FUZZ_MAIN)
%C%_fuzz_stanza_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/channel/xmpp
%C%_fuzz_stanza_CFLAGS = $(AM_CFLAGS) $(PLUGIN_XMPP_CFLAGS)
%C%_fuzz_stanza_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_stanza_LDADD = plugins/channel/xmpp/libxmpp-parts.la $(PLUGIN_XMPP_LIBS) $(GLIB_LIBS)
endif
if PLUGIN_TERMINAL
fuzz_programs += %D%/fuzz-terminal
%C%_fuzz_terminal_SOURCES = %D%/fuzz-terminal.c $(FUZZ_MAIN)
%C%_fuzz_terminal_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/plugins/frontend/terminal
%C%_fuzz_terminal_CFLAGS = $(AM_CFLAGS) $(PLUGIN_TERMINAL_CFLAGS)
%C%_fuzz_terminal_LDFLAGS = $(FUZZ_LINK)
%C%_fuzz_terminal_LDADD = plugins/frontend/terminal/libdesk.la $(GLIB_LIBS)
endif
check_PROGRAMS += $(fuzz_programs)
if !FUZZING
TESTS += $(fuzz_programs)
endif

# Only what ./bootstrap fuzz needs: the programs, and the modules some of them load.
fuzzers: $(fuzz_programs) $(plugin_LTLIBRARIES) tests/core/service/rig.la
.PHONY: fuzzers
