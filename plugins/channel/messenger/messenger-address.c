/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which network addresses may be fetched from: nobody who writes to the page may make usher ask the site's own
 * machines. A GNetworkAddress (so that TLS knows the name) whose enumerator leaves out what is not public. Main
 * thread.
 */
#include "messenger-address.h"

#include <string.h>

/* ---- public or not ------------------------------------------------------------------------------------- */

/* The special-purpose registries of IANA, and multicast. */
static const char *const special[] = {
  "0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
  "192.0.0.0/24",   "192.0.2.0/24",  "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
  "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::/8",           "64:ff9b:1::/48", "100::/64",
  "2001::/23",      "2001:db8::/32", "3fff::/20",      "5f00::/16",      "fc00::/7",       "fe80::/10",
  "fec0::/10",      "ff00::/8",
};

/* Where an IPv6 address carries an IPv4 one: that is where the packets go. NULL = it carries none. */
static GInetAddress *
inner_address (GInetAddress *address)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff }, nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  if (memcmp (bytes, mapped, sizeof mapped) == 0 || memcmp (bytes, nat64, sizeof nat64) == 0)
    return g_inet_address_new_from_bytes (bytes + 12, G_SOCKET_FAMILY_IPV4);
  if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4 */
    return g_inet_address_new_from_bytes (bytes + 2, G_SOCKET_FAMILY_IPV4);
  return NULL;
}

gboolean
messenger_address_is_public (GInetAddress *address)
{
  g_autoptr (GInetAddress) inner = inner_address (address);

  if (inner != NULL)
    return messenger_address_is_public (inner);
  for (gsize i = 0; i < G_N_ELEMENTS (special); i++)
    {
      g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (special[i], NULL);

      if (g_inet_address_mask_matches (mask, address))
        return FALSE;
    }
  return TRUE;
}

static gboolean
may_connect (GSocketAddress *address)
{
  return G_IS_INET_SOCKET_ADDRESS (address)
         && messenger_address_is_public (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

/* ---- the enumerator ------------------------------------------------------------------------------------ */

typedef struct
{
  GSocketAddressEnumerator parent;
  GSocketAddressEnumerator *all;
  gboolean given, refused; /* so far */
} MessengerEnumerator;
typedef GSocketAddressEnumeratorClass MessengerEnumeratorClass;

static GType messenger_enumerator_get_type (void);
G_DEFINE_TYPE (MessengerEnumerator, messenger_enumerator, G_TYPE_SOCKET_ADDRESS_ENUMERATOR)

/* Takes the address. TRUE: it is the answer (also NULL, the end, and then maybe with an error). */
static gboolean
take (MessengerEnumerator *self, GSocketAddress **address, GError **error)
{
  if (*address != NULL && !may_connect (*address))
    {
      self->refused = TRUE;
      g_clear_object (address);
      return FALSE;
    }
  if (*address != NULL)
    self->given = TRUE;
  else if (*error == NULL && self->refused && !self->given)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                         "its address is not on the public internet");
  return TRUE;
}

static GSocketAddress *
enumerator_next (GSocketAddressEnumerator *enumerator, GCancellable *cancellable, GError **error)
{
  MessengerEnumerator *self = (MessengerEnumerator *)enumerator;
  GError *failed = NULL;
  GSocketAddress *address;

  do
    address = g_socket_address_enumerator_next (self->all, cancellable, &failed);
  while (!take (self, &address, &failed));
  if (failed != NULL)
    g_propagate_error (error, failed);
  return address;
}

static void
on_next (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  MessengerEnumerator *self = g_task_get_source_object (task);
  GCancellable *cancellable = g_task_get_cancellable (task);
  GError *error = NULL;
  GSocketAddress *address = g_socket_address_enumerator_next_finish (self->all, result, &error);

  if (!take (self, &address, &error))
    g_socket_address_enumerator_next_async (self->all, cancellable, on_next, g_steal_pointer (&task));
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, address, g_object_unref);
}

static void
enumerator_next_async (GSocketAddressEnumerator *enumerator, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer data)
{
  MessengerEnumerator *self = (MessengerEnumerator *)enumerator;

  g_socket_address_enumerator_next_async (self->all, cancellable, on_next,
                                          g_task_new (enumerator, cancellable, callback, data));
}

static GSocketAddress *
enumerator_next_finish (GSocketAddressEnumerator *enumerator, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
enumerator_dispose (GObject *object)
{
  g_clear_object (&((MessengerEnumerator *)object)->all);
  G_OBJECT_CLASS (messenger_enumerator_parent_class)->dispose (object);
}

static void
messenger_enumerator_class_init (MessengerEnumeratorClass *class)
{
  class->next = enumerator_next;
  class->next_async = enumerator_next_async;
  class->next_finish = enumerator_next_finish;
  G_OBJECT_CLASS (class)->dispose = enumerator_dispose;
}

static void
messenger_enumerator_init (MessengerEnumerator *self)
{
}

/* ---- the connectable ----------------------------------------------------------------------------------- */

typedef GNetworkAddress MessengerAddress;
typedef GNetworkAddressClass MessengerAddressClass;

static GType messenger_address_get_type (void);
static void address_interface (GSocketConnectableIface *interface);
G_DEFINE_TYPE_WITH_CODE (MessengerAddress, messenger_address, G_TYPE_NETWORK_ADDRESS,
                         G_IMPLEMENT_INTERFACE (G_TYPE_SOCKET_CONNECTABLE, address_interface))

static GSocketConnectableIface *network_address; /* the type's own, which is the same for the process's life */

static GSocketAddressEnumerator *
address_enumerate (GSocketConnectable *connectable)
{
  MessengerEnumerator *self = g_object_new (messenger_enumerator_get_type (), NULL);

  self->all = network_address->enumerate (connectable);
  return G_SOCKET_ADDRESS_ENUMERATOR (self);
}

static void
address_interface (GSocketConnectableIface *interface)
{
  network_address = g_type_interface_peek_parent (interface);
  interface->enumerate = address_enumerate;
  interface->proxy_enumerate = address_enumerate;
}

static void
messenger_address_class_init (MessengerAddressClass *class)
{
}

static void
messenger_address_init (MessengerAddress *self)
{
}

GSocketConnectable *
messenger_address_new (const char *scheme, const char *host, guint16 port)
{
  return g_object_new (messenger_address_get_type (), "scheme", scheme, "hostname", host, "port", port, NULL);
}
