# SPDX-License-Identifier: GPL-3.0-or-later
# The rows of the table of components, in the order of their numbers, as one macro:
#
#	#define COMPONENT_ROWS(row) row(postfix) row(dovecot) ...
FNR == 1 { number = "" }
/^\/\/ Row [0-9]+ of the table\.$/ { number = $3 }
/^const struct component component_[a-z_]+ = \{/ {
	if (number == "") {
		print FILENAME ": has no line \"// Row N of the table.\"" > "/dev/stderr"
		exit failed = 1
	}
	if (number in names) {
		print FILENAME ": row " number " is that of " names[number] > "/dev/stderr"
		exit failed = 1
	}
	names[number] = substr($4, length("component_") + 1)
	if (number + 0 > last)
		last = number + 0
}
END {
	if (failed)
		exit 1
	printf "#define COMPONENT_ROWS(row)"
	for (i = 1; i <= last; i++)
		if (i in names)
			printf " row(%s)", names[i]
	print ""
}
