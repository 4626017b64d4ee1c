/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three networks and the people on them. "post" redelivers until it is answered, lets messages overtake each
 * other, shows us our own and tells what was read; "chat" shows a message that is sent twice once; "plain" does
 * nothing of the kind. What they really delivered is the truth that the node is measured by. One thread.
 */
#include <string.h>

#include "node.h"

#define NOT_TOLD (-1)

typedef struct Person Person;

typedef struct
{
  const char *name;
  UsherChannelCapabilities caps;
  gboolean redelivers, receipts, ordered;
  UsherInstance *instance; /* NULL = not running */
  const UsherHost *host;
  gint64 blocked_until; /* the account may not send */
  GPtrArray *people;    /* of Person* */
  GHashTable *given;    /* message id -> Given */
} Network;

struct Person
{
  Network *network;
  char *id;
  GPtrArray *said;   /* of Said*: messages and ends */
  guint left;        /* messages still to be said */
  gint64 handed_n;   /* highest number we were handed */
  gint64 answered_n; /* highest number of what was said in order */
  guint transcript;  /* lines of his found by the final check */
};

/* Something the network tells us until we answer. */
typedef struct
{
  Person *who;
  UsherInboundKind kind;
  char *id, *text, *message;
  UsherReceipt receipt;
  gint64 at, upto, upto_at;
  gboolean acked, given_up;
  gint64 n; /* that we answered with */
  guint tries, found;
  guint under_way; /* deliveries that are planned */
} Said;

/* A message of ours, as the network knows it. */
typedef struct
{
  Person *to;
  char *message, *id;
  gint64 n;
  guint life; /* of the process that handed it over last */
  guint handed, shown;
  gboolean open;      /* the network has not answered */
  gboolean ambiguous; /* it was never told whether */
  gboolean refused;   /* for good */
  gboolean unfit;     /* will always be refused */
  gboolean acked_echo;
} Given;

static Network networks[3];
static guint serial;

/* ---- what people say ----------------------------------------------------------------------------------- */

static void deliver (gpointer data);

static void
deliver_later (Said *said, gint64 ms, const char *what)
{
  if (said->under_way >= 2)
    return;
  said->under_way++;
  sim_later (ms, what, deliver, said);
}

typedef struct
{
  guint life;
  guint count;
  Said *items[3];
} Attempt;

static Said *
said_new (Person *who, UsherInboundKind kind)
{
  Said *said = sim_alloc (sizeof *said);

  said->who = who;
  said->kind = kind;
  said->id = sim_printf ("x%u", ++serial);
  said->at = sim.now;
  return said;
}

static gboolean
is_numbered (const Said *said)
{
  return said->kind == USHER_INBOUND_MESSAGE || said->kind == USHER_INBOUND_ENDED;
}

static void say_next (gpointer data);

static void
take_ack (Said *said, gint64 n)
{
  if (said->acked && is_numbered (said) && said->n != n && said->n != NOT_TOLD)
    sim_broken ("%s of %s was number %" G_GINT64_FORMAT " and is %" G_GINT64_FORMAT " when it comes again",
                said->id, said->who->id, said->n, n);
  if (said->acked)
    return;
  said->acked = TRUE;
  said->n = n;
  if (said->kind == USHER_INBOUND_ECHO)
    ((Given *)g_hash_table_lookup (said->who->network->given, said->message))->acked_echo = TRUE;
  if (said->kind == USHER_INBOUND_MESSAGE && n == 0)
    sim_broken ("the message %s of %s was taken without a number", said->id, said->who->id);
  if (said->who->network->ordered && is_numbered (said) && n != 0)
    {
      if (n <= said->who->answered_n)
        sim_broken ("%s of %s became number %" G_GINT64_FORMAT ", but %" G_GINT64_FORMAT " was said before",
                    said->id, said->who->id, n, said->who->answered_n);
      said->who->answered_n = n;
    }
  /* A client that waits for the answer before it sends the next. */
  if (said->who->network->ordered && is_numbered (said))
    sim_later (sim_delay (12000), "a customer goes on", say_next, said->who);
}

