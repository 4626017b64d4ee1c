/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Life of the node: started on the simulated disk, killed at any moment, started again. One thread.
 */
#include "node.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "core/plugin/module.h"
#include "core/service/feed.h"
#include "core/service/intake.h"
#include "core/service/ops.h"
#include "core/service/outbox.h"
#include "core/store/sqlite.h"
#include "disk.h"

Node node;
NodeAgent node_agents[NODE_AGENTS] = { { "anna", 1, NULL }, { "ben", 2, NULL }, { "cleo", 3, NULL } };

static char *dir;
static UcLoader *loader;
static UcPlugin *plugin;
static GBytes *centre;
static guint die_in;
static gint64 checked_seq;
static gboolean was_recovering;

/* ---- what the linker leads here ------------------------------------------------------------------------ */

gboolean __wrap_uc_net_listen (UcNet *net, UcListenKind kind, const char *address, gboolean allow_remote,
                               char **bound, GError **error);
const UcPlugin *__wrap_uc_loader_open (UcLoader *from, const char *name, GError **error);
gboolean __wrap_uc_loader_start (UcLoader *from, const UcPlugin *which, const UsherHost *host, GError **error);
int __wrap_uc_store_lock (const char *path, gboolean *fresh, GError **error);
void __wrap_uc_store_lock_settle (int fd);
UcStore *__wrap_uc_store_open (UcLoop *loop, const UcStoreOptions *options, GError **error);
UcStore *__real_uc_store_open (UcLoop *loop, const UcStoreOptions *options, GError **error);
void __wrap_uc_writer_commit (UcWriter *writer, GPtrArray *batches);
void __real_uc_writer_commit (UcWriter *writer, GPtrArray *batches);
gboolean __wrap_uc_mark_is_on (const UcEvent *row);
gboolean __real_uc_mark_is_on (const UcEvent *row);

gboolean
__wrap_uc_net_listen (UcNet *net, UcListenKind kind, const char *address, gboolean allow_remote, char **bound,
                      GError **error)
{
  return TRUE;
}

const UcPlugin *
__wrap_uc_loader_open (UcLoader *from, const char *name, GError **error)
{
  return plugin;
}

gboolean
__wrap_uc_loader_start (UcLoader *from, const UcPlugin *which, const UsherHost *host, GError **error)
{
  return TRUE;
}

int
__wrap_uc_store_lock (const char *path, gboolean *fresh, GError **error)
{
  *fresh = disk_is_empty ();
  return open ("/dev/null", O_RDONLY | O_CLOEXEC);
}

void
__wrap_uc_store_lock_settle (int fd)
{
}

/* A day of the simulation does not fill a log: it is folded beside the commits all the same. */
UcStore *
__wrap_uc_store_open (UcLoop *loop, const UcStoreOptions *options, GError **error)
{
  UcStoreOptions shorter = *options;

  shorter.fold_pages = (guint)sim_range (20, 400);
  return __real_uc_store_open (loop, &shorter, error);
}

void
__wrap_uc_writer_commit (UcWriter *writer, GPtrArray *batches)
{
  if (sim.lie == SIM_LIE_COMMIT && node.core != NULL && sim_chance (20))
    sim_trace ("LIE: a commit is answered as done");
  else
    __real_uc_writer_commit (writer, batches);
}

gboolean
__wrap_uc_mark_is_on (const UcEvent *row)
{
  return sim.lie != SIM_LIE_RESEND && __real_uc_mark_is_on (row);
}

static void
forget_outbox (void)
{
  sqlite3 *db = NULL;

  if (sqlite3_open (sim_printf ("%s/usher.db", dir), &db) == SQLITE_OK)
    sqlite3_exec (db, "DELETE FROM outbox", NULL, NULL, NULL);
  sqlite3_close (db);
}

/* ---- the world as a plugin ----------------------------------------------------------------------------- */

