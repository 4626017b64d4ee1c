/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the plan made from a configuration, and of what is said about plugins.
 */
#include "core/plugin/check.h"

#include <string.h>

#include "core/base/json.h"
#include "tests/core/plugin/fixture.h"

static UcLoader *loader;

typedef struct
{
  const char *name;
  const char *text;
  TestProblem problems[10];
} Row;

static const Row rows[] = {
  { "/check/nothing-is-needed", "", { { NULL } } },
  { "/check/unknown-section-with-nearest",
    "[chanel:site]\nplugin = obliging\n[stor]\n[usher]\n",
    { { "f:1", "[chanel:site]|did you mean [channel:site]" }, { "f:3", "did you mean [store]" } } },
  { "/check/unknown-section", "[telephony]\n", { { "f:1", "[telephony]|known:|[crm:NAME]" } } },
  { "/check/name-where-none-belongs", "[usher:x]\n", { { "f:1", "takes no name|[usher]" } } },
  { "/check/name-missing", "[channel]\n", { { "f:1", "needs a name|[channel:NAME]" } } },
  { "/check/plugin-missing", "[crm:main]\n", { { "f:1", "[crm:main]|required key 'plugin'" } } },
  { "/check/plugin-unknown-with-nearest",
    "[crm:main]\nplugin = obligin\nwhatever = 1\n",
    { { "f:2", "no plugin 'obligin'|did you mean 'obliging'" } } },
  { "/check/plugin-broken", "[frontend:x]\nplugin = wrong-abi\n", { { "f:2", "wrong-abi.so|ABI 42|rebuild" } } },
  { "/check/plugin-of-another-kind", "[crm:x]\nplugin = in-cxx\n", { { "f:2", "'in-cxx'|offers no crm" } } },
  { "/check/channel-needs-a-queue", "[channel:x]\nplugin = obliging\n", { { "f:1", "required key 'queue'" } } },
  { "/check/unknown-key-of-a-plugin",
    "[crm:x]\nplugin = obliging\nservr = https://x\n",
    { { "f:3", "unknown key 'servr'|did you mean 'server'" } } },
  { "/check/common-key-is-guessed-too",
    "[crm:x]\nplugin = obliging\nmuont = /x\n",
    { { "f:3", "did you mean 'mount'" } } },
  { "/check/key-of-another-section",
    "[usher]\nspace_warn = 1G\n[listen:a]\naddress = 127.0.0.1:0\ndata_dir = /x\n[crm:x]\nplugin = obliging\n"
    "log_level = debug\n",
    { { "f:2", "unknown key 'space_warn' in [usher]|belongs in [store]" },
      { "f:5", "'data_dir' in [listen:a]|belongs in [usher]" },
      { "f:8", "'log_level' in [crm:x]|belongs in [usher]" } } },
  { "/check/mount-taken-twice",
    "[crm:x]\nplugin = obliging\nmount = /a\n[crm:y]\nplugin = obliging\nmount = /a\n",
    { { "f:6", "'/a'|[crm:x] (f:1)" } } },
  { "/check/mount-that-is-another's-default",
    "[crm:x]\nplugin = obliging\n[crm:y]\nplugin = obliging\nmount = /crm/x\n",
    { { "f:5", "'/crm/x'|[crm:x]" } } },
  { "/check/bad-mounts",
    "[crm:a]\nplugin = obliging\nmount = a\n[crm:b]\nplugin = obliging\nmount = /b/\n"
    "[crm:c]\nplugin = obliging\nmount = /a/../b\n[crm:d]\nplugin = obliging\nmount = /api/v1\n"
    "[crm:e]\nplugin = obliging\nmount = /e?\n",
    { { "f:3", "begin it with /" },
      { "f:6", "ends with /" },
      { "f:9", "begins with a dot" },
      { "f:12", "/api belongs to usher" },
      { "f:15", "only letters" } } },
  { "/check/switched-off-section-may-be-half-written",
    "[channel:x]\nplugin = nobody-has-this\nenabled = false\nodd = 1\n[crm:x]\nplugin = obliging\nenabled = "
    "false\nlimit "
    "= 99\n",
    { { NULL } } },
  { "/check/listen-addresses",
    "[listen:a]\naddress = 127.0.0.1:8080\n[listen:b]\naddress = [::1]:0\n[listen:c]\naddress = unix:/run/x\n"
    "[listen:d]\naddress = localhost:80\n[listen:e]\naddress = 0.0.0.0:80\nallow_remote = true\n",
    { { NULL } } },
  { "/check/bad-listen-addresses",
    "[listen:a]\naddress = 0.0.0.0:80\n[listen:b]\naddress = 8080\n[listen:c]\naddress = 127.0.0.1:99999\n"
    "[listen:d]\naddress = ::1:80\n[listen:e]\naddress = unix:x\n[listen:f]\n[listen:g]\naddress = [::]:80\n",
    { { "f:2", "other machines|allow_remote = true" },
      { "f:4", "port" },
      { "f:6", "port" },
      { "f:8", "[::1]:8080" },
      { "f:10", "absolute" },
      { "f:11", "required key 'address'" },
      { "f:13", "other machines" } } },
  { "/check/core-settings",
    "[usher]\ndata_dir = relative\nlog_level = loud\nsession_idle = 1s\nplugin_path = here, /nonexistent\n"
    "trusted_proxies = 10.0.0.1, proxy, 10.0.0.1/8\n[store]\npaht = x\n",
    { { "f:2", "data_dir|absolute" },
      { "f:3", "log_level|error, warning" },
      { "f:4", "session_idle|at least 1m" },
      { "f:5", "'here' is not an absolute path" },
      { "f:5", "no folder '/nonexistent'" },
      { "f:6", "'proxy' is no IP address, no network" },
      { "f:6", "'10.0.0.1/8' is no IP address, no network" },
      { "f:8", "'paht'|did you mean 'path'" } } },
  { "/check/trusted-proxies",
    "[usher]\ntrusted_proxies = unix, 10.0.0.1, ::1, 192.168.0.0/16, fd00::/8\n",
    { { NULL } } },
  { "/check/empty-data-dir", "[usher]\ndata_dir =\n", { { "f:2", "data_dir|empty" } } },
  { "/check/syntax-and-meaning-together",
    "[usher]\nnonsense\n[crm:x]\nplugin = obliging\nlimit = 99\n[crm:x]\n",
    { { "f:2", "key = value" }, { "f:5", "limit = '99'|1 to 10" }, { "f:6", "already in this file" } } },
};

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse (row->text, "f", problems);
  g_autoptr (UcPlan) plan = uc_plan_new (conf, loader, problems);

  test_assert_problems (problems, row->problems);
  g_assert_nonnull (plan->usher);
  g_assert_nonnull (plan->store);
}

