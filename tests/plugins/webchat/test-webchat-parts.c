/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pure parts of the webchat plugin: tokens, origins, rates, addresses.
 */
#include <string.h>

#include "plugins/channel/webchat/webchat-limit.h"
#include "plugins/channel/webchat/webchat-origin.h"
#include "plugins/channel/webchat/webchat-token.h"

#define NOW G_GINT64_CONSTANT (1767225600000)

static const guint8 key[WEBCHAT_KEY_LEN] = { 1, 2, 3 };
static const guint8 other_key[WEBCHAT_KEY_LEN] = { 1, 2, 4 };

static void
test_token_round_trip (void)
{
  guint8 random[WEBCHAT_VISITOR_RANDOM] = { 0, 31, 255, 26 };
  WebchatVisitorId visitor, read;
  g_autofree char *token = NULL;
  gint64 expires_at;

  webchat_visitor_make (visitor, random);
  g_assert_true (g_str_has_prefix (visitor, "v_a772"));
  g_assert_cmpuint (strlen (visitor), ==, WEBCHAT_VISITOR_LEN);
  token = webchat_token_make (key, visitor, NOW + 1000);
  g_assert_null (strpbrk (token, "+/="));
  g_assert_cmpint (webchat_token_read (key, token, NOW, read, &expires_at), ==, WEBCHAT_TOKEN_GOOD);
  g_assert_cmpstr (read, ==, visitor);
  g_assert_cmpint (expires_at, ==, NOW + 1000);
  g_assert_cmpint (webchat_token_read (key, token, NOW + 1000, read, &expires_at), ==, WEBCHAT_TOKEN_EXPIRED);
  g_assert_cmpint (webchat_token_read (other_key, token, NOW, read, &expires_at), ==, WEBCHAT_TOKEN_FORGED);
}

static void
test_token_every_change_is_noticed (void)
{
  WebchatVisitorId read;
  g_autofree char *token = webchat_token_make (key, "v_aaaaaaaaaaaaaaaaaaaaaaaaaa", NOW + 1000);
  gsize len = strlen (token);
  gint64 expires_at;

  /* The last character's two low bits are no part of the value. */
  for (gsize i = 0; i < len - 1; i++)
    {
      g_autofree char *changed = g_strdup (token);

      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      g_assert_cmpint (webchat_token_read (key, changed, NOW, read, &expires_at), ==, WEBCHAT_TOKEN_FORGED);
    }
  for (gsize i = 0; i < len; i++)
    {
      g_autofree char *cut = g_strndup (token, i);

      g_assert_cmpint (webchat_token_read (key, cut, NOW, read, &expires_at), ==, WEBCHAT_TOKEN_FORGED);
    }
}