const UsherPlugin *
world_entry (void)
{
  static const UsherPlugin world = {
    USHER_PLUGIN_HEAD,
    .name = "world",
    .version = "1",
    .summary = "Networks, CRM and desks of the simulation",
    .license = "GPL-3.0-or-later",
    .channel = &network_ops,
    .crm = &crm_ops,
    .frontend = &desk_ops,
  };

  return &world;
}

/* ---- start --------------------------------------------------------------------------------------------- */

static UcPlan *
make_plan (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autofree char *text = g_strdup_printf (
      "[usher]\ndata_dir = %s\nsession_idle = 365d\nsession_max = 365d\n[store]\npath = %s/usher.db\n"
      "[channel:post]\nplugin = world\nqueue = q\n"
      "[channel:chat]\nplugin = world\nqueue = q\nacceptance_interval = 20s\n"
      "[channel:plain]\nplugin = world\nqueue = r\n"
      "[crm:main]\nplugin = world\n[frontend:desk]\nplugin = world\n",
      dir, dir);
  g_autoptr (UcConf) conf = uc_conf_parse (text, "simulation.conf", problems);
  UcPlan *plan = uc_plan_new (conf, loader, problems);

  for (guint i = 0; i < problems->len; i++)
    g_error ("%s", ((UcProblem *)problems->pdata[i])->message);
  return plan;
}

static void
on_published (gpointer data, const UcFeedItem *item)
{
  if (!machine_dead)
    check_published (item->event, item->json, item->len);
}

static void start_again (gpointer data);

/* A full disk passes, and so does one that fails once; the service manager tries again. */
static void
start_failed (const GError *error, guint64 failed_syncs)
{
  if (!disk_is_full () && sim.facts.failed_syncs == failed_syncs)
    sim_broken ("the node does not start: %s", error->message);
  uc_plan_free (g_steal_pointer (&node.plan));
  sim_later (sim_range (1000, 10000), "the node is started", start_again, NULL);
}

static void
start (gpointer data)
{
  g_autoptr (GError) error = NULL;
  const guint64 failed_syncs = sim.facts.failed_syncs;

  node.life++;
  node.stopping = FALSE;
  checked_seq = 0;
  was_recovering = FALSE;
  sim_trace ("node: starts, life %u", node.life);
  if (sim_fault (100))
    {
      sim.facts.early_crashes++;
      disk_die_at ((guint)sim_range (1, 8));
    }
  if (sim.lie == SIM_LIE_OUTBOX)
    forget_outbox ();
  node.plan = make_plan ();
  node.core = uc_core_new (node.plan, loader, &error);
  if (!machine_dead)
    disk_die_at (0);
  if (node.core == NULL && !machine_dead)
    start_failed (error, failed_syncs);
  else if (node.core != NULL && !machine_dead)
    uc_feed_listen (node.core->feed, on_published, NULL);
}

static void
start_again (gpointer data)
{
  node_run (start, NULL);
}

gboolean
node_is_up (void)
{
  return node.core != NULL && !machine_dead && !node.core->stopping;
}

/* ---- end ----------------------------------------------------------------------------------------------- */

void
node_dies (gboolean power, const char *why)
{
  if (machine_dead || (node.core == NULL && node.plan == NULL))
    return;
  sim.facts.crashes++;
  sim.facts.power_cuts += power ? 1 : 0;
  sim_trace ("node: %s (%s)", power ? "POWER CUT" : "KILLED", why);
  machine_dead = TRUE;
  die_in = 0;
  disk_die (power);
  networks_lost ();
  agents_lost ();
}

void
node_exits (void)
{
  node_dies (FALSE, "it ended itself");
  node.exited = TRUE;
}

void
node_die_at (guint n)
{
  die_in = n;
}

gboolean
node_effect (void)
{
  if (machine_dead)
    return FALSE;
  if (die_in == 0 || --die_in > 0)
    return TRUE;
  sim.facts.inside_crashes++;
  node_dies (sim_chance (500), "between two effects");
  return FALSE;
}

