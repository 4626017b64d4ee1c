/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The setting allowed_origins: which sites may show the widget or speak its protocol. Pure; any thread.
 */
#ifndef WEBCHAT_ORIGIN_H
#define WEBCHAT_ORIGIN_H

#include <glib.h>

typedef struct
{
  GPtrArray *patterns; /* of char*, normalized, maybe with a "*." host */
  gboolean any;        /* "*" */
} WebchatOrigins;

/* Reads the setting. FALSE: *why says which value is wrong and what to write instead. */
gboolean webchat_origins_parse (WebchatOrigins *origins, const char *const *list, char **why);
void webchat_origins_clear (WebchatOrigins *origins);
/* Whether a request with header Origin: `origin` may be served. `own`: the origin under which the client sees this
 * server; the widget's own frame lives there. */
gboolean webchat_origins_allow (const WebchatOrigins *origins, const char *own, const char *origin);
/* The source list of the frame-ancestors directive. */
char *webchat_origins_ancestors (const WebchatOrigins *origins);
/* scheme://host[:port] in lower case without a default port; NULL when text is no origin. "*." may begin the host.
 */
char *webchat_origin_normalize (const char *text);

#endif
