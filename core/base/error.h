/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one error domain of the core: few codes, by what the caller does about them. The message is a sentence
 * for a person: what, where, why, what to do.
 */
#pragma once

#include <glib.h>

typedef enum
{
  UC_ERROR_INVALID,         /* the request makes no sense; correct it */
  UC_ERROR_NOT_FOUND,       /* the thing named does not exist */
  UC_ERROR_DENIED,          /* this user may not */
  UC_ERROR_UNAUTHENTICATED, /* log in first */
  UC_ERROR_GONE,            /* too late: somebody else, or the clock, was faster */
  UC_ERROR_CONFLICT,        /* not in this state */
  UC_ERROR_BUSY,            /* overloaded, try again */
  UC_ERROR_UNAVAILABLE,     /* the store or a plugin can't be reached, try again */
  UC_ERROR_UNSUPPORTED,
  UC_ERROR_FAILED
} UcError;

#define UC_ERROR (uc_error_quark ())
GQuark uc_error_quark (void);

/* "invalid", "not_found", ...: the word used in JSON answers. Errors of other domains are "failed". */
const char *uc_error_word (const GError *error);
/* The HTTP status that says the same. */
int uc_error_http_status (const GError *error);
