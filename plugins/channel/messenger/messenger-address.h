/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which network addresses may be fetched from: nobody who writes to the page may make usher ask the site's own
 * machines. Main thread.
 */
#ifndef MESSENGER_ADDRESS_H
#define MESSENGER_ADDRESS_H

#include <gio/gio.h>

/* Whether it is an address of the public internet. */
gboolean messenger_address_is_public (GInetAddress *address);

/* A host to connect to, which resolves to public addresses only: what is checked is what is connected to, so a
 * name that changes its address in between gains nothing. The TLS certificate is still held against the name. It
 * is never reached through a proxy, which would resolve the name by itself. */
GSocketConnectable *messenger_address_new (const char *scheme, const char *host, guint16 port);

#endif
