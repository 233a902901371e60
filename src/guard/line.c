// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/line.h"

enum { SHOWN_NAME = 64 };

/* What stands after the last `mark`, and the text without both; false when there is none. */
static bool cut_last(struct slice *text, struct slice mark, struct slice *ret_after)
{
	for (size_t at = text->size; at-- > 0;) {
		struct slice rest = {text->at + at, text->size - at};

		if (!slice_skip(&rest, mark))
			continue;
		*ret_after = rest;
		text->size = at;
		return true;
	}
	return false;
}

static bool cut_end(struct slice *text, struct slice end)
{
	if (!slice_ends(*text, end))
		return false;
	text->size -= end.size;
	return true;
}

static bool is_port(struct slice text)
{
	long long port;

	return slice_number(&text, &port) && text.size == 0 && port < 65536;
}

static void describe(struct judge_try *try, const char *what, struct slice name)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, what);
	slice_add(&text, name, SHOWN_NAME);
	slice_copy((struct slice){buffer_text(&text), text.size}, try->what, sizeof(try->what));
}

/* "... from ADDRESS port NUMBER", or "... ADDRESS port NUMBER" where `mark` is a blank. */
static bool take_address(struct slice *text, struct slice mark, struct network *ret)
{
	struct slice port, address;

	return cut_last(text, SLICE(" port "), &port) && is_port(port) &&
	       cut_last(text, mark, &address) && network_take(address, ret);
}

/* sshd's own words, of auth.c, packet.c:
 *
 *	Failed password for NAME from ADDRESS port NUMBER ssh2
 *	Invalid user NAME from ADDRESS port NUMBER
 *	Connection closed by authenticating user NAME ADDRESS port NUMBER [preauth]
 *	Disconnected from authenticating user NAME ADDRESS port NUMBER [preauth]
 *
 * Of names that are none ("Failed password for invalid user ...") the second has told already. */
static bool read_sshd(const struct judge *judge, struct slice text, struct network *ret_network,
		      struct judge_try *ret_try)
{
	static const struct {
		const char *begin, *end, *mark;
		bool each; /* counts, for which password it was nobody says */
	} LINES[] = {
	    {"Failed password for ", " ssh2", " from ", true},
	    {"Invalid user ", "", " from ", false},
	    {"Connection closed by authenticating user ", " [preauth]", " ", false},
	    {"Disconnected from authenticating user ", " [preauth]", " ", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(LINES); i++) {
		struct slice rest = text;

		if (!slice_skip(&rest, slice_of(LINES[i].begin)))
			continue;
		if (!cut_end(&rest, slice_of(LINES[i].end)) ||
		    !take_address(&rest, slice_of(LINES[i].mark), ret_network) ||
		    slice_starts(rest, SLICE("invalid user ")))
			return false;
		ret_try->thing = LINES[i].each ? 0 : judge_thing(judge, SLICE("ssh"), rest);
		describe(ret_try, "failed login by ssh as ", rest);
		return true;
	}
	return false;
}

/* PREGREET COUNT after SECONDS from [ADDRESS]:PORT: TEXT.  Who talks before it is greeted is no
 * mail server; what it said, which is its own choice, comes last. */
static bool read_postscreen(struct slice text, struct network *ret_network,
			    struct judge_try *ret_try)
{
	struct slice count, seconds, address;
	long long bytes;

	if (!slice_skip(&text, SLICE("PREGREET ")) ||
	    !slice_until(&text, SLICE(" after "), &count) || !slice_number(&count, &bytes) ||
	    count.size > 0 || !slice_until(&text, SLICE(" from ["), &seconds) || seconds.size > 8 ||
	    !slice_until(&text, SLICE("]:"), &address) || !network_take(address, ret_network))
		return false;
	ret_try->thing = 0;
	describe(ret_try, "talked on port 25 before it was greeted", (struct slice){"", 0});
	return true;
}

bool line_read(const struct judge *judge, enum line_source source, struct slice text,
	       struct network *ret_network, struct judge_try *ret_try)
{
	return source == LINE_SSHD ? read_sshd(judge, text, ret_network, ret_try)
				   : read_postscreen(text, ret_network, ret_try);
}
