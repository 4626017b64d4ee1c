/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tests of the loader: good plugins of all ages, and every way in which a file is none.
 */
#include "core/plugin/loader.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/plugin/instance.h"
#include "core/plugin/module.h"
#include "core/plugin/slots.h"
#include "tests/core/plugin/fixture.h"

static UcLoader *
loader_for (const char *dir)
{
  const char *dirs[] = { dir, NULL };

  return uc_loader_new (dirs);
}

static char *
module_file (const char *name)
{
  g_autofree char *dir = test_modules_dir ();

  return g_strdup_printf ("%s/.libs/%s.so", dir, name);
}

static void
read_module (const char *name, char **data, gsize *len)
{
  g_autofree char *file = module_file (name);
  g_autoptr (GError) error = NULL;

  g_file_get_contents (file, data, len, &error);
  g_assert_no_error (error);
}

/* Opening `name` in `dir` has to fail with one sentence that has these words. */
static void
assert_refused (const char *dir, const char *name, const char *words)
{
  g_autoptr (UcLoader) loader = loader_for (dir);
  g_autoptr (GError) error = NULL;

  g_assert_null (uc_loader_open (loader, name, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == UC_ERROR);
  test_assert_words (error->message, words);
  g_assert_null (strchr (error->message, '\n'));
}

typedef struct
{
  const char *test;
  const char *name;
  const char *words;
} BadModule;

/* File, reason, remedy. */
static const BadModule bad_modules[] = {
  { "/plugin/refuse/not-a-plugin", "not-a-plugin",
    "not-a-plugin.so|not an usher plugin|usher_plugin_entry|USHER_PLUGIN_EXPORT" },
  { "/plugin/refuse/entry-that-is-data", "entry-is-data",
    "entry-is-data.so|no function usher_plugin_entry|USHER_PLUGIN_EXPORT" },
  { "/plugin/refuse/entry-returns-null", "returns-null", "returns-null.so|returns NULL|return the descriptor" },
  { "/plugin/refuse/wrong-abi", "wrong-abi", "wrong-abi.so|ABI 42|ABI 1|rebuild it against these headers" },
  { "/plugin/refuse/missing-slot", "missing-slot",
    "missing-slot.so|frontend|required slot 'desk_output'|rebuild" },
  { "/plugin/refuse/name-is-not-the-file's", "misnamed",
    "misnamed.so|'somebody-else'|'misnamed'|rename the file to somebody-else.so" },
  { "/plugin/refuse/undefined-symbol", "undefined-symbol",
    "undefined-symbol.so|undefined symbol|usher_test_nobody_defines_this|rebuild" },
  { "/plugin/refuse/name-with-bad-letters", "../obliging", "'../obliging'|lower-case" },
  { "/plugin/refuse/name-that-is-empty", "", "''|lower-case" },
  { "/plugin/refuse/unknown-with-nearest", "obligin", "no plugin 'obligin'|did you mean 'obliging'" },
  { "/plugin/refuse/unknown-without-nearest", "telephone", "no plugin 'telephone'|modules|plugin_path" },
};

static void
test_bad_module (gconstpointer data)
{
  const BadModule *bad = data;
  g_autofree char *dir = test_modules_dir ();

  assert_refused (dir, bad->name, bad->words);
}

/* ---- files that are no shared objects ------------------------------------------------------------------ */

static void
assert_file_refused (const char *dir, const void *data, gsize len, const char *words)
{
  g_autofree char *file = g_build_filename (dir, "obliging.so", NULL);

  g_assert_true (g_file_set_contents (file, data, (gssize)len, NULL));
  assert_refused (dir, "obliging", words);
}

static void
test_truncated (void)
{
  char *dir = test_dir_new ();
  g_autofree char *data = NULL;
  gsize len;
  gsize cuts[] = { 1, 3, 4, 15, 16, 17, 63, 64, 65, 100, 500, 1000, 4095, 4096, 4097, 8192, 12288, 12289, 16384 };

  read_module ("obliging", &data, &len);
  for (gsize i = 0; i < G_N_ELEMENTS (cuts); i++)
    if (cuts[i] < len)
      assert_file_refused (dir, data, cuts[i], "obliging.so|cut off|install the file again");
  for (gsize part = 1; part < 16; part++)
    assert_file_refused (dir, data, len * part / 16, "obliging.so|cut off");
  assert_file_refused (dir, data, len - 1, "obliging.so|cut off");
  test_dir_free (dir);
}

/* As after a power cut: the length is right, the end is zeros. */
static void
test_zero_tail (void)
{
  char *dir = test_dir_new ();
  g_autofree char *data = NULL;
  gsize len;

  read_module ("obliging", &data, &len);
  memset (data + len / 2, 0, len - len / 2);
  assert_file_refused (dir, data, len, "obliging.so|damaged|install the file again");
  test_dir_free (dir);
}

static void
test_foreign (void)
{
  char *dir = test_dir_new ();
  g_autofree char *data = NULL;
  gsize len;
  ElfW (Ehdr) * header;

  read_module ("obliging", &data, &len);
  header = (gpointer)data;
  header->e_machine = header->e_machine == EM_AARCH64 ? EM_X86_64 : EM_AARCH64;
  assert_file_refused (dir, data, len, "obliging.so|another kind of processor|build or install");
  test_dir_free (dir);
}

static void
test_object_file (void)
{
  char *dir = test_dir_new ();
  g_autofree char *data = NULL;
  gsize len;

  read_module ("obliging", &data, &len);
  ((ElfW (Ehdr) *)(gpointer)data)->e_type = ET_REL;
  assert_file_refused (dir, data, len, "obliging.so|not a shared object|-shared");
  test_dir_free (dir);
}

static void
test_other_files (void)
{
  static const char text[] = "#!/bin/sh\necho I am no plugin\n";
  char *dir = test_dir_new ();
  g_autofree char *folder = g_build_filename (dir, "folder.so", NULL);

  assert_file_refused (dir, "", 0, "obliging.so|empty|install the file again");
  assert_file_refused (dir, text, sizeof text - 1, "obliging.so|not a shared object|remove");
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  assert_refused (dir, "folder", "folder.so|not a regular file");
  test_dir_free (dir);
}

static void
test_la_without_object (void)
{
  char *dir = test_dir_new ();
  g_autofree char *la = test_write (dir, "gone.la",
                                    "# gone.la\ndlname='gone.so'\nlibrary_names='gone.so'\ninstalled=no\n"
                                    "shouldnotlink=yes\n");
  g_autofree char *convenience
      = test_write (dir, "libuc.la", "# libuc.la\ndlname=''\ninstalled=no\nshouldnotlink=no\n");
  g_autofree char *escape
      = test_write (dir, "escape.la", "\ndlname='../../etc/x.so'\ninstalled=no\nshouldnotlink=yes\n");
  g_autoptr (UcLoader) loader = loader_for (dir);
  g_autoptr (GPtrArray) found = uc_loader_scan (loader);

  assert_refused (dir, "gone", "gone.la|does not exist|run make");
  assert_refused (dir, "libuc", "no plugin 'libuc'");
  assert_refused (dir, "escape", "no plugin 'escape'");
  /* What is no module is not listed. */
  g_assert_cmpuint (found->len, ==, 1);
  g_assert_cmpstr (((UcPluginFound *)g_ptr_array_index (found, 0))->name, ==, "gone");
  test_dir_free (dir);
}

static void
copy_module (const char *name, const char *dir)
{
  g_autofree char *data = NULL;
  g_autofree char *file = g_strdup_printf ("%s/%s.so", dir, name);
  gsize len;

  read_module (name, &data, &len);
  g_assert_true (g_file_set_contents (file, data, (gssize)len, NULL));
}

static void
test_world_writable (void)
{
  char *dir = test_dir_new ();
  g_autofree char *file = g_build_filename (dir, "obliging.so", NULL);

  copy_module ("obliging", dir);
  g_assert_cmpint (g_chmod (file, 0666), ==, 0);
  assert_refused (dir, "obliging", "obliging.so|written by everybody|chmod o-w");
  g_assert_cmpint (g_chmod (file, 0644), ==, 0);
  g_assert_cmpint (g_chmod (dir, 0777), ==, 0);
  assert_refused (dir, "obliging", "written by everybody|chmod o-w");
  g_assert_cmpint (g_chmod (dir, 0700), ==, 0);
  {
    g_autoptr (UcLoader) loader = loader_for (dir);

    g_assert_nonnull (uc_loader_open (loader, "obliging", NULL));
  }
  test_dir_free (dir);
}

/* ---- good plugins -------------------------------------------------------------------------------------- */

static const UcPlugin *
open_good (UcLoader *loader, const char *name)
{
  g_autoptr (GError) error = NULL;
  const UcPlugin *plugin = uc_loader_open (loader, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (plugin->name, ==, name);
  g_assert_true (g_path_is_absolute (plugin->file));
  return plugin;
}

static void
test_good (void)
{
  g_autofree char *dir = test_modules_dir ();
  g_autoptr (UcLoader) loader = loader_for (dir);
  const UcPlugin *plugin = open_good (loader, "obliging");

  g_assert_true (plugin == open_good (loader, "obliging"));
  g_assert_cmpstr (plugin->descriptor.version, ==, "2.1");
  g_assert_true (plugin->descriptor.channel == &plugin->channel);
  g_assert_true (plugin->descriptor.crm == &plugin->crm);
  g_assert_true (plugin->descriptor.frontend == &plugin->frontend);
  g_assert_cmpuint (plugin->channel.struct_size, ==, sizeof (UsherChannelOps));
  g_assert_null (plugin->channel.notice);
  g_assert_nonnull (plugin->channel.typing);
  g_assert_cmpstr (plugin->descriptor.settings[0]->key, ==, "create");
}

static void
test_relative_dir (void)
{
  g_autofree char *dir = test_modules_dir ();
  g_autofree char *before = g_get_current_dir ();
  g_autoptr (UcLoader) loader = NULL;

  g_assert_cmpint (g_chdir (dir), ==, 0);
  loader = loader_for (".");
  g_assert_cmpint (g_chdir (before), ==, 0);
  open_good (loader, "obliging");
}

static void
test_older (void)
{
  g_autofree char *dir = test_modules_dir ();
  g_autoptr (UcLoader) loader = loader_for (dir);
  const UcPlugin *plugin = open_good (loader, "older");

  g_assert_cmpuint (plugin->descriptor.struct_size, ==, sizeof (UsherPlugin));
  g_assert_null (plugin->descriptor.load);
  g_assert_null (plugin->channel.notice);
  g_assert_null (plugin->channel.typing);
  g_assert_nonnull (plugin->channel.send);
  g_assert_cmpstr (plugin->descriptor.settings[0]->key, ==, "colour");
}

static void
test_newer (void)
{
  g_autofree char *dir = test_modules_dir ();
  g_autoptr (UcLoader) loader = loader_for (dir);
  const UcPlugin *plugin = open_good (loader, "newer");

  g_assert_cmpuint (plugin->descriptor.abi_minor, ==, 7);
  g_assert_cmpuint (plugin->descriptor.struct_size, ==, sizeof (UsherPlugin));
  g_assert_cmpuint (plugin->channel.struct_size, ==, sizeof (UsherChannelOps));
  g_assert_nonnull (plugin->channel.typing);
  g_assert_cmpstr (plugin->descriptor.settings[0]->help, ==, "any colour");
}

static void
test_cxx (void)
{
  g_autofree char *dir = test_modules_dir ();
  g_autoptr (UcLoader) loader = loader_for (dir);
  const UcPlugin *plugin = open_good (loader, "in-cxx");
  void *self = plugin->frontend.create (NULL, NULL);

  g_assert_nonnull (self);
  plugin->frontend.destroy (self);
}

static void
test_duplicate (void)
{
  char *first = test_dir_new (), *second = test_dir_new ();
  const char *dirs[] = { first, second, first, NULL };
  g_autoptr (UcLoader) loader = uc_loader_new (dirs);
  g_autoptr (GPtrArray) found = NULL;
  g_auto (GStrv) names = NULL;
  const UcPluginFound *used, *unused;

  copy_module ("in-cxx", first);
  copy_module ("in-cxx", second);
  g_test_expect_message (NULL, G_LOG_LEVEL_MESSAGE, "*is not used*same name*remove one*");
  found = uc_loader_scan (loader);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (found->len, ==, 2);
  used = g_ptr_array_index (found, 0);
  unused = g_ptr_array_index (found, 1);
  g_assert_nonnull (used->plugin);
  g_assert_true (g_str_has_prefix (used->plugin->file, first));
  g_assert_null (unused->plugin);
  test_assert_words (unused->error->message, second);
  test_assert_words (unused->error->message, first);
  test_assert_words (unused->error->message, "same name|remove one of the two");
  names = uc_loader_names (loader);
  g_assert_cmpuint (g_strv_length (names), ==, 1);
  test_dir_free (first);
  test_dir_free (second);
}

static void
test_scan (void)
{
  g_autofree char *dir = test_modules_dir ();
  g_autoptr (UcLoader) loader = loader_for (dir);
  g_autoptr (GPtrArray) found = uc_loader_scan (loader);
  guint good = 0, bad = 0;

  for (guint i = 0; i < found->len; i++)
    {
      const UcPluginFound *one = g_ptr_array_index (found, i);

      g_assert_true ((one->plugin == NULL) == (one->error != NULL));
      if (one->plugin != NULL)
        good++;
      else
        bad++;
      if (i > 0)
        g_assert_cmpstr (((UcPluginFound *)g_ptr_array_index (found, i - 1))->name, <, one->name);
    }
  g_assert_cmpuint (good, ==, 4);
  g_assert_cmpuint (bad, ==, 7);
}

static void
test_missing_folder (void)
{
  g_autoptr (UcLoader) loader = loader_for ("/nonexistent/plugins");
  g_autoptr (GPtrArray) found = uc_loader_scan (loader);

  g_assert_cmpuint (found->len, ==, 0);
  assert_refused ("/nonexistent/plugins", "webchat", "no plugin 'webchat'|/nonexistent/plugins|plugin_path");
}

/* ---- descriptors, without a file ----------------------------------------------------------------------- */

typedef struct
{
  UsherPlugin plugin;
  UsherChannelOps channel;
  UsherCrmOps crm;
  UsherFrontendOps frontend;
  UsherSetting setting, other;
  const UsherSetting *settings[3];
} Draft;

static Draft draft;

static const UsherPlugin *
entry (void)
{
  return &draft.plugin;
}

/* Any address serves as a slot that is only asked whether it is there. */
static void
fill_slots (gpointer table, UcKind kind)
{
  gsize size = uc_kind_table_size (kind);

  for (const UcSlot *slot = uc_kind_slots (kind); slot->name != NULL; slot++)
    *(const void **)((char *)table + slot->offset) = "a function";
  memcpy (table, &size, sizeof size);
}

static void
draft_reset (void)
{
  memset (&draft, 0, sizeof draft);
  fill_slots (&draft.channel, UC_KIND_CHANNEL);
  fill_slots (&draft.crm, UC_KIND_CRM);
  fill_slots (&draft.frontend, UC_KIND_FRONTEND);
  draft.setting = (UsherSetting){
    .struct_size = sizeof draft.setting, .key = "colour", .type = USHER_SETTING_STRING, .help = "any colour"
  };
  draft.other = (UsherSetting){
    .struct_size = sizeof draft.other, .key = "shape", .type = USHER_SETTING_STRING, .help = "any shape"
  };
  draft.settings[0] = &draft.setting;
  draft.settings[1] = &draft.other;
  draft.plugin = (UsherPlugin){ USHER_PLUGIN_HEAD,
                                .name = "draft",
                                .version = "1",
                                .summary = "a draft",
                                .license = "GPL-3.0-or-later",
                                .settings = draft.settings,
                                .channel = &draft.channel,
                                .crm = &draft.crm,
                                .frontend = &draft.frontend };
}

static void
assert_draft_refused (const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (uc_plugin_from_entry ("draft", "/x/draft.so", entry, &error));
  g_assert_nonnull (error);
  test_assert_words (error->message, "/x/draft.so: ");
  test_assert_words (error->message, words);
}

static void
assert_draft_loads (void)
{
  g_autoptr (GError) error = NULL;
  UcPlugin *plugin = uc_plugin_from_entry ("draft", "/x/draft.so", entry, &error);

  g_assert_no_error (error);
  uc_plugin_free (plugin);
}

static void
check_slots (gpointer table, UcKind kind)
{
  for (const UcSlot *slot = uc_kind_slots (kind); slot->name != NULL; slot++)
    {
      const void **cell = (const void **)((char *)table + slot->offset);
      g_autofree char *words
          = g_strdup_printf ("%s table|required slot '%s'|rebuild", uc_kind_word (kind), slot->name);

      *cell = NULL;
      if (slot->required)
        assert_draft_refused (words);
      else
        assert_draft_loads ();
      *cell = "a function";
    }
}

static void
test_each_slot (void)
{
  draft_reset ();
  assert_draft_loads ();
  check_slots (&draft.channel, UC_KIND_CHANNEL);
  check_slots (&draft.crm, UC_KIND_CRM);
  check_slots (&draft.frontend, UC_KIND_FRONTEND);
}

static void
test_required_slots_are_those_of_the_headers (void)
{
  guint required[3] = { 0 };

  for (int kind = UC_KIND_CHANNEL; kind <= UC_KIND_FRONTEND; kind++)
    for (const UcSlot *slot = uc_kind_slots (kind); slot->name != NULL; slot++)
      required[kind] += slot->required ? 1 : 0;
  g_assert_cmpuint (required[UC_KIND_CHANNEL], ==, 4);
  g_assert_cmpuint (required[UC_KIND_CRM], ==, 9);
  g_assert_cmpuint (required[UC_KIND_FRONTEND], ==, 4);
}

static void
test_absurd_sizes (void)
{
  const gsize sizes[] = { 0, 1, 7, 8, 100000, G_MAXSIZE };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      draft_reset ();
      draft.plugin.struct_size = sizes[i];
      assert_draft_refused ("struct_size of its descriptor|USHER_PLUGIN_HEAD");
      draft_reset ();
      draft.setting.struct_size = sizes[i];
      assert_draft_refused ("struct_size of its setting");
      draft_reset ();
      draft.crm.struct_size = sizes[i];
      assert_draft_refused (sizes[i] == 8 ? "required slot 'create'" : "struct_size of its crm table");
    }
}

static void
test_descriptor_texts (void)
{
  draft_reset ();
  draft.plugin.name = NULL;
  assert_draft_refused ("name|lower-case");
  draft.plugin.name = "Draft";
  assert_draft_refused ("name|lower-case");
  draft_reset ();
  draft.plugin.version = NULL;
  assert_draft_refused ("version");
  draft_reset ();
  draft.plugin.summary = "two\nlines";
  assert_draft_refused ("summary|control characters");
  draft_reset ();
  draft.plugin.license = "\xff";
  assert_draft_refused ("license|UTF-8");
  draft_reset ();
  draft.plugin.channel = NULL;
  draft.plugin.crm = NULL;
  draft.plugin.frontend = NULL;
  assert_draft_refused ("neither a channel nor a CRM nor a front end");
}

static void
test_descriptor_settings (void)
{
  draft_reset ();
  draft.setting.key = "Bad Key";
  assert_draft_refused ("number 1 of its settings|key");
  draft.setting.key = "plugin";
  assert_draft_refused ("'plugin'|core");
  draft.setting.key = "queue";
  assert_draft_refused ("'queue'|core");
  draft.setting.key = "shape";
  assert_draft_refused ("'shape'|twice");
  draft_reset ();
  draft.other.type = 77;
  assert_draft_refused ("'shape'|type 77|newer usher");
  draft_reset ();
  draft.other.type = USHER_SETTING_ENUM;
  assert_draft_refused ("'shape'|enum without choices");
  draft_reset ();
  draft.other.help = NULL;
  assert_draft_refused ("shape");
  draft_reset ();
  draft.other.type = USHER_SETTING_DURATION;
  draft.other.default_value = "soon";
  assert_draft_refused ("default|'shape'|duration");
  draft_reset ();
  draft.other.type = USHER_SETTING_SECRET;
  draft.other.default_value = "file:/x";
  assert_draft_refused ("'shape'|secret with a default");
  draft_reset ();
  draft.plugin.settings = NULL;
  assert_draft_loads ();
}

/* ---- load and unload ----------------------------------------------------------------------------------- */

static guint loads, unloads;

static bool
load_once (const UsherHost *host)
{
  loads++;
  return true;
}

static bool
refuse_to_load (const UsherHost *host)
{
  loads++;
  return false;
}

static void
unload (void)
{
  unloads++;
}

static void
test_load_once (void)
{
  UcLoader *loader = loader_for ("/nonexistent");
  UcPlugin plugin = { .name = (char *)"x", .file = (char *)"/x/x.so" };
  UcPlugin other = { .name = (char *)"y", .file = (char *)"/x/y.so" };
  g_autoptr (GError) error = NULL;

  loads = unloads = 0;
  plugin.descriptor.load = load_once;
  plugin.descriptor.unload = unload;
  g_assert_true (uc_loader_start (loader, &plugin, NULL, NULL));
  g_assert_true (uc_loader_start (loader, &plugin, NULL, NULL));
  g_assert_cmpuint (loads, ==, 1);
  other.descriptor.load = refuse_to_load;
  other.descriptor.unload = unload;
  g_assert_false (uc_loader_start (loader, &other, NULL, NULL));
  g_assert_false (uc_loader_start (loader, &other, NULL, &error));
  test_assert_words (error->message, "/x/y.so|refused to load|log");
  g_assert_cmpuint (loads, ==, 2);
  uc_loader_free (loader);
  g_assert_cmpuint (unloads, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_modules); i++)
    g_test_add_data_func (bad_modules[i].test, &bad_modules[i], test_bad_module);
  g_test_add_func ("/plugin/refuse/truncated-at-any-length", test_truncated);
  g_test_add_func ("/plugin/refuse/tail-of-zeros", test_zero_tail);
  g_test_add_func ("/plugin/refuse/foreign-processor", test_foreign);
  g_test_add_func ("/plugin/refuse/object-file", test_object_file);
  g_test_add_func ("/plugin/refuse/empty-text-and-folder", test_other_files);
  g_test_add_func ("/plugin/refuse/libtool-file-without-object", test_la_without_object);
  g_test_add_func ("/plugin/refuse/world-writable", test_world_writable);
  g_test_add_func ("/plugin/refuse/missing-folder", test_missing_folder);
  g_test_add_func ("/plugin/open/good", test_good);
  g_test_add_func ("/plugin/open/relative-folder", test_relative_dir);
  g_test_add_func ("/plugin/open/older", test_older);
  g_test_add_func ("/plugin/open/newer", test_newer);
  g_test_add_func ("/plugin/open/in-cxx", test_cxx);
  g_test_add_func ("/plugin/open/first-of-duplicates", test_duplicate);
  g_test_add_func ("/plugin/scan", test_scan);
  g_test_add_func ("/plugin/descriptor/each-slot", test_each_slot);
  g_test_add_func ("/plugin/descriptor/required-slots", test_required_slots_are_those_of_the_headers);
  g_test_add_func ("/plugin/descriptor/absurd-sizes", test_absurd_sizes);
  g_test_add_func ("/plugin/descriptor/texts", test_descriptor_texts);
  g_test_add_func ("/plugin/descriptor/settings", test_descriptor_settings);
  g_test_add_func ("/plugin/load-once", test_load_once);
  return g_test_run ();
}
