/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Grows the database of a big centre: an engine lives through months of chats, and what each of its steps makes
 * goes through the store's own writer, with the step beside it, so the file is what a daemon would have written
 * and `usherctl journal verify` holds for it. Only the transactions are larger and nothing waits for the disk. One
 * thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "core/engine/command-json.h"
#include "core/store/sqlite.h"

#define BATCH_ROWS 4096
#define QUEUES 20
/* Words of the made-up language; the n-th is used 1/n as often as the first. */
#define WORDS 4000
/* Part of the lines that are Chinese, in percent: scripts without spaces are searched otherwise. */
#define CHINESE 3
#define DAY_MS (G_GINT64_CONSTANT (24) * 3600 * 1000)

static char *option_database;
static gint64 option_seed = 1, option_closed = 1000, option_waiting = 100, option_active = 100, option_lines = 10,
              option_agents = 20, option_events, option_days = 60, option_log;

static const GOptionEntry entries[] = {
  { "database", 'd', 0, G_OPTION_ARG_FILENAME, &option_database, "Make this file, which must not be there",
    "FILE" },
  { "seed", 0, 0, G_OPTION_ARG_INT64, &option_seed, "Another centre (1)", "N" },
  { "closed", 0, 0, G_OPTION_ARG_INT64, &option_closed, "Chats that were closed (1000)", "N" },
  { "events", 0, 0, G_OPTION_ARG_INT64, &option_events, "As many more closed chats as make so many events", "N" },
  { "waiting", 0, 0, G_OPTION_ARG_INT64, &option_waiting, "Open chats that wait (100)", "N" },
  { "active", 0, 0, G_OPTION_ARG_INT64, &option_active, "Open chats that agents have (100)", "N" },
  { "lines", 0, 0, G_OPTION_ARG_INT64, &option_lines, "Lines of a chat, on average (10)", "N" },
  { "agents", 0, 0, G_OPTION_ARG_INT64, &option_agents, "Agents (20)", "N" },
  { "days", 0, 0, G_OPTION_ARG_INT64, &option_days, "How long ago the first chat was (60)", "N" },
  { "log-pages", 0, 0, G_OPTION_ARG_INT64, &option_log,
    "End as if killed, with about so many pages in the log that are not in the file (0: end cleanly)", "N" },
  { NULL },
};

typedef struct
{
  char *id, *agent;
  guint lines;        /* that it still gets */
  gboolean will_save; /* to the CRM */
} Chat;

typedef struct
{
  UcEngine *engine;
  UcWriter *writer;
  UcBatch *batch;
  GRand *rand;
  GPtrArray *events;     /* of UcEvent*: of the last step */
  GPtrArray *live;       /* of Chat*: with agents */
  GPtrArray *identities; /* of char*: who has written before */
  GPtrArray *words;
  double *weights; /* of words, summed up */
  gint64 now, pace_ms;
  gint64 seq, messages, chats, message_bytes, journal_bytes;
} Centre;

/* ---- chance -------------------------------------------------------------------------------------------- */

static guint
below (Centre *centre, guint n)
{
  return (guint)g_rand_int_range (centre->rand, 0, (gint32)n);
}

/* Of the daemon's shape, so that neighbours in time lie as far apart in the tables. */
static char *
new_id (Centre *centre, const char *prefix)
{
  static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
  char text[27] = "";

  for (gsize i = 0; i < 26; i += 6)
    for (guint32 bits = g_rand_int (centre->rand), d = 0; d < 6 && i + d < 26; d++, bits >>= 5)
      text[i + d] = digits[bits & 31];
  return g_strconcat (prefix, "_", text, NULL);
}

static char *
new_word (Centre *centre)
{
  static const char *const starts[] = { "b", "br", "d", "f", "g",  "gl", "k",  "l", "m", "n",
                                        "p", "pr", "r", "s", "st", "t",  "tr", "v", "w", "z" };
  static const char *const middles[] = { "a", "e", "i", "o", "u", "ai", "ea", "ou" };
  GString *word = g_string_new (NULL);

  for (guint n = 1 + below (centre, 4); n > 0; n--)
    {
      g_string_append (word, starts[below (centre, G_N_ELEMENTS (starts))]);
      g_string_append (word, middles[below (centre, G_N_ELEMENTS (middles))]);
    }
  if (below (centre, 2))
    g_string_append (word, starts[below (centre, G_N_ELEMENTS (starts))]);
  return g_string_free (word, FALSE);
}

