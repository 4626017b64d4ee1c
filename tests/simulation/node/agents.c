/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Agents at their desks: clients of the desk protocol as its document describes them. Lines break and desks
 * resume, answers get lost, and what was not answered is asked for again under the same key. One thread.
 */
#include <string.h>

#include "core/base/json.h"
#include "node.h"

typedef struct Agent Agent;

/* A command until it is answered, however often it takes. */
typedef struct
{
  Agent *agent;
  char *name, *args, *cmd, *text, *result;
  char *interaction;
  gboolean acked, refused, waiting; /* waiting: asked for on this line */
  guint tries, found;
  guint serial; /* of its last call */
} Command;

/* What the desk shows of one chat. */
typedef struct
{
  char *interaction, *state;
  gboolean complete; /* the lines from before the desk had it are known */
  gboolean asked;    /* for them */
  guint written, wanted;
  gboolean saves;
  GHashTable *lines;  /* n -> text */
  gint64 lines_until; /* seq of the event that closed it; 0 = open */
} Chat;

/* One connection; it outlives its line, as the core may still talk to it. */
typedef struct
{
  Agent *agent;
  UsherDesk *desk; /* NULL = closed */
  guint life;
  GPtrArray *frames; /* of char*: on their way to the client */
  guint taken;       /* of them */
  gboolean live, frozen;
} Line;

struct Agent
{
  const NodeAgent *who;
  Line *line; /* NULL = none */
  gint64 since, break_until;
  char *status, *asked;
  GPtrArray *chats, *closed; /* of Chat* */
  GPtrArray *commands;       /* of Command* */
  guint serial;
  gboolean left;
};

static Agent agents[NODE_AGENTS];
static UsherInstance *instance;
static const UsherHost *host;

static void connect_desk (gpointer data);

/* ---- chats --------------------------------------------------------------------------------------------- */

static Chat *
chat_of (Agent *agent, const char *interaction)
{
  for (guint i = 0; i < agent->chats->len; i++)
    if (g_strcmp0 (((Chat *)agent->chats->pdata[i])->interaction, interaction) == 0)
      return agent->chats->pdata[i];
  return NULL;
}

static Chat *
chat_new (Agent *agent, const char *interaction, const char *state)
{
  Chat *chat = chat_of (agent, interaction);

  if (chat == NULL)
    {
      chat = sim_alloc (sizeof *chat);
      chat->interaction = sim_strdup (interaction);
      chat->wanted = (guint)sim_range (0, 4);
      chat->lines = sim_numbers ();
      g_ptr_array_add (agent->chats, chat);
    }
  chat->state = sim_strdup (state);
  return chat;
}

static void
add_line (Chat *chat, const UcJson *message)
{
  gint64 n = uc_json_int (uc_json_get (message, "n"), 0);
  const char *text = uc_json_string (uc_json_get (message, "text"));
  const char *before = g_hash_table_lookup (chat->lines, GSIZE_TO_POINTER ((gsize)n));

  if (before != NULL && strcmp (before, text) != 0)
    sim_broken ("R5: line %" G_GINT64_FORMAT " of %s was \"%s\" on the desk and is \"%s\" now", n,
                chat->interaction, before, text);
  g_hash_table_insert (chat->lines, GSIZE_TO_POINTER ((gsize)n), sim_strdup (text));
}

static void
add_lines (Chat *chat, const UcJson *messages)
{
  for (const UcJson *m = uc_json_first (messages); m != NULL; m = uc_json_next (m))
    add_line (chat, m);
  chat->complete = TRUE;
}

static void
drop_chat (Agent *agent, Chat *chat)
{
  g_ptr_array_remove (agent->chats, chat);
  g_ptr_array_add (agent->closed, chat);
}

/* ---- commands ------------------------------------------------------------------------------------------ */