static void
test_plan (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) conf = uc_conf_parse ("[usher]\ndata_dir = /srv/usher\n"
                                           "[listen:local]\naddress = 127.0.0.1:0\n"
                                           "[crm:main]\nplugin = obliging\nlimit = 3\n"
                                           "[channel:site]\nplugin = obliging\nqueue = sales\nfolder = f\n"
                                           "[frontend:off]\nplugin = in-cxx\nenabled = false\n"
                                           "[frontend:broken]\nplugin = misnamed\n",
                                           "f", problems);
  g_autoptr (UcPlan) plan = uc_plan_new (conf, loader, problems);
  const UcPlanned *planned;

  /* One plugin does not load; the rest of the plan stands. */
  g_assert_cmpuint (problems->len, ==, 1);
  g_assert_cmpstr (uc_settings_string (plan->usher, "data_dir"), ==, "/srv/usher");
  g_assert_cmpstr (uc_settings_string (plan->usher, "control_socket"), ==, "/srv/usher/control.sock");
  g_assert_cmpint (uc_settings_int (plan->usher, "session_idle"), ==, 30 * 60 * 1000);
  g_assert_cmpint (uc_settings_int (plan->usher, "session_max"), ==, 12 * 60 * 60 * 1000);
  g_assert_cmpstr (uc_settings_string (plan->usher, "log_level"), ==, "notice");
  g_assert_cmpstr (uc_settings_list (plan->usher, "plugin_path")[0], ==, PLUGINDIR);
  g_assert_cmpstr (uc_settings_string (plan->store, "path"), ==, "/srv/usher/usher.db");
  g_assert_cmpuint (plan->listens->len, ==, 1);
  g_assert_cmpstr (uc_settings_section_name (g_ptr_array_index (plan->listens, 0)), ==, "local");
  g_assert_cmpuint (plan->instances->len, ==, 4);
  planned = g_ptr_array_index (plan->instances, 0);
  g_assert_cmpint (planned->kind, ==, UC_KIND_CRM);
  g_assert_cmpstr (planned->name, ==, "main");
  g_assert_cmpstr (planned->plugin->name, ==, "obliging");
  g_assert_true (planned->enabled);
  g_assert_cmpint (uc_settings_int (planned->settings, "limit"), ==, 3);
  planned = g_ptr_array_index (plan->instances, 1);
  g_assert_cmpstr (uc_settings_string (planned->settings, "queue"), ==, "sales");
  g_assert_cmpstr (uc_settings_string (planned->settings, "folder"), ==, "/srv/usher/channel-site/f");
  g_assert_cmpstr (uc_settings_file (planned->settings), ==, "f");
  g_assert_cmpuint (uc_settings_line (planned->settings), ==, 8);
  planned = g_ptr_array_index (plan->instances, 2);
  g_assert_false (planned->enabled);
  planned = g_ptr_array_index (plan->instances, 3);
  g_assert_null (planned->plugin);
}