static void
make_language (Centre *centre)
{
  double sum = 0;

  centre->words = g_ptr_array_new_with_free_func (g_free);
  centre->weights = g_new (double, WORDS);
  for (guint w = 0; w < WORDS; w++)
    {
      g_ptr_array_add (centre->words, new_word (centre));
      centre->weights[w] = sum += 1.0 / (w + 1);
    }
}

static const char *
some_word (Centre *centre)
{
  double at = g_rand_double (centre->rand) * centre->weights[WORDS - 1];
  guint low = 0, high = WORDS - 1;

  while (low < high)
    {
      guint middle = (low + high) / 2;

      if (centre->weights[middle] < at)
        low = middle + 1;
      else
        high = middle;
    }
  return centre->words->pdata[low];
}

/* One line in ten has a number that stands in no other. */
static char *
some_text (Centre *centre)
{
  GString *text = g_string_new (NULL);

  if (below (centre, 100) < CHINESE)
    for (guint n = 6 + below (centre, 30); n > 0; n--)
      g_string_append_unichar (text, 0x4e00 + (gunichar)(below (centre, 60) * below (centre, 60)));
  else
    for (guint n = 4 + below (centre, 22); n > 0; n--)
      g_string_append_printf (text, "%s%s", some_word (centre), n > 1 ? " " : "");
  if (below (centre, 10) == 0)
    g_string_append_printf (text, " R%08" G_GINT64_FORMAT, centre->seq);
  return g_string_free (text, FALSE);
}

/* ---- one step ------------------------------------------------------------------------------------------ */

static void
flush (Centre *centre)
{
  g_autoptr (GPtrArray) batches = g_ptr_array_new_with_free_func ((GDestroyNotify)uc_batch_free);

  g_ptr_array_add (batches, centre->batch);
  centre->batch->generation = 1;
  uc_writer_commit (centre->writer, batches);
  if (centre->batch->result != UC_STORE_OK)
    g_error ("event %" G_GINT64_FORMAT " was not stored: %s", centre->seq, centre->batch->why);
  centre->batch = uc_batch_new ();
}

static void
count_event (Centre *centre, const UcEvent *event, gsize len, const char *step)
{
  gint64 bytes = (gint64)(len + (step != NULL ? strlen (step) : 0));

  centre->journal_bytes += bytes;
  if (event->type != UC_EVENT_MESSAGE_ADDED)
    return;
  centre->messages++;
  centre->message_bytes += bytes;
}

/* As the shell does it. */
static void
store_events (Centre *centre, char *step)
{
  for (guint i = 0; i < centre->events->len; i++)
    {
      UcEvent *event = centre->events->pdata[i];
      char *json;
      gsize len;

      event->seq = ++centre->seq;
      json = uc_event_to_json (event, &len);
      count_event (centre, event, len, i == 0 ? step : NULL);
      uc_batch_event_step (centre->batch, event, json, len, i == 0 ? step : NULL);
    }
  if (centre->batch->rows->len >= BATCH_ROWS)
    {
      flush (centre);
      uc_writer_checkpoint (centre->writer);
    }
}

static void
do_step (Centre *centre, UcCommand command)
{
  g_autofree char *seed = new_id (centre, "s");
  g_autoptr (GStringChunk) texts = g_string_chunk_new (256);
  g_autoptr (GError) error = NULL;

  command.seed = seed;
  uc_command_keep (&command, texts);
  g_ptr_array_set_size (centre->events, 0);
  if (!uc_engine_step (centre->engine, &command, centre->now, centre->events, &error))
    g_error ("%s: %s", uc_command_word (command.type), error->message);
  if (centre->events->len > 0)
    store_events (centre, uc_record_step (&command, FALSE, centre->now, centre->events, 0));
}

/* Time goes on, and what is due happens first. */
static void
pass (Centre *centre, gint64 ms)
{
  centre->now += ms;
  while (uc_engine_next_deadline (centre->engine) <= centre->now)
    do_step (centre, (UcCommand){ .type = UC_COMMAND_TICK });
}

/* ---- the centre ---------------------------------------------------------------------------------------- */

static void
put_agent (Centre *centre, guint number, guint capacity)
{
  g_autofree char *id = g_strdup_printf ("usr_agent%05u", number), *login = g_strdup_printf ("agent%05u", number);
  g_autofree char *name = g_strdup_printf ("%s %s", some_word (centre), some_word (centre));

  do_step (centre, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                                .user = id,
                                .login = login,
                                .name = name,
                                .role = "agent",
                                .capacity = capacity,
                                .enabled = 1 });
  for (guint q = 0; q < QUEUES; q++)
    {
      g_autofree char *queue = g_strdup_printf ("queue%02u", q);

      if (q == 0 || q == number % QUEUES || below (centre, QUEUES) < 3)
        do_step (centre,
                 (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = id, .queue = queue, .enabled = 1 });
    }
}

