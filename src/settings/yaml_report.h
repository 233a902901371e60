// SPDX-License-Identifier: GPL-3.0-or-later
/* What libyaml says, in words that help. */
#ifndef POSTCASK_YAML_REPORT_H
#define POSTCASK_YAML_REPORT_H

#include <yaml.h>

#include "settings/yaml_reader.h"

/* libyaml's place in the file. */
struct mark yaml_place(const struct yaml_input *input, yaml_mark_t mark);

/* Reports why parsing stopped, where that began and what to write. */
void yaml_report(const struct yaml_input *input, const yaml_parser_t *parser,
		 struct diagnostics *diagnostics);

/* Whether PyYAML's SafeLoader constructs values of the tag; it fails on others. */
bool yaml_tag_is_known(const char *tag);

#endif
