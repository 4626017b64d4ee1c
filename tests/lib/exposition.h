/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A strict reader of Prometheus' text format (0.0.4), for tests of what the daemon writes. It knows nothing of
 * core/base/metrics.c.
 */
#pragma once

#include <glib.h>

/* Samples by name with labels as they were written (`usher_x{a="b"}`), value as double*. NULL and the first line
 * that is wrong in *why (freed by the caller): names, escapes, values, HELP and TYPE once and before their
 * samples, samples of a family together and none twice, counters not negative and called _total, histograms that
 * add up.
 */
GHashTable *exposition_read (const char *text, char **why);
/* The value; the test fails when there is none. */
double exposition_value (GHashTable *samples, const char *name);
/* The value of a label, without its escapes; NULL = the sample (as written) has no such label. */
char *exposition_label (const char *sample, const char *label);
