#include "settings/manual.h"

#include <string.h>

#include "settings/explain.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "settings/types.h"

static const char head[] =
    ".TH POSTCASK\\-SETTINGS 5 \"\" \"postcask " POSTCASK_VERSION "\" \"File formats\"\n"
    ".SH NAME\n"
    "postcask\\-settings \\- the mail server as cloud\\-init user\\-data describes it\n"
    ".SH SYNOPSIS\n"
    ".nf\n"
    "#cloud\\-config\n"
    "fqdn: mail.example.org\n"
    "mail:\n"
    "  domains: [example.org]\n"
    "  users:\n"
    "    \\- address: alice@example.org\n"
    "      password_hash: \"$y$...\"\n"
    ".fi\n"
    ".SH DESCRIPTION\n"
    "The settings of a postcask machine are the mapping\n"
    ".B mail\n"
    "of its cloud\\-config user\\-data, together with cloud\\-init's own key\n"
    ".B fqdn\n"
    "(or a\n"
    ".B hostname\n"
    "with dots). They describe the machine completely: the same file gives the same\n"
    "server, and nothing on it is configured anywhere else.\n"
    ".PP\n"
    "A file is accepted whole or refused whole.\n"
    ".B postcask check\n"
    ".I FILE\n"
    "tells on any host, without privileges, what is wrong with one and what to write\n"
    "instead; the machine itself judges by the same rules, keeps its old settings when it\n"
    "refuses new ones, and at its first boot stays closed but for ssh.\n"
    ".PP\n"
    "The first user is the postmaster where\n"
    ".B postmaster\n"
    "names nobody else. Make a password hash by\n"
    ".B mkpasswd \\-m yescrypt\n"
    "(package whois) and write it in quotes.\n"
    ".SH WRITING YAML\n"
    "cloud\\-init reads YAML 1.1, which takes some plain words for something else. Each of\n"
    "these is refused with its place, never taken silently for what it was not meant to be:\n"
    ".IP \\(bu 3\n"
    "text without quotes that reads as a number, a date or true and false: write \"no\",\n"
    "\"0123\", \"2024\\-01\\-01\" in quotes. Where true or false is expected, yes, no, on and off\n"
    "mean them, as in YAML 1.1;\n"
    ".IP \\(bu 3\n"
    "numbers written 0123 (octal), 0x1f, 0b1, 1_000 or 12:30 (base 60): write decimal digits;\n"
    ".IP \\(bu 3\n"
    "a key that stands twice, of which cloud\\-init would keep the last;\n"
    ".IP \\(bu 3\n"
    "anchors (&), aliases (*), merge keys (<<) and tags (!) inside\n"
    ".BR mail ;\n"
    ".IP \\(bu 3\n"
    "several documents, text that is not UTF\\-8, a byte order mark, NUL and other control\n"
    "characters; a value of one line is one line, of printable characters;\n"
    ".IP \\(bu 3\n"
    "a key with nothing after the colon: leave it out, or write a value;\n"
    ".IP \\(bu 3\n"
    "unknown keys, and keys of later versions.\n"
    ".PP\n"
    "In other parts of the cloud\\-config only what makes cloud\\-init drop the whole file is\n"
    "an error; a key that stands twice there is a warning.\n"
    ".PP\n"
    "User\\-data may be gzipped, or a MIME multi\\-part message: a later\n"
    ".B #cloud\\-config\n"
    "part replaces top\\-level keys of earlier ones whole, as cloud\\-init merges them. Scripts\n"
    "are passed over. Includes, Jinja templates, JSON patches, cloud\\-config archives, part\n"
    "handlers and parts with a merge type of their own cannot be judged before the boot: a\n"
    "warning beside settings, an error when there are none. Vendor\\-data is not seen.\n"
    ".PP\n";

static const char types_head[] = ".SH TYPES\n";

