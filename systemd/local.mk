# What systemd needs to run usher as a service. `make install` puts it where systemd looks for the prefix that was chosen.
unitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
unit_DATA = %D%/usherd.service
dist_unit_DATA = %D%/usherd.socket
sysusers_DATA = %D%/usher.conf
EXTRA_DIST += %D%/usherd.service.in %D%/usher.sysusers.in
CLEANFILES += %D%/usherd.service %D%/usher.conf
fill_in = $(MKDIR_P) $(@D) && sed 's|@sbindir[@]|$(sbindir)|g; s|@localstatedir[@]|$(localstatedir)|g' $< > $@.tmp && mv $@.tmp $@
%D%/usherd.service: %D%/usherd.service.in Makefile
	$(AM_V_GEN)$(fill_in)
%D%/usher.conf: %D%/usher.sysusers.in Makefile
	$(AM_V_GEN)$(fill_in)
