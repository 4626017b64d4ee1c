noinst_LTLIBRARIES += libuc-engine.la
libuc_engine_la_SOURCES = %D%/engine.h
libuc_engine_la_LIBADD = libuc-base.la