static void
log_in (Centre *centre, guint number)
{
  g_autofree char *id = g_strdup_printf ("usr_agent%05u", number);

  do_step (centre, (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = id, .by = id, .cause = "login" });
  do_step (centre, (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = id, .by = id, .status = "available" });
}

static void
found_centre (Centre *centre)
{
  guint agents = (guint)option_agents, capacity = (guint)((option_active + agents - 1) / agents);

  do_step (centre, (UcCommand){ .type = UC_COMMAND_PUT_POLICY, .preset = "8x8" });
  for (guint q = 0; q < QUEUES; q++)
    {
      g_autofree char *id = g_strdup_printf ("queue%02u", q);

      do_step (centre, (UcCommand){ .type = UC_COMMAND_PUT_QUEUE,
                                    .queue = id,
                                    .name = some_word (centre),
                                    .enabled = 1,
                                    .post_processing_ms = 60000 });
    }
  for (guint a = 0; a < agents; a++)
    put_agent (centre, a, CLAMP (capacity, 1, 100));
  for (guint a = 0; a < agents; a++)
    log_in (centre, a);
}

/* ---- chats --------------------------------------------------------------------------------------------- */

static void
chat_free (gpointer data)
{
  Chat *chat = data;

  g_free (chat->id);
  g_free (chat->agent);
  g_free (chat);
}

static void
customer_says (Centre *centre, const char *identity, const char *name, const char *new_interaction)
{
  g_autofree char *text = some_text (centre), *external_id = new_id (centre, "x"),
                  *message = new_id (centre, "msg");
  g_autofree char *conversation = new_id (centre, "cnv"), *queue = NULL;

  queue = g_strdup_printf ("queue%02u", below (centre, QUEUES));
  do_step (centre, (UcCommand){ .type = UC_COMMAND_RECEIVE,
                                .channel = "site",
                                .network = "webchat",
                                .identity = identity,
                                .name = name,
                                .queue = queue,
                                .text = text,
                                .external_id = external_id,
                                .sent_at = centre->now,
                                .new_conversation = conversation,
                                .new_interaction = new_interaction,
                                .new_message = message });
}

/* A third of them have written before. */
static const char *
some_identity (Centre *centre)
{
  if (centre->identities->len > 10 && below (centre, 3) == 0)
    return centre->identities->pdata[below (centre, centre->identities->len)];
  g_ptr_array_add (centre->identities, new_id (centre, "v"));
  return centre->identities->pdata[centre->identities->len - 1];
}

/* The new chat's id; NULL when the customer has one already, and has said one more line there. */
static char *
begin (Centre *centre)
{
  const char *identity = some_identity (centre);
  g_autofree char *id = new_id (centre, "int");

  customer_says (centre, identity, some_word (centre), id);
  if (uc_engine_interaction (centre->engine, id) == NULL)
    return NULL;
  centre->chats++;
  return g_steal_pointer (&id);
}

static void
accept_offer (Centre *centre, const UcInteraction *interaction)
{
  Chat *chat = g_new0 (Chat, 1);
  g_autofree char *offer = g_strdup (interaction->offer), *message = new_id (centre, "msg");

  chat->id = g_strdup (interaction->id);
  chat->agent = g_strdup (interaction->agent->id);
  chat->lines = (guint)option_lines / 2 + below (centre, (guint)option_lines + 1);
  chat->will_save = below (centre, 2);
  do_step (centre, (UcCommand){ .type = UC_COMMAND_ACCEPT,
                                .agent = chat->agent,
                                .interaction = chat->id,
                                .offer = offer,
                                .new_message = message });
  g_ptr_array_add (centre->live, chat);
}

static void
tell_state (Centre *centre, const Chat *chat, const char *message, gint64 n, const char *state)
{
  const UcInteraction *interaction = uc_engine_interaction (centre->engine, chat->id);
  g_autofree char *external_id = g_str_equal (state, "sent") ? new_id (centre, "out") : NULL;

  do_step (centre, (UcCommand){ .type = UC_COMMAND_MESSAGE_STATE,
                                .conversation = interaction->conversation->id,
                                .interaction = chat->id,
                                .agent = chat->agent,
                                .message = message,
                                .n = n,
                                .state = state,
                                .external_id = external_id });
}

