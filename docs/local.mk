# Manual pages: POD beside what it describes, NAME.SECTION.pod here and usher-NAME-plugin.pod in a plugin's folder.
manual_pages = %D%/usher-plugin-host.8 %D%/usher.conf.5 %D%/usherctl.1 %D%/usherd.8 \
	%D%/usher-channel.3 %D%/usher-crm.3 %D%/usher-frontend.3 %D%/usher-plugin.3
EXTRA_DIST += $(manual_pages:=.pod) \
	%D%/architecture.md \
	%D%/coding.md \
	%D%/example-plugin/.gitignore %D%/example-plugin/Makefile %D%/example-plugin/README.md \
	%D%/example-plugin/linechat.c %D%/example-plugin/linechat.conf %D%/example-plugin/test.sh \
	%D%/example-plugin/testing.sh %D%/tutorial.md \
	%D%/demo/centre.batch %D%/demo/demo.mjs %D%/demo/shop.html \
	%D%/demo/simulate.mjs %D%/demo/usher.conf.in %D%/desktop.png \
	%D%/desk-protocol.md \
	%D%/guide/administrator.md %D%/guide/agent.md %D%/guide/pictures.mjs \
	%D%/guide/case.png %D%/guide/chat.png %D%/guide/codes.png %D%/guide/faq.png %D%/guide/new-customer.png \
	%D%/guide/offer.png %D%/guide/playback.png %D%/guide/save.png %D%/guide/status.png %D%/guide/wrap-up.png \
	%D%/isolation.md %D%/performance.md %D%/reliability.md %D%/roadmap.md
dist_doc_DATA = README.md NEWS LICENSE %D%/isolation.md

# A configuration to begin with; those of the plugins are parts for its folder conf.d.
examplesdir = $(docdir)/examples
dist_examples_DATA = %D%/usher.conf
partsdir = $(examplesdir)/conf.d
dist_parts_DATA = $(foreach plugin,$(plugin_LTLIBRARIES),$(basename $(plugin)).conf)

# A plugin's page goes with the plugin.
plugin_pages = $(foreach plugin,$(plugin_LTLIBRARIES),$(dir $(plugin))usher-$(basename $(notdir $(plugin)))-plugin.7)
man_MANS += $(manual_pages)
man7_MANS += $(plugin_pages)
CLEANFILES += $(manual_pages) $(plugin_pages)

# The folders of this installation are filled in; the date is left out, so that a build can be repeated.
make_page = $(MKDIR_P) $(@D) && \
	sed -e 's|@localstatedir[@]|$(localstatedir)|g; s|@sysconfdir[@]|$(sysconfdir)|g; s|@plugindir[@]|$(plugindir)|g; s|@docdir[@]|$(docdir)|g; s|@pkglibexecdir[@]|$(pkglibexecdir)|g' $< | \
	$(POD2MAN) --utf8 --errors=die --center=usher --release='usher $(VERSION)' --date '' \
	  --section=$(subst .,,$(suffix $@)) --name="`echo $(basename $(@F)) | tr a-z A-Z`" - $@.tmp && mv $@.tmp $@
$(filter-out %/usher.conf.5,$(manual_pages)): %: %.pod
	$(AM_V_GEN)$(make_page)

# usher.conf(5) ends with all settings, as the programs themselves tell them.
noinst_PROGRAMS += %D%/settings
%C%_settings_SOURCES = %D%/settings.c
%C%_settings_LDADD = libuc-plugin.la libuc-base.la
%D%/settings.pod: %D%/settings$(EXEEXT) $(plugin_LTLIBRARIES)
	$(AM_V_GEN)ASAN_OPTIONS=detect_leaks=0 %D%/settings$(EXEEXT) $(plugin_LTLIBRARIES) | \
	  sed 's|$(plugindir)|@plugindir@|g; s|$(localstatedir)|@localstatedir@|g' > $@.tmp && mv $@.tmp $@
%D%/usher.conf.5.whole.pod: %D%/usher.conf.5.pod %D%/settings.pod
	$(AM_V_at)sed '/^=head1 FILES/,$$d' $(srcdir)/%D%/usher.conf.5.pod > $@.tmp && cat %D%/settings.pod >> $@.tmp && \
	  sed -n '/^=head1 FILES/,$$p' $(srcdir)/%D%/usher.conf.5.pod >> $@.tmp && mv $@.tmp $@
%D%/usher.conf.5: %D%/usher.conf.5.whole.pod
	$(AM_V_GEN)$(make_page)
CLEANFILES += %D%/settings.pod %D%/usher.conf.5.whole.pod
%-plugin.7: %-plugin.pod
	$(AM_V_GEN)$(make_page)