static void
call (Agent *agent, Command *command)
{
  Line *line = agent->line;
  g_autoptr (GString) frame = g_string_new (NULL);
  g_autofree char *id = NULL;

  command->serial = ++agent->serial;
  id = g_strdup_printf ("%u", command->serial);
  uc_json_begin (frame);
  uc_json_add_string (frame, "call", command->name);
  uc_json_add_string (frame, "id", id);
  uc_json_add_opt (frame, "cmd", command->cmd);
  uc_json_add_raw (frame, "args", command->args);
  uc_json_end (frame);
  command->waiting = TRUE;
  sim.facts.commands++;
  sim.facts.repeated += command->tries++ > 0 ? 1 : 0;
  sim_trace ("  %s: %s %s (%s, try %u)", agent->who->user, command->name, command->args,
             command->cmd != NULL ? command->cmd : "-", command->tries);
  host->desk_input (line->desk, frame->str, frame->len);
}

static gboolean
is_live (const Agent *agent)
{
  return agent->line != NULL && agent->line->live && agent->line->desk != NULL && agent->line->life == node.life
         && node_is_up () && !agent->line->frozen;
}

static void
again (gpointer data)
{
  Command *command = data;

  if (command->acked || command->refused || command->waiting)
    return;
  if (is_live (command->agent))
    call (command->agent, command);
}

/* A click whose answer does not come is clicked again. */
static void
impatient (gpointer data)
{
  Command *command = data;

  if (command->acked || command->refused)
    return;
  command->waiting = FALSE;
  again (command);
}

static Command *
do_command (Agent *agent, const char *name, Chat *chat, const char *text, const char *more)
{
  Command *command = sim_alloc (sizeof *command);
  GString *args = g_string_new (NULL);

  uc_json_begin (args);
  if (chat != NULL)
    uc_json_add_string (args, "interaction", chat->interaction);
  uc_json_add_opt (args, "text", text);
  uc_json_add_opt (args, "client_id", text);
  if (more != NULL)
    uc_json_add_string (args, "status", more);
  uc_json_end (args);
  command->agent = agent;
  command->name = sim_strdup (name);
  command->args = sim_strdup (args->str);
  g_string_free (args, TRUE);
  command->text = sim_strdup (text);
  command->interaction = chat != NULL ? chat->interaction : NULL;
  if (strcmp (name, "interaction.get") != 0)
    command->cmd = sim_printf ("%s-%u", agent->who->user, agent->commands->len);
  g_ptr_array_add (agent->commands, command);
  call (agent, command);
  sim_later (sim_range (4000, 30000), "an agent is impatient", impatient, command);
  return command;
}

static gboolean
is_pending (const Agent *agent, const Chat *chat)
{
  for (guint i = 0; i < agent->commands->len; i++)
    {
      const Command *command = agent->commands->pdata[i];

      if (!command->acked && !command->refused
          && command->interaction == (chat != NULL ? chat->interaction : NULL))
        return TRUE;
    }
  return FALSE;
}

/* R4: the same command has the same answer. */
static void
ask_once_more (gpointer data)
{
  Command *command = data;

  if (is_live (command->agent))
    {
      command->waiting = FALSE;
      call (command->agent, command);
    }
}

