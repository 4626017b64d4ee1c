noinst_LTLIBRARIES += libuc-service.la
libuc_service_la_SOURCES = \
	%D%/admission.c %D%/admission.h \
	%D%/alarm.c %D%/alarm.h \
	%D%/api.c %D%/api.h \
	%D%/auth-private.h \
	%D%/auth.c %D%/auth.h \
	%D%/breaker.c %D%/breaker.h \
	%D%/backup.c %D%/backup.h \
	%D%/bridge-case.c \
	%D%/bridge-decide.c \
	%D%/bridge-pace.c \
	%D%/bridge-private.h \
	%D%/bridge-save.c \
	%D%/bridge.c %D%/bridge.h \
	%D%/core.c %D%/core.h \
	%D%/desk-private.h \
	%D%/desk-door.c \
	%D%/desk-input.c \
	%D%/desk-sync.c \
	%D%/desk.c %D%/desk.h \
	%D%/drain.c %D%/drain.h \
	%D%/feed.c %D%/feed.h \
	%D%/front-page.c %D%/front-page.h \
	%D%/history.c \
	%D%/hold.c %D%/hold.h \
	%D%/host-services.c %D%/host-services.h \
	%D%/inbound-item.c %D%/inbound-item.h \
	%D%/intake-ask.c %D%/intake-peer.c %D%/intake-private.h \
	%D%/intake-step.c \
	%D%/intake.c %D%/intake.h \
	%D%/line.c %D%/line.h \
	%D%/media-files.c %D%/media-private.h \
	%D%/media-serve.c \
	%D%/media-type.c %D%/media-type.h \
	%D%/media.c %D%/media.h \
	%D%/metrics-engine.c \
	%D%/metrics-events.c \
	%D%/metrics-parts.c \
	%D%/metrics-process.c \
	%D%/metrics-queues.c \
	%D%/metrics.c %D%/metrics.h \
	%D%/monitor.c %D%/monitor.h \
	%D%/ops-admin.c \
	%D%/ops-agent.c \
	%D%/ops-codes.c \
	%D%/ops-crm.c \
	%D%/ops-customer.c \
	%D%/ops-describe.c \
	%D%/ops-faq.c \
	%D%/ops-interaction.c \
	%D%/ops-message.c \
	%D%/ops-outbox.c \
	%D%/ops-playback.c \
	%D%/ops-plugin.c \
	%D%/ops-rows.c \
	%D%/ops-session.c \
	%D%/ops-store.c \
	%D%/ops-system.c \
	%D%/ops-timeline.c \
	%D%/ops-why.c \
	%D%/ops.c %D%/ops.h \
	%D%/outbox-lane.c %D%/outbox-private.h \
	%D%/outbox-mark.c \
	%D%/outbox-receipt.c \
	%D%/outbox-send.c \
	%D%/outbox-thread.c \
	%D%/outbox-uncertain.c \
	%D%/outbox-undecided.c \
	%D%/outbox.c %D%/outbox.h \
	%D%/presence.c %D%/presence.h \
	%D%/seen.c %D%/seen.h \
	%D%/session.c \
	%D%/shell.c %D%/shell.h \
	%D%/soundness.c %D%/soundness.h \
	%D%/space.c %D%/space.h \
	%D%/systemd.c %D%/systemd.h \
	%D%/view-centre.c \
	%D%/view-crm.c \
	%D%/view.c %D%/view.h \
	%D%/watchdog.c %D%/watchdog.h
# For the daemon, for usherctl and for tests; it needs nothing of the rest of this folder.
noinst_LTLIBRARIES += libuc-verify.la
libuc_verify_la_SOURCES = \
	%D%/restore.c %D%/restore.h \
	%D%/verify-print.c \
	%D%/verify.c %D%/verify.h

libuc_service_la_CFLAGS = $(AM_CFLAGS) $(SODIUM_CFLAGS) $(SYSTEMD_CFLAGS)
libuc_service_la_LIBADD = libuc-verify.la libuc-engine.la libuc-store.la libuc-plugin.la libuc-net.la libuc-base.la $(SODIUM_LIBS) $(SYSTEMD_LIBS)