/* ---- gaps ---------------------------------------------------------------------------------------------- */

#define LISTEN "[listen:l]\naddress = 127.0.0.1:0\n"
#define SERVED "[frontend:f]\nplugin = obliging\n"
#define CHANNEL "[channel:c]\nplugin = obliging\nqueue = q\n"

static void
test_gaps (void)
{
  static const struct
  {
    const char *text, *gaps[4];
  } cases[] = {
    { "", { "[listen:NAME]|127.0.0.1:8080", "[channel:NAME]|no customer", "[frontend:NAME]|plugin = web" } },
    { LISTEN SERVED CHANNEL, { NULL } },
    { SERVED CHANNEL, { "[listen:NAME]" } },
    { "[listen:l]\naddress = 127.0.0.1:0\nmetrics = only\n" SERVED CHANNEL, { "[listen:NAME]" } },
    { LISTEN SERVED, { "[channel:NAME]" } },
    { LISTEN CHANNEL SERVED "enabled = false\n", { "[frontend:NAME]" } },
    /* Neither has a path: both work without a listener. */
    { "[frontend:f]\nplugin = in-cxx\n[channel:c]\nplugin = in-cxx\nqueue = q\n", { NULL } },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) problems = uc_problems_new ();
      g_autoptr (UcConf) conf = uc_conf_parse (cases[i].text, "f", problems);
      g_autoptr (UcPlan) plan = uc_plan_new (conf, loader, problems);
      g_auto (GStrv) gaps = uc_plan_gaps (plan);

      g_test_message ("%s", cases[i].text);
      g_assert_cmpuint (g_strv_length (gaps), ==, g_strv_length ((char **)cases[i].gaps));
      for (gsize g = 0; gaps[g] != NULL; g++)
        test_assert_words (gaps[g], cases[i].gaps[g]);
    }
}

static void
test_plugin_path (void)
{
  g_autoptr (GPtrArray) problems = uc_problems_new ();
  g_autoptr (UcConf) with = uc_conf_parse ("[usher]\nplugin_path = /a, /b\n", "f", problems);
  g_autoptr (UcConf) without = uc_conf_parse ("", "f", problems);
  g_auto (GStrv) given = uc_plan_plugin_path (with);
  g_auto (GStrv) usual = uc_plan_plugin_path (without);

  g_assert_cmpstr (given[0], ==, "/a");
  g_assert_cmpstr (given[1], ==, "/b");
  g_assert_null (given[2]);
  g_assert_cmpstr (usual[0], ==, PLUGINDIR);
}

