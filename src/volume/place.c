// SPDX-License-Identifier: GPL-3.0-or-later
#include "volume/place.h"

#include <string.h>

#include "base/cleanup.h"

const struct place places[] = {
    {"/var/vmail", "mail waits in the queue, and nobody can read theirs", {"dovecot.service"}},
    {"/var/spool/postfix",
     "no mail is taken, and nobody can log in",
     {"postfix.service", "dovecot.service"}},
    {"/var/lib/postfix", "no mail is taken", {"postfix.service"}},
    {"/var/lib/postcask",
     "the settings are not there, or not all that is kept beside them, and "
     "mail is not taken or waits",
     {"amavis.service", "postcask-account.service", "unbound.service",
      "systemd-timesyncd.service"}},
    {"/var/lib/amavis", "mail waits in the queue", {"amavis.service"}},
    {"/var/lib/clamav",
     "mail waits in the queue",
     {"clamav-daemon.service", "clamav-freshclam.service"}},
};
const size_t place_count = ARRAY_SIZE(places);

const struct mail_place mail_places[] = {
    {"/var/vmail", "mail of this machine's users", true},
    {"/var/spool/postfix/maildrop", "mail that waits", false},
    {"/var/spool/postfix/incoming", "mail that waits", false},
    {"/var/spool/postfix/active", "mail that waits", false},
    {"/var/spool/postfix/deferred", "mail that waits", false},
    {"/var/spool/postfix/hold", "mail that waits", false},
    {"/var/lib/postcask/quarantine", "quarantined mail", false},
    {"/var/lib/postcask/released", "quarantined mail", false},
};
const size_t mail_place_count = ARRAY_SIZE(mail_places);

bool path_covers(const char *folder, const char *path)
{
	size_t size = strlen(folder);

	return strncmp(folder, path, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

bool place_contains(const char *mount_point)
{
	for (size_t i = 0; i < place_count; i++)
		if (path_covers(places[i].path, mount_point))
			return true;
	return false;
}

const struct place *place_next(const char *mount_point, const struct place *previous)
{
	for (size_t i = previous ? (size_t)(previous - places) + 1 : 0; i < place_count; i++)
		if (path_covers(mount_point, places[i].path) ||
		    path_covers(places[i].path, mount_point))
			return &places[i];
	return NULL;
}
