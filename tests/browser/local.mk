# Pages in a real Chromium. `./configure --enable-browser-tests` insists on them; $USHER_CHROMIUM names the browser.
browser_tests = %D%/test-access.mjs %D%/test-agent.mjs %D%/test-chat.mjs %D%/test-desk.mjs %D%/test-line.mjs \
	%D%/test-supervisor.mjs %D%/test-watch.mjs
dist_noinst_SCRIPTS += $(browser_tests) %D%/test-attention.mjs %D%/test-example.mjs %D%/test-undelivered.mjs
EXTRA_DIST += %D%/harness.mjs
if BROWSER_TESTS
if PLUGIN_WEB
if PLUGIN_LOCAL
TESTS += %D%/test-example.mjs
if PLUGIN_WEBCHAT
TESTS += $(browser_tests)
if PLUGIN_MESSENGER
TESTS += %D%/test-attention.mjs %D%/test-undelivered.mjs
endif
endif
endif
endif
endif