static void
on_delivered (void *data, const UsherResult *result, const int64_t *numbers, size_t count)
{
  Attempt *attempt = data;

  if (attempt->life != node.life || !node_effect ())
    return;
  sim_trace ("  answered: %s.. -> status %d", attempt->items[0]->id, result->status);
  for (guint i = 0; i < attempt->count; i++)
    {
      Said *said = attempt->items[i];
      Network *network = said->who->network;

      switch (result->status)
        {
        case USHER_OK:
          take_ack (said, numbers[i]);
          break;
        case USHER_RETRY:
        case USHER_BUSY:
          sim.facts.refusals++;
          if (network->redelivers)
            deliver_later (said, sim_delay (5000), "a delivery comes again");
          else
            said->given_up = TRUE;
          break;
        default:
          sim_broken ("%s of %s was refused for good (%d): %s", said->id, said->who->id, result->status,
                      result->message);
          said->given_up = TRUE;
          break;
        }
    }
}

static void
fill (UsherInbound *item, const Said *said)
{
  *item = (UsherInbound){ .struct_size = sizeof *item,
                          .kind = said->kind,
                          .user_id = said->who->id,
                          .user_name = said->who->id,
                          .external_id = said->id,
                          .text = said->text,
                          .at = said->at,
                          .receipt = said->receipt,
                          .upto = said->upto,
                          .upto_at = said->upto_at,
                          .message_id = said->message };
  /* A receipt by time or number names no message. */
  if (said->kind == USHER_INBOUND_RECEIPT && (said->upto != 0 || said->upto_at != 0))
    item->external_id = NULL;
}

static void
hand_over (Network *network, Attempt *attempt)
{
  UsherInbound items[G_N_ELEMENTS (attempt->items)];
  const UsherInbound *pointers[G_N_ELEMENTS (attempt->items)];

  for (guint i = 0; i < attempt->count; i++)
    {
      fill (&items[i], attempt->items[i]);
      pointers[i] = &items[i];
      sim.facts.deliveries++;
      sim.facts.redeliveries += attempt->items[i]->tries++ > 0 ? 1 : 0;
      sim_trace ("  %s: %s %s of %s, try %u", network->name,
                 is_numbered (attempt->items[i]) ? "delivers" : "tells", attempt->items[i]->id,
                 attempt->items[i]->who->id, attempt->items[i]->tries);
    }
  network->host->deliver (network->instance, pointers, attempt->count, on_delivered, attempt);
  if (sim.lie == SIM_LIE_ACK && sim_chance (100))
    for (guint i = 0; i < attempt->count; i++)
      if (!attempt->items[i]->acked && attempt->items[i]->kind == USHER_INBOUND_MESSAGE && !network->ordered)
        {
          sim_trace ("LIE: %s is answered before its commit", attempt->items[i]->id);
          attempt->items[i]->acked = TRUE;
          attempt->items[i]->n = NOT_TOLD;
        }
}

/* What else waits for its answer comes along now and then: one webhook body, one poll. */
static void
add_others (Attempt *attempt)
{
  const Person *who = attempt->items[0]->who;

  for (guint i = 0; i < who->said->len && attempt->count < G_N_ELEMENTS (attempt->items); i++)
    {
      Said *other = who->said->pdata[i];

      if (other != attempt->items[0] && !other->acked && other->tries > 0)
        attempt->items[attempt->count++] = other;
    }
}

