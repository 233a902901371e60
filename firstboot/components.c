#include "firstboot/components.h"

#include "base/cleanup.h"

const struct component components[] = {
	{.name = "postfix",
	 .files = {{"etc/postfix/main.cf", "postfix", 0644, NULL},
		   {"etc/postfix/master.cf", "postfix", 0644, NULL},
		   {"etc/postfix/domains", "table", 0644, NULL},
		   {"etc/postfix/mailboxes", "table", 0644, NULL},
		   {"etc/postfix/aliases", "table", 0644, NULL}},
	 .checker = {"postfix", "-c", "@/etc/postfix", "check"},
	 .reload_verb = "reload-or-restart",
	 .unit = "postfix.service"},
	{.name = "dovecot",
	 .files = {{"etc/dovecot/dovecot.conf", "dovecot", 0644, NULL},
		   {"etc/dovecot/users", "passwd", 0640, "dovecot"}},
	 .checker = {"doveconf", "-n", "-c", "@/etc/dovecot/dovecot.conf"},
	 .reload_verb = "reload-or-restart",
	 .unit = "dovecot.service"},
	{.name = "amavis",
	 .files = {{"etc/amavis/amavisd.conf", "perl", 0644, NULL}},
	 .checker = {"amavisd", "-c", "@/etc/amavis/amavisd.conf", "test-config"},
	 .reload_verb = "restart",
	 .unit = "amavis.service"},
	{.name = "clamav",
	 .files = {{"etc/clamav/clamd.conf", "clamd", 0644, NULL},
		   {"etc/clamav/freshclam.conf", "clamd", 0644, NULL}},
	 .reload_verb = "restart",
	 .unit = "clamav-daemon.service"},
	{.name = "unbound",
	 .files = {{"etc/unbound/unbound.conf.d/postcask.conf", "unbound", 0644, NULL}},
	 .checker = {"unbound-checkconf", "@/etc/unbound/unbound.conf.d/postcask.conf"},
	 .reload_verb = "reload-or-restart",
	 .unit = "unbound.service"},
	{.name = "timesync",
	 .files = {{"etc/systemd/timesyncd.conf.d/postcask.conf", "plain", 0644, NULL}},
	 .reload_verb = "try-restart",
	 .unit = "systemd-timesyncd.service"},
};

const size_t component_count = ARRAY_SIZE(components);
