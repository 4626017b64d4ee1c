# More than the daemon can take, and clients that do not read.
check_PROGRAMS += %D%/flood
%C%_flood_SOURCES = %D%/flood.c
EXTRA_DIST += %D%/overload.mjs
if HAVE_NODE
if PLUGIN_LOCAL
if PLUGIN_WEB
if PLUGIN_WEBCHAT
TESTS += %D%/overload.mjs
endif
endif
endif
endif
