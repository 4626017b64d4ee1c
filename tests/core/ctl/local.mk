dist_noinst_SCRIPTS += %D%/test-plugin-new.sh
TESTS += %D%/test-plugin-new.sh