static void
free_core (gpointer data)
{
  /* Not to be stopped in good order: for that it would wait in a main loop that this machine does not have. */
  if (node.core != NULL)
    {
      node.core->stopping = TRUE;
      uc_core_free (node.core);
    }
  if (node.plan != NULL)
    uc_plan_free (node.plan);
}

static void
on_stopped (gpointer data)
{
  node.stopping = TRUE;
}

/* A dead process is stopped, which nobody sees and which takes no time, so that it can be freed. */
static void
stop_dead_core (gpointer data)
{
  gint64 died_at = sim.now, timer, thread;

  if (node.core != NULL && !node.core->stopping)
    uc_core_stop (node.core, on_stopped, NULL);
  while (node.core != NULL && !node.stopping)
    if (loop_is_ready (&timer))
      loop_turn ();
    else if (machine_runnable (&thread) > 0)
      machine_run (0);
    else if (MIN (timer, thread) < G_MAXINT64)
      sim.now = MIN (timer, thread);
    else
      g_error ("the dead process never comes to its end");
  free_core (NULL);
  sim.now = died_at;
}

static void
forget_core (void)
{
  node.core = NULL;
  node.plan = NULL;
  node.exited = FALSE;
}

/* What a dead process held is freed by the ways of a living one, which nobody sees. One that ended itself in the
 * middle of something can't be: it is left. */
static void
bury (void)
{
  if (node.exited || !machine_call (stop_dead_core, NULL))
    machine_abandon ();
  forget_core ();
  machine_dead = FALSE;
  disk_bury ();
  sim_later (sim_range (50, sim_fault (100) ? 120000 : 4000), "the node is started", start_again, NULL);
}

static void
close_core (void)
{
  networks_lost ();
  agents_lost ();
  if (!machine_call (free_core, NULL))
    return;
  /* It may have died in its last commit; then the rest is as after any death. */
  forget_core ();
  if (!machine_dead)
    {
      sim_trace ("node: stopped in order");
      sim_later (sim_range (50, 3000), "the node is started", start_again, NULL);
    }
}

static void
check_engine (void)
{
  g_autoptr (GError) error = NULL;

  if (node.core->recovering != was_recovering)
    {
      was_recovering = node.core->recovering;
      sim.facts.reloads += was_recovering ? 1 : 0;
    }
  if (node.core->seq == checked_seq || was_recovering)
    return;
  checked_seq = node.core->seq;
  if (!uc_engine_check (node.core->engine, sim.now, &error))
    sim_broken ("the engine contradicts itself: %s", error->message);
}

void
node_settle (void)
{
  if (node.stopping && node.core != NULL && !machine_dead)
    {
      node.stopping = FALSE;
      close_core ();
    }
  if (machine_dead)
    bury ();
  else if (node.core != NULL)
    check_engine ();
}

void
node_run (SimFunc func, gpointer data)
{
  machine_call (func, data);
}

void
node_restart (void)
{
  if (!node_is_up ())
    return;
  sim.facts.stops++;
  uc_core_stop (node.core, on_stopped, NULL);
}

/* ---- the centre ---------------------------------------------------------------------------------------- */

typedef struct
{
  gboolean done;
  char *result;
} Answer;

static void
on_answer (gpointer data, const char *result, const GError *error, const char *details)
{
  Answer *answer = data;

  if (error != NULL)
    g_error ("the centre can't be made: %s", error->message);
  answer->done = TRUE;
  answer->result = g_strdup (result);
}

static char *
operate (const char *name, const char *format, ...)
{
  UcPrincipal who = { .local = TRUE, .label = (char *)"local:0" };
  g_autofree char *text = NULL;
  Answer answer = { FALSE, NULL };
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  uc_ops_run (node.core->ops, name, uc_json_parse (text, strlen (text), NULL, NULL), &who, NULL, "simulation",
              FALSE, on_answer, &answer);
  while (!answer.done)
    sim_step (G_MAXINT64);
  return answer.result;
}