static void
agent_says (Centre *centre, const Chat *chat)
{
  g_autofree char *text = some_text (centre), *client_id = new_id (centre, "c"), *message = new_id (centre, "msg");
  gint64 n;

  do_step (centre, (UcCommand){ .type = UC_COMMAND_SEND,
                                .agent = chat->agent,
                                .interaction = chat->id,
                                .text = text,
                                .client_id = client_id,
                                .new_message = message });
  n = uc_engine_interaction (centre->engine, chat->id)->conversation->last_n;
  tell_state (centre, chat, message, n, "sent");
  tell_state (centre, chat, message, n, "delivered");
}

static void
save (Centre *centre, const Chat *chat)
{
  g_autofree char *customer = new_id (centre, "cus"), *case_id = new_id (centre, "case");

  do_step (centre, (UcCommand){ .type = UC_COMMAND_SET_CUSTOMER,
                                .interaction = chat->id,
                                .customer = customer,
                                .customer_name = some_word (centre) });
  do_step (centre, (UcCommand){ .type = UC_COMMAND_SAVE, .agent = chat->agent, .interaction = chat->id });
  do_step (centre, (UcCommand){ .type = UC_COMMAND_SAVE_STATE,
                                .interaction = chat->id,
                                .state = "saved",
                                .case_id = case_id,
                                .attempts = 1 });
}

static void
finish (Centre *centre, const Chat *chat)
{
  g_autofree char *message = new_id (centre, "msg");

  if (chat->will_save)
    save (centre, chat);
  do_step (centre,
           (UcCommand){
               .type = UC_COMMAND_END, .agent = chat->agent, .interaction = chat->id, .new_message = message });
  do_step (centre, (UcCommand){ .type = UC_COMMAND_WRAP_UP_DONE, .agent = chat->agent, .interaction = chat->id });
}

/* Whoever was offered something takes it. */
static void
accept_all (Centre *centre, const char *id)
{
  const UcInteraction *interaction = id != NULL ? uc_engine_interaction (centre->engine, id) : NULL;

  if (interaction != NULL && interaction->state == UC_INTERACTION_OFFERED)
    accept_offer (centre, interaction);
}

/* One line of one chat. TRUE: it is over. */
static gboolean
go_on (Centre *centre, Chat *chat)
{
  const UcInteraction *interaction = uc_engine_interaction (centre->engine, chat->id);

  if (chat->lines == 0)
    {
      finish (centre, chat);
      return TRUE;
    }
  chat->lines--;
  if (below (centre, 2))
    agent_says (centre, chat);
  else
    {
      g_autofree char *identity = g_strdup (interaction->conversation->identity);

      customer_says (centre, identity, NULL, "int_unused");
    }
  return FALSE;
}

/* `target`: so many chats at once. */
static void
live_on (Centre *centre, guint target)
{
  pass (centre, centre->pace_ms);
  if (centre->live->len < target)
    {
      g_autofree char *id = begin (centre);

      accept_all (centre, id);
    }
  if (centre->live->len > 0)
    {
      guint which = below (centre, centre->live->len);

      if (go_on (centre, centre->live->pdata[which]))
        g_ptr_array_remove_index_fast (centre->live, which);
    }
}

static gboolean
wants_more (const Centre *centre)
{
  return centre->chats < option_closed || centre->seq < option_events;
}

static void
live_through_history (Centre *centre)
{
  guint target = (guint)MAX (1, MIN (option_active, option_closed) / 2);
  gint64 told = 0;

  while (wants_more (centre))
    {
      live_on (centre, target);
      if (centre->seq - told < 500000)
        continue;
      told = centre->seq;
      fprintf (stderr, "grow: %" G_GINT64_FORMAT " events, %" G_GINT64_FORMAT " chats\n", centre->seq,
               centre->chats);
    }
  while (centre->live->len > 0)
    live_on (centre, 0);
}

/* The agents' hands fill up first, the others wait behind. */
static void
fill_up (Centre *centre)
{
  gint64 open = 0;

  while (open < option_active + option_waiting)
    {
      g_autofree char *id = NULL;

      pass (centre, 1);
      id = begin (centre);
      accept_all (centre, id);
      open += id != NULL;
    }
  for (guint c = 0; c < centre->live->len; c++)
    for (guint lines = (guint)option_lines / 2; lines > 0; lines--)
      {
        Chat *chat = centre->live->pdata[c];

        chat->lines = lines;
        go_on (centre, chat);
      }
}

/* ---- the file ------------------------------------------------------------------------------------------ */

