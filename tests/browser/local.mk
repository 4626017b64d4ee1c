# Pages in a real Chromium. `./configure --enable-browser-tests` insists on them; $USHER_CHROMIUM names the browser.
if BROWSER_TESTS
endif