static void
deliver (gpointer data)
{
  Said *said = data;
  Network *network = said->who->network;
  Attempt *attempt;

  said->under_way--;
  if ((said->acked && !sim_fault (300)) || said->given_up)
    return;
  if (!node_is_up () || network->instance == NULL)
    {
      if (network->redelivers)
        deliver_later (said, sim_range (500, 8000), "a delivery comes again");
      else
        said->given_up = TRUE;
      return;
    }
  attempt = sim_alloc (sizeof *attempt);
  attempt->life = node.life;
  attempt->items[0] = said;
  attempt->count = 1;
  if (network->redelivers && sim_chance (150))
    add_others (attempt);
  hand_over (network, attempt);
  /* No answer in time, the answer got lost, or for no reason at all. */
  if (network->redelivers)
    deliver_later (said, sim_range (200, 15000), "a delivery comes again, perhaps");
}

static void
say_next (gpointer data)
{
  Person *who = data;
  Said *said;

  if (who->left == 0 || sim.quiet)
    return;
  who->left--;
  said = said_new (who, USHER_INBOUND_MESSAGE);
  if (who->said->len > 1 && sim_chance (120))
    said->kind = USHER_INBOUND_ENDED;
  else
    said->text = sim_printf ("%s says %s", who->id, said->id);
  g_ptr_array_add (who->said, said);
  sim.facts.said++;
  deliver_later (said, who->network->ordered ? 0 : sim_delay (400), "a customer's message arrives");
  if (!who->network->ordered && who->left > 0)
    sim_later (sim_delay (15000), "a customer goes on", say_next, who);
}

/* ---- what the network tells of our messages -------------------------------------------------------------- */

static void
tell_echo (gpointer data)
{
  Given *given = data;
  Said *said = said_new (given->to, USHER_INBOUND_ECHO);

  sim.facts.receipts++;
  said->id = given->id;
  said->message = given->message;
  said->text = sim_strdup ("ours");
  g_ptr_array_add (given->to->said, said);
  deliver_later (said, 0, "the network tells");
}

static void
tell_receipt (gpointer data)
{
  Given *given = data;
  Said *said = said_new (given->to, USHER_INBOUND_RECEIPT);

  sim.facts.receipts++;
  said->receipt = sim_chance (500) ? USHER_RECEIPT_READ : USHER_RECEIPT_DELIVERED;
  if (sim_chance (300))
    said->upto_at = sim.now;
  else
    said->id = given->id;
  g_ptr_array_add (given->to->said, said);
  deliver_later (said, 0, "the network tells");
}

static void
tell_later (Given *given)
{
  guint receipts = (guint)sim_range (0, 3);

  if (!given->to->network->receipts)
    return;
  /* Not while it heals: then the echo of each has come. */
  if (!sim_fault (100))
    sim_later (sim_delay (4000), "an echo", tell_echo, given);
  for (guint i = 0; i < receipts; i++)
    sim_later (sim_delay (20000), "a receipt", tell_receipt, given);
}

