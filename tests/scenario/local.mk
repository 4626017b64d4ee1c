# The real daemon; Node.js plays customers, agents and the networks. The seed's scenarios (docs/seed.md) are played once
# for each channel.
seed_scenarios = \
	%D%/s01-social-is-chat.mjs \
	%D%/s02-must-be-available.mjs \
	%D%/s03-enabled-queue.mjs \
	%D%/s04-available-pulls.mjs \
	%D%/s05-offer-blinks.mjs \
	%D%/s06-reject-is-a-permission.mjs \
	%D%/s07-screen-pop.mjs \
	%D%/s08-accept-in-time.mjs \
	%D%/s09-reject.mjs \
	%D%/s10-no-answer.mjs \
	%D%/s11-customer-leaves.mjs \
	%D%/s12-transaction-panel.mjs \
	%D%/s13-accepted-is-busy.mjs \
	%D%/s14-send.mjs \
	%D%/s15-faq.mjs \
	%D%/s16-transaction-codes.mjs \
	%D%/s17-save-during.mjs \
	%D%/s18-save-after.mjs \
	%D%/s19-end-chat.mjs \
	%D%/s20-post-processing-ends.mjs \
	%D%/s21-save-later.mjs \
	%D%/s22-edit-case.mjs \
	%D%/s23-new-customer.mjs \
	%D%/s24-transcript-in-crm.mjs \
	%D%/s25-playback.mjs \
	%D%/presence.mjs \
	%D%/presets.mjs \
	%D%/transitions.mjs
EXTRA_DIST += docs/seed.md tests/lib/daemon.mjs tests/lib/tap.mjs %D%/drain.mjs $(seed_scenarios) \
	%D%/lib/agent.mjs \
	%D%/lib/centre.mjs \
	%D%/lib/messenger.mjs \
	%D%/lib/scenario.mjs \
	%D%/lib/socket.mjs \
	%D%/lib/wait.mjs \
	%D%/lib/webchat.mjs \
	%D%/lib/xmpp.mjs \
	%D%/seed.mjs \
	%D%/test-isolation.mjs \
	%D%/test-messenger-trouble.mjs \
	%D%/test-seed-isolated.mjs \
	%D%/test-seed-messenger.mjs \
	%D%/test-seed-table.mjs \
	%D%/test-seed-webchat.mjs \
	%D%/test-seed-xmpp.mjs \
	%D%/test-watch.mjs
if HAVE_NODE
TESTS += %D%/test-seed-table.mjs
if PLUGIN_LOCAL
if PLUGIN_WEB
if PLUGIN_WEBCHAT
TESTS += %D%/drain.mjs %D%/test-isolation.mjs %D%/test-seed-isolated.mjs \
	%D%/test-seed-webchat.mjs %D%/test-watch.mjs
endif
if PLUGIN_MESSENGER
TESTS += %D%/test-seed-messenger.mjs %D%/test-messenger-trouble.mjs
endif
if PLUGIN_XMPP
TESTS += %D%/test-seed-xmpp.mjs
endif
endif
endif
endif

# All of them once more with every plugin in a process of its own; but those that choose which of them are.
check-isolated:
	USHER_ISOLATION=process $(MAKE) check TESTS="`for test in $(TESTS); do case $$test in *-isolat*) ;; tests/scenario/*) echo $$test ;; esac; done`"
.PHONY: check-isolated
