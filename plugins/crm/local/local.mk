if PLUGIN_LOCAL
endif