static UcWriter *
make_file (gint64 *seq)
{
  UcSqliteState state = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean fresh = FALSE;
  UcSqlite *sqlite = NULL;
  int lock = uc_store_lock (option_database, &fresh, &error);

  if (lock >= 0 && !fresh)
    g_set_error (&error, UC_ERROR, UC_ERROR_CONFLICT, "%s is there already; name another file", option_database);
  else if (lock >= 0)
    sqlite = uc_sqlite_open_writer (option_database, fresh, &state, &error);
  if (sqlite == NULL)
    {
      fprintf (stderr, "grow: %s\n", error->message);
      exit (EXIT_FAILURE);
    }
  uc_store_lock_settle (lock);
  uc_sqlite_exec (sqlite, "PRAGMA synchronous = OFF; PRAGMA cache_size = -1048576");
  *seq = state.last_seq;
  return uc_writer_new (sqlite, &state);
}

/* In the background of a daemon this happens when nothing else does. */
static void
index_all (Centre *centre)
{
  while (uc_writer_index (centre->writer))
    uc_writer_checkpoint (centre->writer);
}

/* Chats go on until the log is long; then nobody closes the file. */
static void
leave_log (Centre *centre)
{
  uc_writer_fold (centre->writer);
  while (centre->writer->wal_pages < option_log)
    {
      Chat *chat = centre->live->pdata[below (centre, centre->live->len)];

      pass (centre, 1);
      chat->lines = 1; /* none of them ends */
      go_on (centre, chat);
      if (centre->batch->rows->len >= 64)
        flush (centre);
    }
  flush (centre);
}

static void
report (const Centre *centre, gint64 us)
{
  struct stat file = { 0 };

  if (stat (option_database, &file) != 0)
    g_error ("%s is gone", option_database);
  printf ("{\"events\":%" G_GINT64_FORMAT ",\"messages\":%" G_GINT64_FORMAT ",\"chats\":%" G_GINT64_FORMAT
          ",\"journal_bytes\":%" G_GINT64_FORMAT ",\"journal_bytes_of_messages\":%" G_GINT64_FORMAT
          ",\"file_bytes\":%" G_GINT64_FORMAT ",\"seconds\":%.1f,\"words\":[\"%s\",\"%s\",\"%s\"]}\n",
          centre->seq, centre->messages, centre->chats, centre->journal_bytes, centre->message_bytes,
          (gint64)file.st_size, (double)us / 1e6, (char *)centre->words->pdata[0],
          (char *)centre->words->pdata[WORDS / 40], (char *)centre->words->pdata[WORDS - 1]);
}

static void
grow (void)
{
  gint64 begin_us = g_get_monotonic_time ();
  Centre centre = { .engine = uc_engine_new (), .batch = uc_batch_new () };

  centre.writer = make_file (&centre.seq);
  centre.rand = g_rand_new_with_seed ((guint32)option_seed);
  /* Its events belong to the batch. */
  centre.events = g_ptr_array_new ();
  centre.live = g_ptr_array_new_with_free_func (chat_free);
  centre.identities = g_ptr_array_new_with_free_func (g_free);
  centre.now = g_get_real_time () / 1000 - option_days * DAY_MS;
  centre.pace_ms
      = MAX (1, (option_days - 1) * DAY_MS / MAX (1, MAX (option_events / 2, option_closed * option_lines)));
  make_language (&centre);
  found_centre (&centre);
  live_through_history (&centre);
  centre.now = MAX (centre.now, g_get_real_time () / 1000 - DAY_MS / 24);
  fill_up (&centre);
  flush (&centre);
  index_all (&centre);
  if (option_log > 0)
    leave_log (&centre);
  else
    uc_writer_free (centre.writer);
  report (&centre, g_get_monotonic_time () - begin_us);
  uc_batch_free (centre.batch);
  uc_engine_free (centre.engine);
  g_ptr_array_unref (centre.events);
  g_ptr_array_unref (centre.live);
  g_ptr_array_unref (centre.identities);
  g_ptr_array_unref (centre.words);
  g_free (centre.weights);
  g_rand_free (centre.rand);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- a big centre's database");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1 || option_database == NULL)
    {
      fprintf (stderr, "grow: %s; see grow --help\n",
               error != NULL ? error->message
               : argc > 1    ? "too many arguments"
                             : "--database is missing");
      return 2;
    }
  if (option_agents < 1 || option_lines < 1 || option_closed < 0 || option_waiting < 0 || option_active < 0
      || option_days < 1 || (option_log > 0 && option_active < 1))
    {
      fprintf (stderr,
               "grow: --agents, --lines and --days are at least 1, --log-pages needs --active, and nothing "
               "is negative\n");
      return 2;
    }
  grow ();
  return EXIT_SUCCESS;
}