static void
make_agents (void)
{
  static const char *const members[][2]
      = { { "anna", "q" }, { "ben", "q" }, { "ben", "r" }, { "cleo", "q" }, { "cleo", "r" } };

  for (guint i = 0; i < NODE_AGENTS; i++)
    g_free (operate ("user.put",
                     "{\"user\":\"%s\",\"login\":\"%s\",\"name\":\"%s\",\"capacity\":%d,\"permissions\":"
                     "[\"interaction.reject\"]}",
                     node_agents[i].user, node_agents[i].user, node_agents[i].user, (int)node_agents[i].capacity));
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    g_free (operate ("membership.put", "{\"user\":\"%s\",\"queue\":\"%s\"}", members[i][0], members[i][1]));
  for (guint i = 0; i < NODE_AGENTS; i++)
    {
      g_autofree char *answer = NULL;
      g_autoptr (UcJson) json = NULL;

      g_free (operate ("user.password", "{\"user\":\"%s\",\"password\":\"%s-%s-%s\"}", node_agents[i].user,
                       node_agents[i].user, node_agents[i].user, node_agents[i].user));
      answer = operate ("session.login", "{\"login\":\"%s\",\"password\":\"%s-%s-%s\"}", node_agents[i].user,
                        node_agents[i].user, node_agents[i].user, node_agents[i].user);
      json = uc_json_parse (answer, strlen (answer), NULL, NULL);
      node_agents[i].token = g_strdup (uc_json_string (uc_json_get (json, "token")));
    }
}

static void
make_centre (void)
{
  disk_insert (NULL);
  start (NULL);
  g_free (operate ("queue.put", "{\"queue\":\"q\",\"name\":\"Questions\",\"post_processing_ms\":20000}"));
  g_free (operate ("queue.put", "{\"queue\":\"r\",\"name\":\"Repairs\",\"post_processing_ms\":0}"));
  make_agents ();
  free_core (NULL);
  forget_core ();
  centre = disk_image ();
}

void
node_prepare (void)
{
  g_autoptr (GError) error = NULL;

  dir = g_dir_make_tmp ("usher-simulation-XXXXXX", &error);
  g_assert_no_error (error);
  /* One process lives and dies many times: what it gives back is soon wanted again, and it is one thread. */
  mallopt (M_TRIM_THRESHOLD, 256 * 1024 * 1024);
  mallopt (M_TOP_PAD, 4 * 1024 * 1024);
  g_assert_cmpint (sqlite3_config (SQLITE_CONFIG_SINGLETHREAD), ==, SQLITE_OK);
  disk_install ();
  loader = uc_loader_new (NULL);
  plugin = uc_plugin_from_entry ("world", "world.so", world_entry, &error);
  g_assert_no_error (error);
  sim_begin (0, SIM_LIE_NONE);
  sim.quiet = TRUE;
  sim.now -= 3600 * 1000;
  networks_begin ();
  crm_begin ();
  agents_begin ();
  check_begin ();
  make_centre ();
  check_free ();
  sim_end ();
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      remove_tree (child);
    }
  g_remove (path);
}

void
node_remove (void)
{
  remove_tree (dir);
  g_free (dir);
  g_bytes_unref (centre);
}

void
node_begin (void)
{
  sqlite3_test_control (SQLITE_TESTCTRL_PRNG_RESET);
  node = (Node){ 0 };
  die_in = 0;
  disk_insert (centre);
  start_again (NULL);
}

/* Also in the middle of things, when a promise was found broken. */
void
node_end (void)
{
  machine_dead = TRUE;
  if (node.exited || !machine_call (stop_dead_core, NULL))
    machine_abandon ();
  forget_core ();
  machine_dead = FALSE;
  disk_bury ();
}
