/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of routes: a hash per kind of listener, from the whole path to what lives there. Prefix routes are
 * found by cutting the path at its slashes, so a look-up costs as many steps as the path has parts. Main thread.
 */
#include "core/net/private.h"

#include <string.h>

#include "core/base/error.h"

#define DEFAULT_MAX_BODY (64 * 1024)
#define USES (USHER_ROUTE_HTTP | USHER_ROUTE_WEBSOCKET)

/* The place of a kind's table. */
#define BIT(kind) (g_bit_nth_lsf ((kind), -1))

struct UcNetRoutes
{
  GHashTable *paths[3]; /* by the bit of UcListenKind: path -> GPtrArray of UcNetRoute, no two with the same use */
};

static void
route_free (gpointer data)
{
  UcNetRoute *route = data;

  g_free (route->path);
  g_free (route);
}

UcNetRoutes *
uc_net_routes_new (void)
{
  UcNetRoutes *routes = g_new0 (UcNetRoutes, 1);

  for (guint i = 0; i < G_N_ELEMENTS (routes->paths); i++)
    routes->paths[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  return routes;
}

void
uc_net_routes_free (UcNetRoutes *routes)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes->paths); i++)
    g_hash_table_unref (routes->paths[i]);
  g_free (routes);
}

gboolean
uc_net_routes_add (UcNetRoutes *routes, const UcNetRoute *route, GError **error)
{
  GHashTable *paths = routes->paths[BIT (route->kind)];
  GPtrArray *same = g_hash_table_lookup (paths, route->path);

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      const UcNetRoute *other = g_ptr_array_index (same, i);

      if ((other->flags & route->flags & USES) == 0)
        continue;
      g_set_error (error, UC_ERROR, UC_ERROR_CONFLICT, "the path %s is taken; use another", route->path);
      return FALSE;
    }
  if (same == NULL)
    {
      same = g_ptr_array_new_with_free_func (route_free);
      g_hash_table_insert (paths, g_strdup (route->path), same);
    }
  {
    UcNetRoute *copy = g_memdup2 (route, sizeof *route);

    copy->path = g_strdup (route->path);
    if (copy->max_body == 0)
      copy->max_body = DEFAULT_MAX_BODY;
    g_ptr_array_add (same, copy);
  }
  return TRUE;
}

static gboolean
remove_of (gpointer key, gpointer value, gpointer data)
{
  GPtrArray *same = value;

  for (guint i = same->len; i-- > 0;)
    if (((UcNetRoute *)g_ptr_array_index (same, i))->data == data)
      g_ptr_array_remove_index (same, i);
  return same->len == 0;
}

void
uc_net_routes_remove (UcNetRoutes *routes, gpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (routes->paths); i++)
    g_hash_table_foreach_remove (routes->paths[i], remove_of, data);
}

/* An upgrade may be ignored, so a plain route does for it too. */
static UcNetFound
pick (GPtrArray *same, gboolean below, int want, UcNetRoute **route)
{
  UcNetFound found = UC_NET_NO_PATH;

  for (guint i = 0; same != NULL && i < same->len; i++)
    {
      UcNetRoute *candidate = g_ptr_array_index (same, i);

      if (below && (candidate->flags & USHER_ROUTE_PREFIX) == 0)
        continue;
      if ((candidate->flags & want) != 0)
        {
          *route = candidate;
          return UC_NET_FOUND;
        }
      if (want == USHER_ROUTE_WEBSOCKET)
        {
          *route = candidate;
          found = UC_NET_FOUND;
        }
      else if (found == UC_NET_NO_PATH)
        found = UC_NET_NO_METHOD;
    }
  return found;
}

static UcNetFound
find_among (GHashTable *paths, const char *path, int want, UcNetRoute **route)
{
  g_autofree char *cut = g_strdup (path);
  g_autofree char *slashed = NULL;
  UcNetFound found;

  *route = NULL;
  found = pick (g_hash_table_lookup (paths, cut), FALSE, want, route);
  if (found != UC_NET_NO_PATH)
    return found;

  slashed = g_strconcat (path, "/", NULL);
  if (g_hash_table_contains (paths, slashed))
    return UC_NET_ADD_SLASH;

  /* "/a/b/c" is below "/a/b/", "/a/b", "/a/", "/a" and "/". */
  for (char *slash = strrchr (cut, '/'); slash != NULL; slash = strrchr (cut, '/'))
    {
      slash[1] = '\0';
      found = pick (g_hash_table_lookup (paths, cut), TRUE, want, route);
      if (found != UC_NET_NO_PATH)
        return found;
      slash[0] = '\0';
      found = cut[0] == '\0' ? UC_NET_NO_PATH : pick (g_hash_table_lookup (paths, cut), TRUE, want, route);
      if (found != UC_NET_NO_PATH)
        return found;
    }
  return UC_NET_NO_PATH;
}

/* From the last kind to the first: what is public may have a prefix that covers everything. */
UcNetFound
uc_net_routes_find (UcNetRoutes *routes, UcListenKind kinds, const char *path, int want, UcNetRoute **route)
{
  UcNetFound found = UC_NET_NO_PATH;

  for (guint i = G_N_ELEMENTS (routes->paths); i-- > 0 && found == UC_NET_NO_PATH;)
    if ((kinds & (1u << i)) != 0)
      found = find_among (routes->paths[i], path, want, route);
  return found;
}
