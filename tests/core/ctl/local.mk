dist_noinst_SCRIPTS += %D%/test-plugin-new.sh %D%/test-usage.sh
TESTS += %D%/test-plugin-new.sh %D%/test-usage.sh