static void
take_result (Agent *agent, Command *command, const UcJson *frame)
{
  const char *code = uc_json_string (uc_json_get (uc_json_get (frame, "error"), "code"));
  char *result = uc_json_print (uc_json_get (frame, "result"), NULL);

  command->waiting = FALSE;
  if (uc_json_bool (uc_json_get (frame, "ok"), FALSE))
    {
      if (command->acked && command->cmd != NULL && g_strcmp0 (command->result, result) != 0)
        sim_broken ("R4: %s was answered %s, and repeated %s", command->cmd, command->result, result);
      if (command->refused)
        sim_broken ("R4: %s was refused, and then done", command->cmd);
      if (!command->acked)
        sim_trace ("  %s: %s is done", agent->who->user, command->cmd != NULL ? command->cmd : command->name);
      command->acked = TRUE;
      command->result = sim_strdup (result);
      if (command->cmd == NULL && command->interaction != NULL && chat_of (agent, command->interaction) != NULL)
        add_lines (chat_of (agent, command->interaction),
                   uc_json_get (uc_json_get (uc_json_get (frame, "result"), "interaction"), "messages"));
      if (command->cmd != NULL && command->tries < 4 && sim_fault (60))
        sim_later (sim_range (0, 120000), "an agent's command comes once more", ask_once_more, command);
    }
  else if (g_strcmp0 (code, "unavailable") == 0 || g_strcmp0 (code, "busy") == 0
           || g_strcmp0 (code, "failed") == 0)
    sim_later (sim_delay (3000), "an agent tries again", again, command);
  else if (command->acked)
    sim_broken ("R4: %s was done, and is refused (%s) when it is repeated", command->cmd, code);
  else
    {
      sim_trace ("  %s: %s is refused: %s", agent->who->user, command->cmd != NULL ? command->cmd : command->name,
                 uc_json_string (uc_json_get (uc_json_get (frame, "error"), "message")));
      command->refused = TRUE;
    }
  free (result);
}