/* ---- list and inspect ---------------------------------------------------------------------------------- */

static void
test_list (void)
{
  g_autofree char *text = uc_plugins_list_text (loader, FALSE);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  const char *kind_column = strstr (lines[0], "KIND");

  test_assert_words (lines[0], "NAME|KIND|VERSION|ABI|SUMMARY");
  test_assert_words (text, "obliging|channel,crm,frontend|2.1|1.0|does what it is told");
  test_assert_words (text, "wrong-abi|BROKEN: |rebuild it against these headers");
  for (char **line = lines + 1; **line != '\0'; line++)
    {
      gsize column = (gsize)(kind_column - lines[0]);

      g_assert_cmpuint (strlen (*line), >, column);
      g_assert_true ((*line)[column] != ' ' && (*line)[column - 1] == ' ');
      g_assert_false (g_str_has_suffix (*line, " "));
    }
}

static UcJson *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  UcJson *root = uc_json_parse (text, strlen (text), NULL, &error);

  g_assert_no_error (error);
  return root;
}

static void
test_list_json (void)
{
  g_autofree char *text = uc_plugins_list_text (loader, TRUE);
  g_autoptr (UcJson) root = parse (text);
  const UcJson *plugins = uc_json_get (root, "plugins");
  guint ok = 0, broken = 0;

  g_assert_cmpuint (uc_json_length (plugins), ==, 11);
  for (const UcJson *one = uc_json_first (plugins); one != NULL; one = uc_json_next (one))
    {
      g_assert_nonnull (uc_json_string (uc_json_get (one, "name")));
      g_assert_nonnull (uc_json_string (uc_json_get (one, "file")));
      if (strcmp (uc_json_string (uc_json_get (one, "state")), "ok") == 0)
        {
          g_assert_true (uc_json_is_array (uc_json_get (one, "kinds")));
          g_assert_nonnull (uc_json_string (uc_json_get (one, "abi")));
          ok++;
        }
      else
        {
          g_assert_nonnull (uc_json_string (uc_json_get (one, "error")));
          broken++;
        }
    }
  g_assert_cmpuint (ok, ==, 4);
  g_assert_cmpuint (broken, ==, 7);
}

static void
test_list_of_nothing (void)
{
  g_autoptr (UcLoader) empty = uc_loader_new ((const char *const[]){ "/nonexistent", NULL });
  g_autofree char *text = uc_plugins_list_text (empty, FALSE);
  g_autofree char *json = uc_plugins_list_text (empty, TRUE);

  test_assert_words (text, "no plugins|plugin_path");
  g_assert_cmpstr (json, ==, "{\"plugins\":[]}\n");
}

static void
test_inspect (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = uc_plugin_inspect_text (loader, "obliging", FALSE, &error);

  g_assert_no_error (error);
  test_assert_words (
      text, "obliging 2.1: does what it is told|kind     channel,crm,frontend|ABI      1.0|GPL-3.0-or-later");
  test_assert_words (text, "KEY|TYPE|DEFAULT|ALLOWED|MEANING");
  test_assert_words (text, "pause|duration|30s|1s to 10m|a pause");
  test_assert_words (text, "limit|int|1 to 10|token|secret|file:/path or credential:NAME|ok,retry,unconfigured");
  test_assert_words (text, "[channel:NAME]|queue|(required)|[crm:NAME]|[frontend:NAME]");
  test_assert_words (
      text, "Optional slots as a channel|has:   start stop http typing runtime_capabilities|"
            "lacks: ws_open ws_message ws_closed notice seen|Capabilities as a channel|network          test|"
            "longest text     1000 characters|read native|media            in native, out none|"
            "shows the message twice|own messages     come back|reply window     86400 s|"
            "tagged replies   until 604800 s|overtaking       sorted out within 1500 ms|An instance may differ");
}

