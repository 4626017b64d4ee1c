bin_PROGRAMS += usherctl
usherctl_SOURCES = \
	%D%/ask.c \
	%D%/backup.c \
	%D%/call.c \
	%D%/ctl.h \
	%D%/drain.c \
	%D%/journal.c \
	%D%/main.c \
	%D%/metrics.c \
	%D%/outbox.c \
	%D%/plugin.c \
	%D%/plugin-check.c \
	%D%/plugin-new.c \
	%D%/plugin-running.c \
	%D%/status.c \
	%D%/why.c
usherctl_CFLAGS = $(AM_CFLAGS) $(SOUP_CFLAGS)
usherctl_LDADD = libuc-check.la libuc-verify.la libuc-engine.la libuc-store.la libuc-plugin.la libuc-base.la $(SOUP_LIBS)

# What `usherctl plugin new` makes plugins of.
templatesdir = $(pkgdatadir)/plugin-new
template_commondir = $(templatesdir)/common
dist_template_common_DATA = %D%/templates/common/Makefile %D%/templates/common/gitignore %D%/templates/common/testing.sh
template_files = README.md new-plugin.c new-plugin.conf test.sh
template_channeldir = $(templatesdir)/channel
dist_template_channel_DATA = $(addprefix %D%/templates/channel/,$(template_files))
template_crmdir = $(templatesdir)/crm
dist_template_crm_DATA = $(addprefix %D%/templates/crm/,$(template_files))
template_frontenddir = $(templatesdir)/frontend
dist_template_frontend_DATA = $(addprefix %D%/templates/frontend/,$(template_files))