static const char tail[] =
    ".SH WHAT KEYS MEAN TOGETHER\n"
    ".IP \\(bu 3\n"
    "Users and aliases are in one of the\n"
    ".BR domains ;\n"
    "aliases may also be in the hostname. No two of them are equal, whatever their case.\n"
    ".IP \\(bu 3\n"
    "An alias leads, over at most 50 others, to users or to addresses elsewhere, never back\n"
    "to itself. An address in one of the domains must exist.\n"
    ".IP \\(bu 3\n"
    "The hostname may be one of the domains; its mail is then handled as the domain's.\n"
    ".IP \\(bu 3\n"
    ".B tls.certificate\n"
    "and\n"
    ".B tls.key\n"
    "come together, belong to each other, name the hostname and are valid now.\n"
    ".IP \\(bu 3\n"
    ".B filter.spam.tag_level\n"
    "is not above\n"
    ".BR filter.spam.spam_level .\n"
    ".SH DIAGNOSTICS\n"
    "Each message is one line on standard error,\n"
    ".IP\n"
    ".RI \"postcask: \" FILE : LINE : COLUMN \": \" \"what is wrong\" \"; \" \"what to write\"\n"
    ".PP\n"
    "with columns counted in characters; a warning has the word\n"
    ".I warning:\n"
    "after the place and does not refuse the file. All are printed at once, the first 200 of\n"
    "a kind, without the value of a secret. In a part that was encoded in the file, lines\n"
    "count from the part's own beginning and the name says which part.\n"
    ".SH FILES\n"
    ".TP\n"
    ".I /var/lib/cloud/instance/user\\-data.txt\n"
    "The user\\-data of this machine, as it was given.\n"
    ".TP\n"
    ".I /run/cloud\\-init/combined\\-cloud\\-config.json\n"
    "cloud\\-init's merged user\\-data and vendor\\-data, from which the settings are taken.\n"
    ".SH SEE ALSO\n"
    ".BR postcask (8),\n"
    ".BR postcask\\-firstboot (8),\n"
    ".BR cloud\\-init (1),\n"
    ".BR mkpasswd (1),\n"
    ".BR crypt (5)\n";

/* Text for roff: nothing in it is a request or an escape. */
static void add_roff(struct buffer *buffer, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c == '\\')
			buffer_add_text(buffer, "\\e");
		else if (*c == '-')
			buffer_add_text(buffer, "\\-");
		else if ((*c == '.' || *c == '\'') && (c == text || c[-1] == '\n'))
			buffer_addf(buffer, "\\&%c", *c);
		else
			buffer_add_char(buffer, *c);
	}
}

static void add_key(struct buffer *buffer, const struct setting *setting)
{
	struct buffer type = BUFFER_INIT;

	explain_type(&type, setting);
	buffer_add_text(buffer, ".TP\n.B ");
	add_roff(buffer, setting->path);
	buffer_add_text(buffer, "\n.RI ( \"");
	add_roff(buffer, buffer_text(&type));
	buffer_add_text(buffer, "\" )\n.br\n");
	add_roff(buffer, setting->documentation);
	if (setting->example && setting->type != TYPE_CHOICE) {
		buffer_add_text(buffer, "\n.br\nExample: ");
		add_roff(buffer, setting->example);
	}
	buffer_add_char(buffer, '\n');
	buffer_free(&type);
}

static void add_keys(struct buffer *buffer)
{
	buffer_add_text(buffer, ".SH KEYS\nA dot stands for a mapping inside a mapping, [] for the "
				"items of a list.\n");
	for (size_t i = 0; i < settings_table_count; i++)
		if (!(settings_table[i].flags & SETTING_LATER))
			add_key(buffer, &settings_table[i]);
}

/* Each type that a key of this version has. */
static void add_types(struct buffer *buffer)
{
	bool done[TYPE_COUNT] = {false};

	buffer_add_text(buffer, types_head);
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct type *type = type_of(settings_table[i].type);

		if (done[settings_table[i].type] || settings_table[i].flags & SETTING_LATER)
			continue;
		done[settings_table[i].type] = true;
		buffer_addf(buffer, ".TP\n.I %s\n", type->name);
		add_roff(buffer, type->description);
		buffer_add_char(buffer, '\n');
	}
}

static void add_limits(struct buffer *buffer)
{
	buffer_addf(buffer,
		    ".SH LIMITS\n"
		    "%u MiB of user\\-data, also after gunzip; %d mappings and lists inside each "
		    "other; %d values inside\n.B mail\nand %u MiB for one of them.\n",
		    SETTINGS_SIZE_LIMIT >> 20, SETTINGS_DEPTH_LIMIT, SETTINGS_NODES_LIMIT,
		    SETTINGS_SCALAR_LIMIT >> 20);
}

static void add_later(struct buffer *buffer)
{
	buffer_add_text(buffer, ".SH KEYS OF LATER VERSIONS\n"
				"These are planned, and refused as not available in this version:\n"
				".PP\n.ad l\n.hy 0\n");
	for (size_t i = 0; i < settings_table_count; i++) {
		if (!(settings_table[i].flags & SETTING_LATER))
			continue;
		buffer_add_text(buffer, ".B ");
		add_roff(buffer, settings_table[i].path);
		buffer_add_char(buffer, '\n');
	}
	buffer_add_text(buffer, ".hy\n.ad\n");
}

void manual_write(struct buffer *buffer)
{
	buffer_add_text(buffer, head);
	add_keys(buffer);
	add_types(buffer);
	add_limits(buffer);
	buffer_add_text(buffer, tail);
	add_later(buffer);
}