static void
test_inspect_json (void)
{
  g_autofree char *text = uc_plugin_inspect_text (loader, "obliging", TRUE, NULL);
  g_autoptr (UcJson) root = parse (text);
  const UcJson *setting = uc_json_at (uc_json_get (root, "settings"), 7);
  const UcJson *channel = uc_json_get (uc_json_get (root, "tables"), "channel");
  const UcJson *slots = uc_json_get (channel, "slots");

  g_assert_cmpstr (uc_json_string (uc_json_get (root, "name")), ==, "obliging");
  g_assert_cmpstr (uc_json_string (uc_json_get (root, "abi")), ==, "1.0");
  g_assert_cmpuint (uc_json_length (uc_json_get (root, "kinds")), ==, 3);
  g_assert_cmpstr (uc_json_string (uc_json_get (setting, "key")), ==, "pause");
  g_assert_cmpstr (uc_json_string (uc_json_get (setting, "type")), ==, "duration");
  g_assert_cmpstr (uc_json_string (uc_json_get (setting, "default")), ==, "30s");
  g_assert_cmpint (uc_json_int (uc_json_get (setting, "min"), 0), ==, 1000);
  g_assert_cmpint (uc_json_int (uc_json_get (setting, "max"), 0), ==, 600000);
  g_assert_true (uc_json_bool (uc_json_get (slots, "typing"), FALSE));
  g_assert_false (uc_json_bool (uc_json_get (slots, "notice"), TRUE));
  g_assert_cmpint (uc_json_int (uc_json_get (uc_json_get (channel, "capabilities"), "max_text"), 0), ==, 1000);
  g_assert_cmpstr (uc_json_string (uc_json_get (uc_json_get (channel, "capabilities"), "receipts_read")), ==,
                   "native");
  g_assert_true (uc_json_bool (uc_json_get (uc_json_get (channel, "capabilities"), "echoes"), FALSE));
  g_assert_cmpint (uc_json_int (uc_json_get (uc_json_get (channel, "capabilities"), "settle_ms"), 0), ==, 1500);
  g_assert_cmpint (uc_json_int (uc_json_get (uc_json_get (channel, "capabilities"), "tagged_window_ms"), 0), ==,
                   604800000);
  g_assert_cmpstr (uc_json_string (uc_json_get (uc_json_get (channel, "capabilities"), "media_in")), ==, "native");
  g_assert_false (uc_json_bool (uc_json_get (slots, "seen"), TRUE));
  g_assert_cmpuint (uc_json_length (uc_json_get (channel, "settings")), ==, 8);
}

static void
test_inspect_unknown (void)
{
  g_autoptr (GError) unknown = NULL, broken = NULL;

  g_assert_null (uc_plugin_inspect_text (loader, "obligign", FALSE, &unknown));
  test_assert_words (unknown->message, "did you mean 'obliging'");
  g_assert_null (uc_plugin_inspect_text (loader, "returns-null", TRUE, &broken));
  test_assert_words (broken->message, "returns NULL");
}

int
main (int argc, char **argv)
{
  g_autofree char *modules = NULL;
  int result;

  g_test_init (&argc, &argv, NULL);
  modules = test_modules_dir ();
  loader = uc_loader_new ((const char *const[]){ modules, NULL });
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].name, &rows[i], test_row);
  g_test_add_func ("/check/plan", test_plan);
  g_test_add_func ("/check/gaps", test_gaps);
  g_test_add_func ("/check/plugin-path", test_plugin_path);
  g_test_add_func ("/check/list", test_list);
  g_test_add_func ("/check/list-json", test_list_json);
  g_test_add_func ("/check/list-of-nothing", test_list_of_nothing);
  g_test_add_func ("/check/inspect", test_inspect);
  g_test_add_func ("/check/inspect-json", test_inspect_json);
  g_test_add_func ("/check/inspect-unknown-and-broken", test_inspect_unknown);
  result = g_test_run ();
  uc_loader_free (loader);
  return result;
}