static void
on_result (Agent *agent, const UcJson *frame)
{
  guint serial = (guint)g_ascii_strtoull (uc_json_string (uc_json_get (frame, "id")), NULL, 10);

  for (guint i = agent->commands->len; i > 0; i--)
    if (((Command *)agent->commands->pdata[i - 1])->serial == serial)
      {
        take_result (agent, agent->commands->pdata[i - 1], frame);
        return;
      }
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static void
set_status (Agent *agent, const UcJson *status)
{
  agent->status = sim_strdup (uc_json_string (uc_json_get (status, "status")));
  agent->asked = sim_strdup (uc_json_string (uc_json_get (status, "asked")));
}

static void
on_welcome (Agent *agent, const UcJson *frame)
{
  const UcJson *snapshot = uc_json_get (frame, "snapshot");

  agent->line->live = TRUE;
  if (uc_json_bool (uc_json_get (frame, "resumed"), FALSE))
    sim.facts.resumes++;
  else
    {
      sim.facts.snapshots++;
      agent->since = uc_json_int (uc_json_get (frame, "seq"), 0);
      set_status (agent, uc_json_get (snapshot, "me"));
      g_ptr_array_set_size (agent->chats, 0);
      for (const UcJson *i = uc_json_first (uc_json_get (snapshot, "interactions")); i != NULL;
           i = uc_json_next (i))
        add_lines (chat_new (agent, uc_json_string (uc_json_get (i, "interaction")),
                             uc_json_string (uc_json_get (i, "state"))),
                   uc_json_get (i, "messages"));
    }
  for (guint i = 0; i < agent->commands->len; i++)
    {
      Command *command = agent->commands->pdata[i];

      if (!command->acked && !command->refused)
        sim_later (sim_delay (100), "an agent's command is sent again", again, command);
    }
}

static void
on_chat_event (Agent *agent, const char *type, const UcJson *frame)
{
  const char *interaction = uc_json_string (uc_json_get (frame, "interaction"));
  Chat *chat = interaction != NULL ? chat_of (agent, interaction) : NULL;
  const char *cause = uc_json_string (uc_json_get (frame, "cause"));

  if (strcmp (type, "interaction.offered") == 0)
    chat_new (agent, interaction, "offered");
  else if (chat == NULL)
    return;
  else if (strcmp (type, "offer.ended") == 0)
    {
      if (g_strcmp0 (cause, "accepted") != 0)
        g_ptr_array_remove (agent->chats, chat);
    }
  else if (strcmp (type, "interaction.accepted") == 0)
    chat->state = sim_strdup ("active");
  else if (strcmp (type, "message.added") == 0)
    add_line (chat, frame);
  else if (strcmp (type, "interaction.ended") == 0)
    {
      if (g_strcmp0 (uc_json_string (uc_json_get (frame, "ended_by")), "customer") != 0)
        chat->state = sim_strdup ("wrap_up");
    }
  else if (strcmp (type, "interaction.closed") == 0)
    {
      chat->lines_until = uc_json_int (uc_json_get (frame, "seq"), 0);
      drop_chat (agent, chat);
    }
  else if (strcmp (type, "interaction.queued") == 0)
    g_ptr_array_remove (agent->chats, chat);
}

static void
on_frame (Agent *agent, const UcJson *frame)
{
  const char *type = uc_json_string (uc_json_get (frame, "type"));
  gint64 seq = uc_json_int (uc_json_get (frame, "seq"), 0);

  if (strcmp (type, "welcome") == 0)
    on_welcome (agent, frame);
  else if (strcmp (type, "result") == 0)
    on_result (agent, frame);
  else if (strcmp (type, "heartbeat") == 0)
    host->desk_input (agent->line->desk, "{\"ping\":1}", 10);
  else if (strcmp (type, "agent.status") == 0
           && g_strcmp0 (uc_json_string (uc_json_get (frame, "agent")), agent->who->user) == 0)
    set_status (agent, frame);
  else if (seq > 0)
    on_chat_event (agent, type, frame);
  if (seq > 0 && strcmp (type, "welcome") != 0)
    {
      if (seq <= agent->since)
        sim_broken ("R5: event %" G_GINT64_FORMAT " came to %s after %" G_GINT64_FORMAT, seq, agent->who->user,
                    agent->since);
      agent->since = seq;
    }
}

static void
take_frames (gpointer data)
{
  Line *line = data;

  while (line->agent->line == line && !line->frozen && line->taken < line->frames->len)
    {
      const char *text = line->frames->pdata[line->taken++];
      g_autoptr (UcJson) frame = uc_json_parse (text, strlen (text), NULL, NULL);

      if (line->desk != NULL && line->life == node.life && node_is_up ())
        on_frame (line->agent, frame);
    }
}

static void
desk_output (void *self, UsherDesk *desk, void *desk_data, const char *frame, size_t len)
{
  Line *line = desk_data;

  if (!node_effect ())
    return;
  g_ptr_array_add (line->frames, sim_strdup (frame));
  sim_later (sim_delay (60), "frames arrive at a desk", take_frames, line);
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static void
cut (Agent *agent)
{
  Line *line = agent->line;
  UsherDesk *desk = line->desk;

  agent->line = NULL;
  line->desk = NULL;
  for (guint i = 0; i < agent->commands->len; i++)
    ((Command *)agent->commands->pdata[i])->waiting = FALSE;
  if (desk != NULL && line->life == node.life && !machine_dead && node.core != NULL)
    host->desk_close (desk);
  if (!agent->left)
    sim_later (sim_delay (3000), "a desk connects", connect_desk, agent);
}

static void
desk_closed (void *self, UsherDesk *desk, void *desk_data, int code, const char *reason)
{
  Line *line = desk_data;

  line->desk = NULL;
  if (machine_dead || line->agent->line != line)
    return;
  sim_trace ("  the desk of %s is closed: %s", line->agent->who->user, reason);
  cut (line->agent);
}

static void
connect_desk (gpointer data)
{
  Agent *agent = data;
  Line *line;
  g_autofree char *hello = NULL;

  if (agent->line != NULL || agent->left)
    return;
  if (!node_is_up () || instance == NULL)
    {
      sim_later (sim_range (200, 5000), "a desk connects", connect_desk, agent);
      return;
    }
  line = sim_alloc (sizeof *line);
  line->agent = agent;
  line->life = node.life;
  line->frames = sim_list ();
  line->desk = host->desk_open (instance, "simulation", line);
  if (line->desk == NULL)
    {
      sim_later (sim_range (200, 5000), "a desk connects", connect_desk, agent);
      return;
    }
  agent->line = line;
  hello = agent->since > 0
              ? g_strdup_printf ("{\"hello\":{\"token\":\"%s\",\"beats\":true,\"since\":%" G_GINT64_FORMAT "}}",
                                 agent->who->token, agent->since)
              : g_strdup_printf ("{\"hello\":{\"token\":\"%s\",\"beats\":true}}", agent->who->token);
  host->desk_input (line->desk, hello, strlen (hello));
}

/* ---- work ---------------------------------------------------------------------------------------------- */

static void
write_line (Agent *agent, Chat *chat)
{
  char *text = sim_printf ("%s writes %u", agent->who->user, agent->commands->len);

  chat->written++;
  sim.facts.written++;
  do_command (agent, "message.send", chat, text, NULL);
}

static void
work_on (Agent *agent, Chat *chat)
{
  if (is_pending (agent, chat))
    return;
  if (!chat->complete && !chat->asked)
    {
      chat->asked = TRUE;
      do_command (agent, "interaction.get", chat, NULL, NULL);
    }
  else if (strcmp (chat->state, "offered") == 0)
    {
      if (sim_fault (60))
        do_command (agent, "interaction.reject", chat, NULL, NULL);
      else if (sim.quiet || sim_chance (700))
        do_command (agent, "interaction.accept", chat, NULL, NULL);
    }
  else if (strcmp (chat->state, "active") == 0)
    {
      if (chat->written < chat->wanted)
        write_line (agent, chat);
      else if (!chat->saves && sim_chance (300))
        {
          chat->saves = TRUE;
          do_command (agent, "interaction.save", chat, NULL, NULL);
        }
      else
        do_command (agent, "interaction.end", chat, NULL, NULL);
    }
  else if (!chat->saves && sim_chance (400))
    {
      chat->saves = TRUE;
      do_command (agent, "interaction.save", chat, NULL, NULL);
    }
  else if (sim_chance (600))
    do_command (agent, "interaction.wrap_up_done", chat, NULL, NULL);
}

static void
mind_status (Agent *agent)
{
  if (is_pending (agent, NULL))
    return;
  if (g_strcmp0 (agent->asked, "available") == 0)
    {
      if (sim_fault (10))
        do_command (agent, "agent.set_status", NULL, NULL, "on_break");
      if (sim_fault (10))
        agent->break_until = sim.now + sim_range (1000, 60000);
    }
  else if (sim.quiet || sim.now >= agent->break_until)
    do_command (agent, "agent.set_status", NULL, NULL, "available");
}

static void
thaw (gpointer data)
{
  Line *line = data;
  Agent *agent = line->agent;

  line->frozen = FALSE;
  take_frames (line);
  /* What the page wanted to try again meanwhile it tries now. */
  for (guint i = 0; i < agent->commands->len; i++)
    again (agent->commands->pdata[i]);
}

static void
work (gpointer data)
{
  Agent *agent = data;

  if (agent->left)
    return;
  sim_later (sim_range (300, 5000), "an agent works", work, agent);
  if (!is_live (agent))
    return;
  if (sim_fault (8))
    {
      sim.facts.cut_lines++;
      cut (agent);
      return;
    }
  if (sim_fault (4))
    {
      /* A cable is pulled: nothing comes, and nobody says so. */
      agent->line->frozen = TRUE;
      sim.facts.cut_lines++;
      sim_later (sim_range (5000, 90000), "a cable is put back", thaw, agent->line);
      return;
    }
  mind_status (agent);
  for (guint i = 0; i < agent->chats->len; i++)
    work_on (agent, agent->chats->pdata[i]);
}

/* ---- instances ----------------------------------------------------------------------------------------- */

static void *
desk_create (UsherInstance *made, const UsherHost *with)
{
  instance = machine_dead ? NULL : made;
  host = with;
  return agents;
}

static void
desk_destroy (void *self)
{
  instance = NULL;
}

const UsherFrontendOps desk_ops = {
  .struct_size = sizeof desk_ops,
  .create = desk_create,
  .destroy = desk_destroy,
  .desk_output = desk_output,
  .desk_closed = desk_closed,
};

/* ---- all ----------------------------------------------------------------------------------------------- */

void
agents_begin (void)
{
  instance = NULL;
  for (guint i = 0; i < NODE_AGENTS; i++)
    {
      agents[i] = (Agent){
        .who = &node_agents[i], .chats = sim_list (), .closed = sim_list (), .commands = sim_list ()
      };
      if (agents[i].who->token == NULL)
        continue;
      sim_later (sim_range (0, 20000), "a desk connects", connect_desk, &agents[i]);
      sim_later (sim_range (0, 5000), "an agent works", work, &agents[i]);
    }
}

void
agents_lost (void)
{
  instance = NULL;
  for (guint i = 0; i < NODE_AGENTS; i++)
    if (agents[i].line != NULL)
      {
        agents[i].line->desk = NULL;
        cut (&agents[i]);
      }
}

/* The day is over. */
void
agents_leave (void)
{
  for (guint i = 0; i < NODE_AGENTS; i++)
    {
      agents[i].left = TRUE;
      if (agents[i].line != NULL)
        cut (&agents[i]);
    }
}

const char *
agents_busy (void)
{
  for (guint i = 0; i < NODE_AGENTS; i++)
    {
      if (agents[i].chats->len > 0)
        return sim_printf ("%s has a chat on the desk", agents[i].who->user);
      for (guint c = 0; c < agents[i].commands->len; c++)
        {
          const Command *command = agents[i].commands->pdata[c];

          if (!command->acked && !command->refused)
            return sim_printf ("%s waits for %s (%s)", agents[i].who->user, command->name, command->cmd);
        }
    }
  return NULL;
}

void
agents_check_written (const UcEvent *line)
{
  for (guint i = 0; i < NODE_AGENTS; i++)
    for (guint c = 0; c < agents[i].commands->len; c++)
      {
        Command *command = agents[i].commands->pdata[c];

        if (command->text == NULL || g_strcmp0 (command->text, line->text) != 0)
          continue;
        if (command->found++ > 0)
          sim_broken ("I2: \"%s\" is recorded twice", command->text);
        if (command->refused)
          sim_broken ("I2: \"%s\" was refused, but is recorded", command->text);
        return;
      }
  sim_broken ("I2: nobody wrote \"%s\"", line->text);
}

void
agents_check (void)
{
  for (guint i = 0; i < NODE_AGENTS; i++)
    for (guint c = 0; c < agents[i].commands->len; c++)
      {
        const Command *command = agents[i].commands->pdata[c];

        if (command->text != NULL && command->acked && command->found == 0)
          sim_broken ("I2: \"%s\" was acknowledged and is lost", command->text);
      }
}

/* I6: a save that was acknowledged was made. */
void
agents_check_saves (GHashTable *saved)
{
  for (guint i = 0; i < NODE_AGENTS; i++)
    for (guint c = 0; c < agents[i].commands->len; c++)
      {
        const Command *command = agents[i].commands->pdata[c];

        if (strcmp (command->name, "interaction.save") == 0 && command->acked
            && g_strcmp0 (g_hash_table_lookup (saved, command->interaction), "saved") != 0)
          sim_broken ("I6: the save of %s was acknowledged, and is not made", command->interaction);
      }
}

void
agents_check_views (GHashTable *lines_of)
{
  for (guint i = 0; i < NODE_AGENTS; i++)
    for (guint c = 0; c < agents[i].closed->len; c++)
      {
        const Chat *chat = agents[i].closed->pdata[c];
        GPtrArray *lines = g_hash_table_lookup (lines_of, chat->interaction);

        for (guint l = 0; chat->complete && lines != NULL && l < lines->len; l++)
          {
            const UcEvent *line = lines->pdata[l];

            if (line->seq < chat->lines_until
                && !g_hash_table_contains (chat->lines, GSIZE_TO_POINTER ((gsize)line->n)))
              sim_broken ("R5: the desk of %s never showed line %" G_GINT64_FORMAT " of %s", agents[i].who->user,
                          line->n, chat->interaction);
          }
      }
}
