# Pages in a real Chromium. `./configure --enable-browser-tests` insists on them; $USHER_CHROMIUM names the browser.
browser_tests = %D%/test-access.mjs %D%/test-agent.mjs %D%/test-chat.mjs %D%/test-desk.mjs %D%/test-line.mjs
dist_noinst_SCRIPTS += $(browser_tests)
EXTRA_DIST += %D%/harness.mjs
if BROWSER_TESTS
if PLUGIN_WEB
if PLUGIN_WEBCHAT
if PLUGIN_LOCAL
TESTS += $(browser_tests)
endif
endif
endif
endif
