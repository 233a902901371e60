// SPDX-License-Identifier: GPL-3.0-or-later
/* What a plain YAML scalar means.  cloud-init reads user-data with PyYAML, which
 * is YAML 1.1: `no` is false, `0123` is 83, `12:30` is 750, `2024-01-01` is a
 * date.  This is the same decision (PyYAML 6 resolver.py and constructor.py),
 * so that the check on the host and the boot agree about every value. */
#ifndef POSTCASK_SCALAR_H
#define POSTCASK_SCALAR_H

#include "settings/node.h"

/* Sets node->kind and its value from node->text, a scalar written without
 * quotes and without a tag. */
void scalar_resolve(struct node *node);

/* True for integers that are written just so in JSON: an optional minus, no
 * leading zero, no `_`, `0x`, `0b`, `:` or `+`. */
bool scalar_integer_is_canonical(const struct node *node);

/* The value of a NODE_DECIMAL: `_` left out, base 60 by `:`, infinities and NaN. */
double scalar_decimal_value(const struct node *node);

#endif
