/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the daemon's look at itself costs: CPU time of uc_engine_check_some at the monitor's pace (four calls a
 * second), and how many seconds a whole round takes. A third of the chats is with agents, the others wait; a tenth
 * of the agents is on a break. Standard output: a line of JSON.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/engine/engine.h"

#define CALLS_PER_SECOND 4
#define QUEUES 20
#define ROUNDS 50

typedef struct
{
  UcEngine *engine;
  GPtrArray *events;
  gint64 now;
  guint64 seeds;
} Centre;

static void
step (Centre *centre, UcCommand command)
{
  g_autofree char *seed = g_strdup_printf ("seed-%" G_GUINT64_FORMAT, ++centre->seeds);
  g_autoptr (GError) error = NULL;

  command.seed = seed;
  if (!uc_engine_step (centre->engine, &command, centre->now, centre->events, &error))
    g_error ("%s", error->message);
  g_ptr_array_set_size (centre->events, 0);
}

static void
make_queues (Centre *centre)
{
  for (guint q = 0; q < QUEUES; q++)
    {
      g_autofree char *id = g_strdup_printf ("q%u", q);

      step (
          centre,
          (UcCommand){
              .type = UC_COMMAND_PUT_QUEUE, .queue = id, .name = id, .enabled = 1, .post_processing_ms = 60000 });
    }
}

static void
make_agents (Centre *centre, guint agents, guint capacity)
{
  for (guint a = 0; a < agents; a++)
    {
      g_autofree char *id = g_strdup_printf ("agent%u", a);

      step (centre, (UcCommand){ .type = UC_COMMAND_PUT_USER,
                                 .user = id,
                                 .login = id,
                                 .name = id,
                                 .role = "agent",
                                 .permissions = "",
                                 .capacity = capacity,
                                 .acceptance_ms = 30000,
                                 .enabled = 1,
                                 .auto_accept = 1 });
      for (guint q = a % QUEUES; q < a % QUEUES + 3; q++)
        {
          g_autofree char *queue = g_strdup_printf ("q%u", q % QUEUES);

          step (centre,
                (UcCommand){ .type = UC_COMMAND_PUT_MEMBERSHIP, .user = id, .queue = queue, .enabled = 1 });
        }
      step (centre,
            (UcCommand){ .type = UC_COMMAND_SET_STATUS, .agent = id, .status = "work_offline", .cause = "login" });
      step (centre, (UcCommand){ .type = UC_COMMAND_SET_STATUS,
                                 .agent = id,
                                 .status = a % 10 == 0 ? "on_break" : "available" });
    }
}

static void
make_chats (Centre *centre, guint chats)
{
  for (guint i = 0; i < chats; i++)
    {
      g_autofree char *who = g_strdup_printf ("u%u", i);
      g_autofree char *queue = g_strdup_printf ("q%u", i % QUEUES);
      g_autofree char *conversation = g_strdup_printf ("c%u", i), *interaction = g_strdup_printf ("i%u", i);
      g_autofree char *message = g_strdup_printf ("m%u", i), *offer = g_strdup_printf ("o%u", i);

      centre->now++;
      step (centre, (UcCommand){ .type = UC_COMMAND_RECEIVE,
                                 .channel = "net",
                                 .network = "net",
                                 .identity = who,
                                 .queue = queue,
                                 .text = "Hello?",
                                 .new_conversation = conversation,
                                 .new_interaction = interaction,
                                 .new_message = message });
    }
}

static gint64
cpu_us (void)
{
  struct timespec spent;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &spent);
  return (gint64)spent.tv_sec * G_USEC_PER_SEC + spent.tv_nsec / 1000;
}

static void
measure (guint agents, guint chats, guint budget)
{
  Centre centre = { uc_engine_new (), g_ptr_array_new_with_free_func ((GDestroyNotify)uc_event_free), 1000000, 0 };
  UcCheckCursor cursor = { .late_ms = G_MAXINT64 / 2 };
  gint64 began, most = 0, spent;
  guint calls = 0;

  make_queues (&centre);
  make_agents (&centre, agents, MAX (1, chats / 3 / agents));
  make_chats (&centre, chats);
  began = cpu_us ();
  while (cursor.rounds < ROUNDS)
    {
      g_autoptr (GError) error = NULL;
      gint64 before = cpu_us ();

      if (!uc_engine_check_some (centre.engine, centre.now, &cursor, budget, NULL, &error))
        g_error ("%s", error->message);
      most = MAX (most, cpu_us () - before);
      calls++;
    }
  spent = cpu_us () - began;
  printf ("{\"agents\":%u,\"chats\":%u,\"call_us\":%.1f,\"longest_us\":%" G_GINT64_FORMAT
          ",\"cpu\":%.6f,\"round_s\":%.2f}\n",
          agents, chats, (double)spent / calls, most, (double)spent / calls * CALLS_PER_SECOND / 1e6,
          (double)calls / ROUNDS / CALLS_PER_SECOND);
  g_ptr_array_unref (centre.events);
  uc_engine_free (centre.engine);
}

int
main (int argc, char **argv)
{
  guint numbers[3] = { 0 };

  for (int i = 1; i < argc && i <= 3; i++)
    numbers[i - 1] = (guint)g_ascii_strtoull (argv[i], NULL, 10);
  if (argc != 4 || numbers[0] == 0 || numbers[1] == 0)
    {
      fprintf (stderr, "usage: watch LOOKED-AT-PER-CALL AGENTS CHATS\n");
      return 2;
    }
  measure (numbers[1], numbers[2], numbers[0]);
  return EXIT_SUCCESS;
}
