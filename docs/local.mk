# Manual pages: POD beside what it describes, NAME.SECTION.pod here and usher-NAME-plugin.pod in a plugin's folder.
manual_pages = %D%/usher.conf.5 %D%/usherctl.1 %D%/usherd.8
EXTRA_DIST += $(manual_pages:=.pod) \
	%D%/architecture.md \
	%D%/coding.md \
	%D%/demo/centre.batch %D%/demo/demo.mjs %D%/demo/screenshot.mjs %D%/demo/shop.html \
	%D%/demo/simulate.mjs %D%/demo/usher.conf.in %D%/desktop.png \
	%D%/desk-protocol.md \
	%D%/roadmap.md
dist_doc_DATA = README.md NEWS LICENSE

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
	sed -e 's|@localstatedir[@]|$(localstatedir)|g; s|@sysconfdir[@]|$(sysconfdir)|g; s|@plugindir[@]|$(plugindir)|g; s|@docdir[@]|$(docdir)|g' $< | \
	$(POD2MAN) --utf8 --errors=die --center=usher --release='usher $(VERSION)' --date '' \
	  --section=$(subst .,,$(suffix $@)) --name="`echo $(basename $(@F)) | tr a-z A-Z`" - $@.tmp && mv $@.tmp $@
$(manual_pages): %: %.pod
	$(AM_V_GEN)$(make_page)
%-plugin.7: %-plugin.pod
	$(AM_V_GEN)$(make_page)
