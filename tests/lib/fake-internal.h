/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the fake host share: the part of an instance that tests don't see, and the slots each file
 * implements.
 */
#pragma once

#include "tests/lib/fake-host.h"

struct FakeHostPrivate
{
  GMutex lock;    /* guards logs, replies, alive: the members other threads touch */
  gint refs;      /* queued calls keep the instance's memory */
  gboolean alive; /* between create and destroy; calls that come later are dropped */
  gboolean started;
  gboolean own_dir;          /* data_dir is removed at the end */
  GHashTable *settings;      /* key -> text as given */
  GHashTable *values;        /* key -> what the getters answered, kept until destroy */
  GPtrArray *replies;        /* of UsherReply* */
  GPtrArray *exchanges;      /* of UsherExchange* */
  GPtrArray *deliveries;     /* of FakeDelivery* */
  GPtrArray *lines;          /* of FakeStored* */
  GHashTable *conversations; /* user id -> FakeConversation* */
  GHashTable *kv;            /* key -> GBytes */
  GPtrArray *held;           /* of FakeHistoryCall* */
  guint history_calls;
  gboolean auto_deliver, hold_history;
};

/* Ends the test unless on the main thread. */
void fake_need_main (const char *slot);
/* Ends the test unless text is NULL or UTF-8. */
void fake_need_text (const char *what, const char *text);

/* Runs func (data) on the main context later, unless the instance is gone by then; `dropped` frees data either
 * way. */
void fake_later (FakeHost *fake, UsherFunc func, void *data, GDestroyNotify dropped);
void fake_unref (FakeHost *fake);

void fake_channel_init (FakeHost *fake);
void fake_channel_clear (FakeHost *fake);
void fake_web_init (FakeHost *fake);
void fake_web_down (FakeHost *fake); /* closes what is open, before destroy */
void fake_web_clear (FakeHost *fake);
void fake_timer_drop (FakeHost *fake);

void fake_channel_slots (UsherHost *host);
void fake_json_slots (UsherHost *host);
void fake_reply_slots (UsherHost *host);
void fake_settings_slots (UsherHost *host);
void fake_timer_slots (UsherHost *host);
void fake_web_slots (UsherHost *host);
