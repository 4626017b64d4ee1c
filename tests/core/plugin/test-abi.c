/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The layout of the released ABI: a size that shrinks or an offset that moves breaks every plugin there is.
 * Appending a member changes a size here and nothing else.
 */
#include <usher/usher.h>

#include <glib.h>

typedef struct
{
  const char *name;
  size_t now, released;
} Layout;

#define SIZE(type, released)                                                                                      \
  {                                                                                                               \
    "sizeof " #type, sizeof (type), released                                                                      \
  }
#define AT(type, member, released)                                                                                \
  {                                                                                                               \
#type "." #member, offsetof(type, member), released                                                           \
  }

/* As released with ABI 1.0, where pointers have 8 bytes. */
static const Layout layouts[] = {
  SIZE (UsherIdentity, 32),
  AT (UsherIdentity, struct_size, 0),
  AT (UsherIdentity, network, 8),
  AT (UsherIdentity, id, 16),
  AT (UsherIdentity, name, 24),
  SIZE (UsherCustomer, 144),
  AT (UsherCustomer, struct_size, 0),
  AT (UsherCustomer, id, 8),
  AT (UsherCustomer, name, 16),
  AT (UsherCustomer, first_name, 24),
  AT (UsherCustomer, last_name, 32),
  AT (UsherCustomer, email, 40),
  AT (UsherCustomer, phone, 48),
  AT (UsherCustomer, company, 56),
  AT (UsherCustomer, notes, 64),
  AT (UsherCustomer, fields, 72),
  AT (UsherCustomer, draft, 80),
  AT (UsherCustomer, version, 88),
  AT (UsherCustomer, created_at, 96),
  AT (UsherCustomer, updated_at, 104),
  AT (UsherCustomer, identities, 112),
  AT (UsherCustomer, account, 120),
  AT (UsherCustomer, author, 128),
  AT (UsherCustomer, merges, 136),
  SIZE (UsherCase, 224),
  AT (UsherCase, struct_size, 0),
  AT (UsherCase, id, 8),
  AT (UsherCase, customer_id, 16),
  AT (UsherCase, interaction, 24),
  AT (UsherCase, subject, 32),
  AT (UsherCase, state, 40),
  AT (UsherCase, transcript, 48),
  AT (UsherCase, queue, 56),
  AT (UsherCase, channel, 64),
  AT (UsherCase, agent, 72),
  AT (UsherCase, notes, 80),
  AT (UsherCase, fields, 88),
  AT (UsherCase, version, 96),
  AT (UsherCase, started_at, 104),
  AT (UsherCase, ended_at, 112),
  AT (UsherCase, created_at, 120),
  AT (UsherCase, updated_at, 128),
  AT (UsherCase, number, 136),
  AT (UsherCase, severity, 144),
  AT (UsherCase, priority, 152),
  AT (UsherCase, category, 160),
  AT (UsherCase, codes, 168),
  AT (UsherCase, author, 176),
  AT (UsherCase, comment, 184),
  AT (UsherCase, follow_up_of, 192),
  AT (UsherCase, comments, 200),
  AT (UsherCase, history, 208),
  AT (UsherCase, follow_ups, 216),
  SIZE (UsherAttachment, 56),
  AT (UsherAttachment, struct_size, 0),
  AT (UsherAttachment, kind, 8),
  AT (UsherAttachment, media, 16),
  AT (UsherAttachment, name, 24),
  AT (UsherAttachment, mime, 32),
  AT (UsherAttachment, url, 40),
  AT (UsherAttachment, size, 48),
  SIZE (UsherResult, 72),
  AT (UsherResult, struct_size, 0),
  AT (UsherResult, status, 8),
  AT (UsherResult, message, 16),
  AT (UsherResult, retry_after_ms, 24),
  AT (UsherResult, external_id, 32),
  AT (UsherResult, customers, 40),
  AT (UsherResult, cases, 48),
  AT (UsherResult, next, 56),
  AT (UsherResult, data, 64),
  SIZE (UsherSetting, 72),
  AT (UsherSetting, struct_size, 0),
  AT (UsherSetting, key, 8),
  AT (UsherSetting, type, 16),
  AT (UsherSetting, default_value, 24),
  AT (UsherSetting, required, 32),
  AT (UsherSetting, min, 40),
  AT (UsherSetting, max, 48),
  AT (UsherSetting, choices, 56),
  AT (UsherSetting, help, 64),
  SIZE (UsherOpsHead, 72),
  AT (UsherOpsHead, struct_size, 0),
  AT (UsherOpsHead, create, 8),
  AT (UsherOpsHead, start, 16),
  AT (UsherOpsHead, stop, 24),
  AT (UsherOpsHead, destroy, 32),
  AT (UsherOpsHead, http, 40),
  AT (UsherOpsHead, ws_open, 48),
  AT (UsherOpsHead, ws_message, 56),
  AT (UsherOpsHead, ws_closed, 64),
  SIZE (UsherPlugin, 96),
  AT (UsherPlugin, struct_size, 0),
  AT (UsherPlugin, abi_major, 8),
  AT (UsherPlugin, abi_minor, 12),
  AT (UsherPlugin, name, 16),
  AT (UsherPlugin, version, 24),
  AT (UsherPlugin, summary, 32),
  AT (UsherPlugin, license, 40),
  AT (UsherPlugin, settings, 48),
  AT (UsherPlugin, channel, 56),
  AT (UsherPlugin, crm, 64),
  AT (UsherPlugin, frontend, 72),
  AT (UsherPlugin, load, 80),
  AT (UsherPlugin, unload, 88),
  SIZE (UsherInbound, 136),
  AT (UsherInbound, struct_size, 0),
  AT (UsherInbound, kind, 8),
  AT (UsherInbound, user_id, 16),
  AT (UsherInbound, user_name, 24),
  AT (UsherInbound, external_id, 32),
  AT (UsherInbound, text, 40),
  AT (UsherInbound, at, 48),
  AT (UsherInbound, receipt, 56),
  AT (UsherInbound, upto, 64),
  AT (UsherInbound, upto_at, 72),
  AT (UsherInbound, form, 80),
  AT (UsherInbound, passive, 88),
  AT (UsherInbound, reply_to, 96),
  AT (UsherInbound, attachments, 104),
  AT (UsherInbound, message_id, 112),
  AT (UsherInbound, window_until, 120),
  AT (UsherInbound, picture, 128),
  SIZE (UsherLine, 112),
  AT (UsherLine, struct_size, 0),
  AT (UsherLine, conversation, 8),
  AT (UsherLine, user_id, 16),
  AT (UsherLine, message_id, 24),
  AT (UsherLine, n, 32),
  AT (UsherLine, author, 40),
  AT (UsherLine, author_name, 48),
  AT (UsherLine, code, 56),
  AT (UsherLine, text, 64),
  AT (UsherLine, external_id, 72),
  AT (UsherLine, at, 80),
  AT (UsherLine, window, 88),
  AT (UsherLine, form, 96),
  AT (UsherLine, attachments, 104),
  SIZE (UsherChannelCapabilities, 88),
  AT (UsherChannelCapabilities, struct_size, 0),
  AT (UsherChannelCapabilities, network, 8),
  AT (UsherChannelCapabilities, max_text, 16),
  AT (UsherChannelCapabilities, text_unit, 20),
  AT (UsherChannelCapabilities, typing_in, 24),
  AT (UsherChannelCapabilities, typing_out, 28),
  AT (UsherChannelCapabilities, receipts_delivered, 32),
  AT (UsherChannelCapabilities, receipts_read, 36),
  AT (UsherChannelCapabilities, reply_window_ms, 40),
  AT (UsherChannelCapabilities, idempotent_send, 48),
  AT (UsherChannelCapabilities, tagged_window_ms, 56),
  AT (UsherChannelCapabilities, echoes, 64),
  AT (UsherChannelCapabilities, settle_ms, 72),
  AT (UsherChannelCapabilities, media_in, 80),
  AT (UsherChannelCapabilities, media_out, 84),
  SIZE (UsherChannelOps, 120),
  AT (UsherChannelOps, struct_size, 0),
  AT (UsherChannelOps, create, 8),
  AT (UsherChannelOps, start, 16),
  AT (UsherChannelOps, stop, 24),
  AT (UsherChannelOps, destroy, 32),
  AT (UsherChannelOps, http, 40),
  AT (UsherChannelOps, ws_open, 48),
  AT (UsherChannelOps, ws_message, 56),
  AT (UsherChannelOps, ws_closed, 64),
  AT (UsherChannelOps, capabilities, 72),
  AT (UsherChannelOps, send, 80),
  AT (UsherChannelOps, notice, 88),
  AT (UsherChannelOps, typing, 96),
  AT (UsherChannelOps, runtime_capabilities, 104),
  AT (UsherChannelOps, seen, 112),
  SIZE (UsherCrmQuery, 48),
  AT (UsherCrmQuery, struct_size, 0),
  AT (UsherCrmQuery, text, 8),
  AT (UsherCrmQuery, customer_id, 16),
  AT (UsherCrmQuery, state, 24),
  AT (UsherCrmQuery, cursor, 32),
  AT (UsherCrmQuery, limit, 40),
  SIZE (UsherMerge, 40),
  AT (UsherMerge, struct_size, 0),
  AT (UsherMerge, id, 8),
  AT (UsherMerge, keep, 16),
  AT (UsherMerge, drop, 24),
  AT (UsherMerge, author, 32),
  SIZE (UsherCrmOps, 152),
  AT (UsherCrmOps, struct_size, 0),
  AT (UsherCrmOps, create, 8),
  AT (UsherCrmOps, start, 16),
  AT (UsherCrmOps, stop, 24),
  AT (UsherCrmOps, destroy, 32),
  AT (UsherCrmOps, http, 40),
  AT (UsherCrmOps, ws_open, 48),
  AT (UsherCrmOps, ws_message, 56),
  AT (UsherCrmOps, ws_closed, 64),
  AT (UsherCrmOps, lookup, 72),
  AT (UsherCrmOps, get_customer, 80),
  AT (UsherCrmOps, search_customers, 88),
  AT (UsherCrmOps, save_customer, 96),
  AT (UsherCrmOps, get_case, 104),
  AT (UsherCrmOps, list_cases, 112),
  AT (UsherCrmOps, save_case, 120),
  AT (UsherCrmOps, merge_customers, 128),
  AT (UsherCrmOps, unmerge_customers, 136),
  AT (UsherCrmOps, describe, 144),
  SIZE (UsherFrontendOps, 88),
  AT (UsherFrontendOps, struct_size, 0),
  AT (UsherFrontendOps, create, 8),
  AT (UsherFrontendOps, start, 16),
  AT (UsherFrontendOps, stop, 24),
  AT (UsherFrontendOps, destroy, 32),
  AT (UsherFrontendOps, http, 40),
  AT (UsherFrontendOps, ws_open, 48),
  AT (UsherFrontendOps, ws_message, 56),
  AT (UsherFrontendOps, ws_closed, 64),
  AT (UsherFrontendOps, desk_output, 72),
  AT (UsherFrontendOps, desk_closed, 80),
  SIZE (UsherRequest, 72),
  AT (UsherRequest, struct_size, 0),
  AT (UsherRequest, method, 8),
  AT (UsherRequest, path, 16),
  AT (UsherRequest, query, 24),
  AT (UsherRequest, headers, 32),
  AT (UsherRequest, body, 40),
  AT (UsherRequest, body_len, 48),
  AT (UsherRequest, remote_address, 56),
  AT (UsherRequest, origin, 64),
  SIZE (UsherResponse, 48),
  AT (UsherResponse, struct_size, 0),
  AT (UsherResponse, status, 8),
  AT (UsherResponse, content_type, 16),
  AT (UsherResponse, headers, 24),
  AT (UsherResponse, body, 32),
  AT (UsherResponse, body_len, 40),
  SIZE (UsherHost, 408),
  AT (UsherHost, struct_size, 0),
  AT (UsherHost, abi_major, 8),
  AT (UsherHost, abi_minor, 12),
  AT (UsherHost, log, 16),
  AT (UsherHost, now, 24),
  AT (UsherHost, invoke, 32),
  AT (UsherHost, timer_add, 40),
  AT (UsherHost, timer_remove, 48),
  AT (UsherHost, fail, 56),
  AT (UsherHost, complete, 64),
  AT (UsherHost, cancelled, 72),
  AT (UsherHost, random, 80),
  AT (UsherHost, instance_name, 88),
  AT (UsherHost, data_dir, 96),
  AT (UsherHost, get_string, 104),
  AT (UsherHost, get_int, 112),
  AT (UsherHost, get_bool, 120),
  AT (UsherHost, get_list, 128),
  AT (UsherHost, instance_state, 136),
  AT (UsherHost, kv_get, 144),
  AT (UsherHost, kv_set, 152),
  AT (UsherHost, deliver, 160),
  AT (UsherHost, typing, 168),
  AT (UsherHost, history, 176),
  AT (UsherHost, media_put, 184),
  AT (UsherHost, desk_open, 192),
  AT (UsherHost, desk_input, 200),
  AT (UsherHost, desk_close, 208),
  AT (UsherHost, mount, 216),
  AT (UsherHost, route, 224),
  AT (UsherHost, http_respond, 232),
  AT (UsherHost, ws_set_data, 240),
  AT (UsherHost, ws_data, 248),
  AT (UsherHost, ws_send, 256),
  AT (UsherHost, ws_close, 264),
  AT (UsherHost, json_parse, 272),
  AT (UsherHost, json_object, 280),
  AT (UsherHost, json_array, 288),
  AT (UsherHost, json_free, 296),
  AT (UsherHost, json_get, 304),
  AT (UsherHost, json_at, 312),
  AT (UsherHost, json_length, 320),
  AT (UsherHost, json_string, 328),
  AT (UsherHost, json_int, 336),
  AT (UsherHost, json_bool, 344),
  AT (UsherHost, json_set_string, 352),
  AT (UsherHost, json_set_int, 360),
  AT (UsherHost, json_set_bool, 368),
  AT (UsherHost, json_set, 376),
  AT (UsherHost, json_append, 384),
  AT (UsherHost, json_print, 392),
  AT (UsherHost, free_text, 400),
};

