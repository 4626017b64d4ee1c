/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an answer of the Graph API means for us: its table of errors, and its rate headers. Pure functions, any
 * thread.
 */
#ifndef MESSENGER_ERROR_H
#define MESSENGER_ERROR_H

#include <usher/usher.h>

#include <glib.h>

/* Why, beyond the class, where something must be done about it. */
typedef enum
{
  MESSENGER_FAULT_NONE = 0,
  MESSENGER_FAULT_UNREACHABLE, /* no answer, and the request had not left */
  MESSENGER_FAULT_NOT_GRAPH,   /* something answered that is not the Graph API */
  MESSENGER_FAULT_MAYBE_BLOCK, /* code 2: a hiccup, or the person blocked the page */
  MESSENGER_FAULT_RATE,        /* a limit of the account */
  MESSENGER_FAULT_RATE_ONE,    /* a limit that may be one conversation's */
  MESSENGER_FAULT_RESTRICTED,  /* the page is restricted for a while */
  MESSENGER_FAULT_TOKEN,       /* the token is no good */
  MESSENGER_FAULT_PERMISSION   /* the token may not do this */
} MessengerFault;

typedef struct
{
  guint http; /* HTTP status */
  /* From the error object; 0 = none. */
  gint64 code, subcode;
  gboolean transient;
} MessengerError;

typedef struct
{
  UsherStatus status;
  MessengerFault fault;
} MessengerVerdict;

/* By (code, subcode), then is_transient, then the HTTP status. Never USHER_OK. */
MessengerVerdict messenger_error_judge (const MessengerError *error);
/* Milliseconds to wait by the headers X-Business-Use-Case-Usage and X-App-Usage (NULL = not there); 0 = they name
 * no limit that is reached. */
gint64 messenger_error_wait (const char *business_usage, const char *app_usage);

#endif