/* The customer sees it. */
static void
show (Given *given)
{
  Person *to = given->to;

  if (to->network->caps.idempotent_send && given->shown > 0)
    return;
  given->shown++;
  if (given->shown > 1)
    sim_broken ("the customer %s saw the message %s twice", to->id, given->message);
  tell_later (given);
  if (to->left > 0 && !to->network->ordered && sim_chance (300))
    sim_later (sim_delay (10000), "a customer replies", say_next, to);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

typedef struct
{
  Given *given;
  UsherReply *reply;
  guint life;
  UsherStatus status;
  gint64 retry_after;
  gboolean shows; /* only now */
} Sending;

static void
complete (gpointer data)
{
  Sending *sending = data;
  Given *given = sending->given;
  UsherResult result = { .struct_size = sizeof result,
                         .status = sending->status,
                         .message = sending->status == USHER_OK ? NULL : "the network says so",
                         .retry_after_ms = sending->retry_after,
                         .external_id = sending->status == USHER_OK ? given->id : NULL };

  if (sending->shows)
    show (given);
  if (sending->life != node.life || given->to->network->instance == NULL)
    return;
  given->open = FALSE;
  /* A late answer to an earlier attempt takes nothing back. */
  if (sending->status == USHER_CONTENT)
    given->refused = TRUE;
  if (sending->status == USHER_UNCERTAIN || sending->status == USHER_LOST)
    given->ambiguous = TRUE;
  given->to->network->host->complete (sending->reply, &result);
}

/* What the network does with a message, and what it answers, if it does. */
static void
decide (Network *network, Sending *sending)
{
  Given *given = sending->given;
  gint64 after = sim_delay (600);
  guint dice = (guint)sim_range (0, 999);

  sending->status = USHER_OK;
  if (!sim.quiet && sim.now < network->blocked_until)
    {
      sending->status = sim_chance (500) ? USHER_AUTH : USHER_POLICY;
      sim.facts.blocked++;
    }
  else if (given->unfit)
    sending->status = USHER_CONTENT;
  else if (sim.quiet || dice < 700)
    show (given);
  else if (dice < 800)
    {
      sending->status = sim_chance (500) ? USHER_RETRY : USHER_BUSY;
      sending->retry_after = sim_chance (300) ? sim_range (1, 60000) : 0;
      sim.facts.send_retries++;
    }
  else if (dice < 880)
    {
      sending->status = sim_chance (700) ? USHER_UNCERTAIN : USHER_LOST;
      sending->shows = sim_chance (500);
      given->ambiguous = TRUE;
      sim.facts.ambiguous++;
    }
  else if (dice < 960)
    {
      /* Too late for the core, and perhaps too early for the customer. */
      after = sim_range (50000, 90000);
      sending->shows = sim_chance (500);
      if (!sending->shows && sim_chance (500))
        show (given);
      sending->status = sending->shows || given->shown > 0 ? USHER_OK : USHER_UNCERTAIN;
      given->ambiguous = TRUE;
      sim.facts.ambiguous++;
    }
  else if (dice < 980)
    {
      sending->status = USHER_CONTENT;
      given->unfit = TRUE;
    }
  else
    {
      network->blocked_until = sim.now + sim_range (1000, 200000);
      sending->status = USHER_AUTH;
      sim.facts.blocked++;
    }
  if (after == 0)
    complete (sending);
  else
    sim_later (after, "a network answers", complete, sending);
}

static Person *
person_of (Network *network, const char *id)
{
  for (guint i = 0; i < network->people->len; i++)
    if (strcmp (((Person *)network->people->pdata[i])->id, id) == 0)
      return network->people->pdata[i];
  return NULL;
}

static void
network_send (void *self, const UsherLine *line, UsherReply *reply)
{
  Network *network = self;
  Given *given;
  Sending *sending;

  if (!node_effect ())
    return;
  given = g_hash_table_lookup (network->given, line->message_id);
  sim.facts.handed++;
  if (given == NULL)
    {
      given = sim_alloc (sizeof *given);
      given->to = person_of (network, line->user_id);
      given->message = sim_strdup (line->message_id);
      given->id = sim_printf ("y%u", ++serial);
      given->n = line->n;
      g_hash_table_insert (network->given, given->message, given);
    }
  sim_trace ("  %s is handed %s, number %" G_GINT64_FORMAT " for %s", network->name, line->message_id, line->n,
             line->user_id);
  if (given->open && !network->caps.idempotent_send)
    sim_broken ("%s is handed over while the network still has it", given->message);
  /* A process that died may not have kept the refusal. */
  if (given->life != node.life)
    given->refused = FALSE;
  if (given->refused)
    sim_broken ("%s is handed over although the network refused it for good", given->message);
  if (given->ambiguous && !network->caps.idempotent_send)
    sim_broken ("%s, whose fate is open, is blindly repeated", given->message);
  /* Shown or refused already, it comes again after a crash: nobody sees that. */
  if (line->n < given->to->handed_n && given->shown == 0 && !given->unfit)
    sim_broken ("%s, number %" G_GINT64_FORMAT " for %s, is handed over after number %" G_GINT64_FORMAT,
                given->message, line->n, given->to->id, given->to->handed_n);
  given->to->handed_n = MAX (given->to->handed_n, line->n);
  given->handed++;
  given->life = node.life;
  given->open = TRUE;
  sending = sim_alloc (sizeof *sending);
  *sending = (Sending){ .given = given, .reply = reply, .life = node.life };
  decide (network, sending);
}

/* What such a network told once it does not tell again. */
static void
lose_deliveries (Network *network)
{
  for (guint p = 0; !network->redelivers && p < network->people->len; p++)
    {
      const Person *who = network->people->pdata[p];

      for (guint s = 0; s < who->said->len; s++)
        {
          Said *said = who->said->pdata[s];

          if (said->tries > 0 && !said->acked)
            said->given_up = TRUE;
        }
    }
}

/* ---- instances ----------------------------------------------------------------------------------------- */

static void *
network_create (UsherInstance *instance, const UsherHost *host)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    if (strcmp (networks[i].name, host->instance_name (instance)) == 0)
      {
        networks[i].instance = machine_dead ? NULL : instance;
        networks[i].host = host;
        return &networks[i];
      }
  g_assert_not_reached ();
}

