# Measurements for people; `make bench` runs them, `make check` does not.
EXTRA_PROGRAMS = %D%/watch
%C%_watch_SOURCES = %D%/watch.c
%C%_watch_LDADD = libuc-engine.la libuc-base.la
CLEANFILES += %D%/watch$(EXEEXT)
bench: %D%/watch$(EXEEXT)
	$(builddir)/%D%/watch
.PHONY: bench
