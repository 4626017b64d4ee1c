# Manual pages: POD beside what it describes, NAME.pod here and usher-NAME-plugin.pod in a plugin's folder. The pages
# go into the tarball.
man_pages = \
	%D%/usher.conf.5 \
	%D%/usherctl.1 \
	%D%/usherd.8

dist_man_MANS = $(man_pages)
EXTRA_DIST += $(man_pages:=.pod) \
	%D%/architecture.md \
	%D%/coding.md \
	%D%/desk-protocol.md \
	%D%/roadmap.md
MAINTAINERCLEANFILES = $(man_pages)
dist_doc_DATA = README.md NEWS LICENSE

# The section is the ending of the page's name; the date is left out, so that a build can be repeated.
$(man_pages): %: %.pod
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	  $(POD2MAN) --utf8 --errors=die --center=usher --release='usher $(VERSION)' --date '' \
	    --section=$(patsubst .%,%,$(suffix $@)) --name="`echo $(basename $(@F)) | tr a-z A-Z`" $< $@.tmp && \
	  mv $@.tmp $@
