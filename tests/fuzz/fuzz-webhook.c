/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzz target: the body of Messenger's webhook, rightly signed: what a changed API or a stolen secret could send.
 * Whatever comes, the answer is one of those the protocol has, and it comes at once.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/plugins/messenger/messenger-kit.h"

static Kit *kit;
static guint uses;

const guint fuzz_variations = 1000;

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  fuzz_quiet ();
  return 0;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = fuzz_string (data, size);
  g_autofree char *hex = NULL, *signature = NULL;
  UsherExchange *exchange;

  /* What the host remembers of each request goes with it. */
  if (uses++ % 200 == 0)
    {
      g_clear_pointer (&kit, kit_free);
      kit = kit_up ();
    }
  hex = g_compute_hmac_for_data (G_CHECKSUM_SHA256, (const guchar *)"app-secret", 10, data, size);
  signature = g_strconcat ("sha256=", hex, NULL);
  exchange = kit_hook_signed (kit, text, size, signature);
  fake_host_settle ();
  /* An attachment is fetched first, from wherever it says, for so long at most. */
  if (!exchange->answered)
    fake_clock_advance (120000);
  fake_exchange_wait (exchange);
  HOLDS (exchange->status == 200 || exchange->status == 400 || exchange->status == 403 || exchange->status == 413
         || exchange->status == 503);
  kit_no_leak (kit, NULL);
  return 0;
}