static void
test_layout (void)
{
  if (sizeof (void *) != 8)
    {
      g_test_message (
          "the frozen numbers are for 64 bits; the sizes are only compared to be multiples of a pointer");
      for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
        if (g_str_has_prefix (layouts[i].name, "sizeof"))
          g_assert_cmpuint (layouts[i].now % sizeof (void *), ==, 0);
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    if (layouts[i].now != layouts[i].released)
      g_error ("%s is %" G_GSIZE_FORMAT ", released plugins have %" G_GSIZE_FORMAT, layouts[i].name,
               layouts[i].now, layouts[i].released);
}

/* All ops tables begin with the same head, so that the core can treat them alike. */
static void
test_common_head (void)
{
  g_assert_cmpuint (offsetof (UsherChannelOps, ws_closed), ==, offsetof (UsherOpsHead, ws_closed));
  g_assert_cmpuint (offsetof (UsherCrmOps, ws_closed), ==, offsetof (UsherOpsHead, ws_closed));
  g_assert_cmpuint (offsetof (UsherFrontendOps, ws_closed), ==, offsetof (UsherOpsHead, ws_closed));
  g_assert_cmpuint (offsetof (UsherChannelOps, capabilities), ==, sizeof (UsherOpsHead));
  g_assert_cmpuint (offsetof (UsherCrmOps, lookup), ==, sizeof (UsherOpsHead));
  g_assert_cmpuint (offsetof (UsherFrontendOps, desk_output), ==, sizeof (UsherOpsHead));
}

static void
test_values (void)
{
  g_assert_cmpint (USHER_FAILED, ==, 16);
  g_assert_cmpint (USHER_CANCELLED, ==, 14);
  g_assert_cmpint (USHER_NOT_CONFIGURED, ==, 12);
  g_assert_cmpint (USHER_SETTING_ENUM, ==, 10);
  g_assert_cmpint (USHER_LOG_DEBUG, ==, 5);
  g_assert_cmpint (USHER_NATIVE, ==, 2);
  g_assert_cmpint (USHER_INBOUND_RECEIPT, ==, 3);
  g_assert_cmpint (USHER_INBOUND_PROFILE, ==, 5);
  g_assert_cmpint (USHER_RECEIPT_READ, ==, 2);
  g_assert_cmpint (USHER_AUTHOR_SYSTEM, ==, 3);
  g_assert_cmpint (USHER_ROUTE_PREFIX, ==, 4);
  g_assert_cmpint (USHER_ABI_MAJOR, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/abi/layout-is-that-of-the-release", test_layout);
  g_test_add_func ("/abi/common-head", test_common_head);
  g_test_add_func ("/abi/values", test_values);
  return g_test_run ();
}