/* Answers to what it delivered do not come any more. */
static void
network_destroy (void *self)
{
  Network *network = self;

  network->instance = NULL;
  lose_deliveries (network);
}

typedef struct
{
  Network *network;
  UsherReply *reply;
  guint life;
} Starting;

static void
started (gpointer data)
{
  Starting *starting = data;
  UsherResult result = { .struct_size = sizeof result, .status = sim_fault (100) ? USHER_RETRY : USHER_OK };

  if (starting->life == node.life && starting->network->instance != NULL)
    starting->network->host->complete (starting->reply, &result);
}

static void
network_start (void *self, UsherReply *reply)
{
  Starting *starting = sim_alloc (sizeof *starting);

  *starting = (Starting){ self, reply, node.life };
  if (!machine_dead)
    sim_later (sim_delay (300), "a channel has started", started, starting);
}

static const UsherChannelCapabilities *
network_capabilities (void *self)
{
  return &((Network *)self)->caps;
}

static const UsherChannelCapabilities any = {
  .struct_size = sizeof any, .network = "world", .receipts_delivered = USHER_NATIVE, .receipts_read = USHER_NATIVE
};

const UsherChannelOps network_ops = {
  .struct_size = sizeof network_ops,
  .create = network_create,
  .start = network_start,
  .destroy = network_destroy,
  .capabilities = &any,
  .runtime_capabilities = network_capabilities,
  .send = network_send,
};

/* ---- all ----------------------------------------------------------------------------------------------- */

static void
network_new (Network *network, const char *name, guint people)
{
  *network = (Network){ .name = name, .caps = any, .people = sim_list (), .given = sim_table () };
  network->caps.network = name;
  for (guint i = 0; i < people; i++)
    {
      Person *who = sim_alloc (sizeof *who);

      who->network = network;
      who->id = sim_printf ("%s-%u", name, i + 1);
      who->said = sim_list ();
      who->left = (guint)sim_range (1, 5);
      g_ptr_array_add (network->people, who);
      sim_later (sim_range (0, 40000), "a customer begins", say_next, who);
    }
}

void
networks_begin (void)
{
  serial = 0;
  network_new (&networks[0], "post", (guint)sim_range (0, 2));
  networks[0].redelivers = networks[0].receipts = TRUE;
  networks[0].caps.echoes = TRUE;
  networks[0].caps.settle_ms = 500;
  network_new (&networks[1], "chat", (guint)sim_range (0, 2));
  networks[1].redelivers = networks[1].ordered = TRUE;
  networks[1].caps.idempotent_send = TRUE;
  network_new (&networks[2], "plain", (guint)sim_range (1, 2));
}

void
networks_lost (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      GHashTableIter iter;
      gpointer value;

      networks[i].instance = NULL;
      lose_deliveries (&networks[i]);
      g_hash_table_iter_init (&iter, networks[i].given);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        {
          Given *given = value;

          if (!given->open)
            continue;
          given->open = FALSE;
          given->ambiguous = TRUE;
          sim.facts.ambiguous++;
        }
    }
}