static void
test_token_nonsense (void)
{
  static const char *const nonsense[]
      = { "",
          "x",
          "====",
          "\xff\xfe",
          "v_aaaaaaaaaaaaaaaaaaaaaaaaaa",
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
  WebchatVisitorId read;
  gint64 expires_at;

  g_assert_cmpint (webchat_token_read (key, NULL, NOW, read, &expires_at), ==, WEBCHAT_TOKEN_FORGED);
  for (guint i = 0; i < G_N_ELEMENTS (nonsense); i++)
    g_assert_cmpint (webchat_token_read (key, nonsense[i], NOW, read, &expires_at), ==, WEBCHAT_TOKEN_FORGED);
}

static void
test_origin_normalize (void)
{
  static const char *const table[][2] = {
    { "https://Shop.Example", "https://shop.example" },
    { "https://shop.example:443", "https://shop.example" },
    { "http://shop.example:80", "http://shop.example" },
    { "http://shop.example:443", "http://shop.example:443" },
    { "http://localhost:8000", "http://localhost:8000" },
    { "http://[::1]:8000", "http://[::1]:8000" },
    { "http://[::1]", "http://[::1]" },
    { "https://*.example", "https://*.example" },
    { "shop.example", NULL },
    { "https://", NULL },
    { "https://shop.example/", NULL },
    { "https://shop.example/path", NULL },
    { "https://shop example", NULL },
    { "https://a.*.example", NULL },
    { "https://*", NULL },
    { "https://shop..example", NULL },
    { "https://.example", NULL },
    { "https://shop.example:0", NULL },
    { "https://shop.example:65536", NULL },
    { "https://shop.example:", NULL },
    { "https://user@shop.example", NULL },
    { "https://shop.example; script-src *", NULL },
    { "ftp://shop.example", NULL },
    { "null", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *result = webchat_origin_normalize (table[i][0]);

      g_test_message ("%s", table[i][0]);
      g_assert_cmpstr (result, ==, table[i][1]);
    }
}

static gboolean
allows (const char *list, const char *origin)
{
  g_auto (GStrv) parts = g_strsplit (list, " ", -1);
  g_autofree char *why = NULL;
  WebchatOrigins origins = { 0 };
  gboolean result;

  g_assert_true (webchat_origins_parse (&origins, (const char *const *)parts, &why));
  g_assert_null (why);
  result = webchat_origins_allow (&origins, "https://usher.example", origin);
  webchat_origins_clear (&origins);
  return result;
}

static void
test_origin_allow (void)
{
  g_assert_true (allows ("https://shop.example", "https://shop.example"));
  g_assert_true (allows ("https://shop.example:443", "https://SHOP.example"));
  g_assert_true (allows ("https://shop.example", "https://usher.example"));
  g_assert_false (allows ("https://shop.example", "http://shop.example"));
  g_assert_false (allows ("https://shop.example", "https://shop.example:8443"));
  g_assert_false (allows ("https://shop.example", "https://shop.example.evil.example"));
  g_assert_false (allows ("https://shop.example", "https://evilshop.example"));
  g_assert_false (allows ("https://shop.example", "null"));
  g_assert_false (allows ("https://shop.example", ""));
  g_assert_true (allows ("https://*.shop.example", "https://a.shop.example"));
  g_assert_true (allows ("https://*.shop.example", "https://a.b.shop.example"));
  g_assert_false (allows ("https://*.shop.example", "https://shop.example"));
  g_assert_false (allows ("https://*.shop.example", "https://evilshop.example"));
  g_assert_false (allows ("https://*.shop.example", "http://a.shop.example"));
  g_assert_false (allows ("https://*.shop.example", "https://*.shop.example"));
  g_assert_true (allows ("*", "https://anything.example"));
  g_assert_true (allows ("*", "null"));
}

static void
test_origin_errors (void)
{
  static const char *const table[][2] = {
    { "", "is empty" },
    { "* https://shop.example", "must stand alone" },
    { "https://shop.example/", "has a path" },
    { "shop.example", "write 'https://shop.example'" },
    { "https://münchen.example", "xn--" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_auto (GStrv) parts = g_strsplit (table[i][0], " ", -1);
      g_autofree char *why = NULL;
      WebchatOrigins origins = { 0 };

      g_assert_false (webchat_origins_parse (&origins, (const char *const *)parts, &why));
      g_assert_nonnull (strstr (why, table[i][1]));
    }
}

static void
test_rate (void)
{
  WebchatRate rate = { 0 };
  gint64 wait;

  for (int i = 0; i < 20; i++)
    g_assert_cmpint (webchat_rate_take (&rate, 20, 10000, NOW), ==, 0);
  wait = webchat_rate_take (&rate, 20, 10000, NOW);
  g_assert_cmpint (wait, ==, 500);
  g_assert_cmpint (webchat_rate_take (&rate, 20, 10000, NOW + wait - 1), >, 0);
  g_assert_cmpint (webchat_rate_take (&rate, 20, 10000, NOW + wait), ==, 0);
  g_assert_false (webchat_rate_idle (&rate, NOW + 10000));
  g_assert_true (webchat_rate_idle (&rate, NOW + 10500));
  for (int i = 0; i < 1000; i++)
    g_assert_cmpint (webchat_rate_take (&rate, 0, 10000, NOW), ==, 0);
}

static void
test_rate_survives_a_clock_set_back (void)
{
  WebchatRate rate = { 0 };

  g_assert_cmpint (webchat_rate_take (&rate, 5, 10000, NOW), ==, 0);
  for (int i = 0; i < 5; i++)
    g_assert_cmpint (webchat_rate_take (&rate, 5, 10000, NOW - 86400000), ==, 0);
  g_assert_cmpint (webchat_rate_take (&rate, 5, 10000, NOW - 86400000), ==, 2000);
}

static void
test_address_key (void)
{
  static const char *const table[][2] = {
    { "203.0.113.7", "203.0.113.7" },
    { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
    { "2001:db8:1:2::9", "2001:db8:1:2::/64" },
    { "::ffff:203.0.113.7", "203.0.113.7" },
    { "unix", "unix" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    {
      g_autofree char *result = webchat_address_key (table[i][0]);

      g_assert_cmpstr (result, ==, table[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/webchat/token/round-trip", test_token_round_trip);
  g_test_add_func ("/webchat/token/every-change-is-noticed", test_token_every_change_is_noticed);
  g_test_add_func ("/webchat/token/nonsense-is-forged", test_token_nonsense);
  g_test_add_func ("/webchat/origin/normalize", test_origin_normalize);
  g_test_add_func ("/webchat/origin/allow", test_origin_allow);
  g_test_add_func ("/webchat/origin/errors-say-what-to-write", test_origin_errors);
  g_test_add_func ("/webchat/rate/window", test_rate);
  g_test_add_func ("/webchat/rate/survives-a-clock-set-back", test_rate_survives_a_clock_set_back);
  g_test_add_func ("/webchat/address/ipv6-counts-by-network", test_address_key);
  return g_test_run ();
}
