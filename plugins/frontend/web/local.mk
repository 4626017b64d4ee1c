if PLUGIN_WEB
endif