const char *
networks_busy (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    for (guint p = 0; p < networks[i].people->len; p++)
      {
        const Person *who = networks[i].people->pdata[p];

        for (guint s = 0; s < who->said->len; s++)
          {
            const Said *said = who->said->pdata[s];

            if (!said->acked && !said->given_up)
              return sim_printf ("%s of %s is not answered", said->id, who->id);
          }
      }
  return NULL;
}

/* ---- final check --------------------------------------------------------------------------------------- */

static Network *
network_of (const char *channel)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    if (g_strcmp0 (networks[i].name, channel) == 0)
      return &networks[i];
  g_assert_not_reached ();
}

void
networks_check_said (const char *channel, const char *identity, const UcEvent *line)
{
  Person *who = person_of (network_of (channel), identity);

  for (guint i = 0; i < who->said->len; i++)
    {
      Said *said = who->said->pdata[i];

      if (g_strcmp0 (said->id, line->external_id) != 0)
        continue;
      if (said->found++ > 0)
        sim_broken ("I1: %s of %s is in the transcript twice", said->id, who->id);
      if (said->n > 0 && said->n != line->n)
        sim_broken ("I1: %s of %s was answered as number %" G_GINT64_FORMAT " and is number %" G_GINT64_FORMAT,
                    said->id, who->id, said->n, line->n);
      if (said->kind == USHER_INBOUND_MESSAGE && g_strcmp0 (said->text, line->text) != 0)
        sim_broken ("I1: %s of %s has another text", said->id, who->id);
      return;
    }
  sim_broken ("I1: nobody said %s of %s", line->external_id, who->id);
}

static void
check_state (const Network *network, const Given *given, const UcEvent *line)
{
  const char *state = line->state;
  gboolean sent = strcmp (state, "sent") == 0 || strcmp (state, "delivered") == 0 || strcmp (state, "read") == 0;

  if (strcmp (state, "queued") == 0)
    sim_broken ("I2: %s still waits to be sent", line->message);
  else if (sent && (given == NULL || given->shown == 0))
    sim_broken ("I2: %s is %s, but the network never took it", line->message, state);
  else if (strcmp (state, "failed") == 0)
    {
      sim.facts.failed++;
      if (given == NULL || !given->refused)
        sim_broken ("I2: %s has failed (%s), but the network did not refuse it", line->message, line->error);
    }
  else if (strcmp (state, "uncertain") == 0)
    {
      sim.facts.uncertain++;
      if (network->caps.idempotent_send)
        sim_broken ("I2: %s is uncertain where it could have been sent again", line->message);
      if (given != NULL && given->shown > 0 && given->acked_echo)
        sim_broken ("I2: %s is uncertain although the network has shown it to us", line->message);
      /* A process that died may not have kept even a clear answer. */
      if (given != NULL && !given->ambiguous && given->life == node.life)
        sim_broken ("I2: %s is uncertain, but the network answered clearly", line->message);
    }
}

void
networks_check_line (const char *channel, const char *identity, const UcEvent *line)
{
  const Network *network = network_of (channel);

  check_state (network, g_hash_table_lookup (network->given, line->message), line);
}

void
networks_check (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    for (guint p = 0; p < networks[i].people->len; p++)
      {
        const Person *who = networks[i].people->pdata[p];

        for (guint s = 0; s < who->said->len; s++)
          {
            const Said *said = who->said->pdata[s];

            if (said->kind == USHER_INBOUND_ECHO && said->n != 0)
              sim_broken ("I1: our own %s became a line of its own", said->message);
            if (said->acked && said->found == 0 && said->kind == USHER_INBOUND_MESSAGE)
              sim_broken ("I1: %s of %s was acknowledged and is lost", said->id, who->id);
          }
      }
}
