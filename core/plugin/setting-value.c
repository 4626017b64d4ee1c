/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parsing of values by type. A secret's text never goes into a message. Main thread (reads files of secrets).
 */
#include "core/plugin/setting-value.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SECRET (64 * 1024)
#define MAX_LIST 1000

typedef struct
{
  const char *suffix;
  gint64 factor;
} Unit;

/* Largest first: the first one that divides a number is the one to print it with. */
static const Unit duration_units[]
    = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 }, { NULL, 0 } };
static const Unit size_units[]
    = { { "G", G_GINT64_CONSTANT (1) << 30 }, { "M", 1 << 20 }, { "k", 1 << 10 }, { "", 1 }, { NULL, 0 } };

gboolean
uc_setting_key_is_valid (const char *key)
{
  if (key == NULL || !g_ascii_islower (key[0]) || strlen (key) > 64)
    return FALSE;
  for (const char *p = key; *p != '\0'; p++)
    if (!g_ascii_islower (*p) && !g_ascii_isdigit (*p) && *p != '_')
      return FALSE;
  return TRUE;
}

char *
uc_setting_number_text (UsherSettingType type, gint64 number)
{
  const Unit *units = type == USHER_SETTING_DURATION ? duration_units
                      : type == USHER_SETTING_SIZE   ? size_units
                                                     : NULL;

  for (; units != NULL && units->suffix != NULL && number != 0; units++)
    if (number % units->factor == 0)
      return g_strdup_printf ("%" G_GINT64_FORMAT "%s", number / units->factor, units->suffix);
  return g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

char *
uc_setting_range_text (const UsherSetting *setting)
{
  g_autofree char *min = uc_setting_number_text (setting->type, setting->min);
  g_autofree char *max = uc_setting_number_text (setting->type, setting->max);

  if (setting->min == 0 && setting->max == 0)
    return NULL;
  if (setting->max == INT64_MAX)
    return g_strdup_printf ("at least %s", min);
  if (setting->min == INT64_MIN)
    return g_strdup_printf ("at most %s", max);
  return g_strdup_printf ("%s to %s", min, max);
}

static gboolean
check_range (const UsherSetting *setting, gint64 number, char **why)
{
  g_autofree char *range = uc_setting_range_text (setting);

  if (range == NULL || (number >= setting->min && number <= setting->max))
    return TRUE;
  *why = g_strdup_printf ("out of range; allowed: %s", range);
  return FALSE;
}

static gboolean
parse_int (const char *text, gint64 *number, char **why)
{
  if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, number, NULL))
    return TRUE;
  *why = g_strdup ("not a whole number; write digits only, like 25");
  return FALSE;
}

/* Digits and one of the units. A duration without a unit would leave people guessing, so only 0 may go bare. */
static gboolean
parse_units (const char *text, const Unit *units, const char *hint, gint64 *number, char **why)
{
  gsize digits = strspn (text, "0123456789");
  g_autofree char *head = g_strndup (text, digits);
  const char *suffix = text + digits;
  gint64 n;

  if (g_ascii_string_to_signed (head, 10, 0, G_MAXINT64, &n, NULL))
    {
      for (const Unit *unit = units; unit->suffix != NULL; unit++)
        if (strcmp (suffix, unit->suffix) == 0 && n <= G_MAXINT64 / unit->factor)
          {
            *number = n * unit->factor;
            return TRUE;
          }
      if (n == 0 && *suffix == '\0')
        {
          *number = 0;
          return TRUE;
        }
    }
  *why = g_strdup (hint);
  return FALSE;
}

static gboolean
parse_number (const UsherSetting *setting, const char *text, gint64 *number, char **why)
{
  gboolean ok;

  if (setting->type == USHER_SETTING_DURATION)
    ok = parse_units (text, duration_units,
                      "not a duration; write a number and its unit, like 500ms, 30s, 10m, 2h or 1d", number, why);
  else if (setting->type == USHER_SETTING_SIZE)
    ok = parse_units (text, size_units, "not a size; write bytes, or a number with k, M or G, like 64k", number,
                      why);
  else
    ok = parse_int (text, number, why);
  return ok && check_range (setting, *number, why);
}

static gboolean
parse_bool (const char *text, gint64 *number, char **why)
{
  if (strcmp (text, "true") != 0 && strcmp (text, "false") != 0)
    {
      *why = g_strdup ("neither true nor false");
      return FALSE;
    }
  *number = text[0] == 't';
  return TRUE;
}

static gboolean
parse_path (const char *text, const UcSettingsContext *context, char **string, char **why)
{
  if (text[0] == '\0')
    *why = g_strdup ("empty; write a path");
  else if (!g_path_is_absolute (text) && (context == NULL || context->data_dir == NULL))
    *why = g_strdup ("not an absolute path; begin it with /");
  else
    {
      *string = g_canonicalize_filename (text, context != NULL ? context->data_dir : NULL);
      return TRUE;
    }
  return FALSE;
}

static gboolean
parse_url (const char *text, char **string, char **why)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_HAS_PASSWORD, &error);

  if (uri == NULL)
    *why = g_strdup_printf ("not a URL (%s); write one like https://example.org/path", error->message);
  else if (strcmp (g_uri_get_scheme (uri), "http") != 0 && strcmp (g_uri_get_scheme (uri), "https") != 0)
    *why = g_strdup ("not a web address; it has to begin with https:// or http://");
  else if (g_uri_get_host (uri) == NULL || g_uri_get_host (uri)[0] == '\0')
    *why = g_strdup ("without a host; write one like https://example.org/path");
  else
    {
      *string = g_strdup (text);
      return TRUE;
    }
  return FALSE;
}

static gboolean
parse_enum (const UsherSetting *setting, const char *text, char **string, char **why)
{
  g_auto (GStrv) choices = g_strsplit (setting->choices != NULL ? setting->choices : "", ",", -1);
  g_autofree char *known = NULL;
  const char *near;

  for (char **choice = choices; *choice != NULL; choice++)
    if (strcmp (g_strstrip (*choice), text) == 0)
      {
        *string = g_strdup (text);
        return TRUE;
      }
  known = g_strjoinv (", ", choices);
  near = uc_nearest (text, (const char *const *)choices);
  *why = near != NULL ? g_strdup_printf ("unknown; did you mean '%s'? Allowed: %s", near, known)
                      : g_strdup_printf ("unknown; allowed: %s", known);
  return FALSE;
}

static gboolean
parse_list (const char *text, char ***list, char **why)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", MAX_LIST + 1);
  g_autoptr (GPtrArray) items = g_ptr_array_new_with_free_func (g_free);

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_ptr_array_add (items, g_strdup (*part));
  if (g_strv_length (parts) > MAX_LIST)
    {
      *why = g_strdup_printf ("more than %d values", MAX_LIST);
      return FALSE;
    }
  g_ptr_array_add (items, NULL);
  *list = (char **)g_ptr_array_steal (items, NULL);
  return TRUE;
}

static void
wipe (char *text)
{
  if (text != NULL)
    explicit_bzero (text, strlen (text));
  g_free (text);
}

/* The descriptor is checked, not the name, so that nobody can swap the file in between. */
static int
open_secret (const char *path, gboolean private_only, char **why)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) != 0)
    *why = g_strdup_printf ("its file %s can't be opened: %s", path, g_strerror (errno));
  else if (!S_ISREG (st.st_mode))
    *why = g_strdup_printf ("%s is not a file", path);
  else if (private_only && (st.st_mode & 077) != 0)
    *why = g_strdup_printf ("other users may read %s (mode %04o); run: chmod 600 %s", path,
                            (guint)(st.st_mode & 07777), path);
  else if (st.st_size > MAX_SECRET)
    *why = g_strdup_printf ("%s is larger than 64 KiB; that is no secret", path);
  else
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

static gboolean
read_secret (const char *path, gboolean private_only, char **string, char **why)
{
  int fd = open_secret (path, private_only, why);
  char *buffer;
  gsize len = 0;
  ssize_t got = 0;

  if (fd < 0)
    return FALSE;
  buffer = g_malloc0 (MAX_SECRET + 1);
  while (len < MAX_SECRET && (got = read (fd, buffer + len, MAX_SECRET - len)) != 0)
    {
      if (got < 0 && errno != EINTR)
        break;
      len += got > 0 ? (gsize)got : 0;
    }
  if (got < 0)
    *why = g_strdup_printf ("its file %s can't be read: %s", path, g_strerror (errno));
  close (fd);
  while (len > 0 && (buffer[len - 1] == '\n' || buffer[len - 1] == '\r'))
    buffer[--len] = '\0';
  if (*why == NULL && len == 0)
    *why = g_strdup_printf ("its file %s is empty", path);
  else if (*why == NULL && !g_utf8_validate (buffer, (gssize)len, NULL))
    *why = g_strdup_printf ("its file %s is not UTF-8 text", path);
  if (*why == NULL)
    *string = g_strndup (buffer, len);
  explicit_bzero (buffer, MAX_SECRET + 1);
  g_free (buffer);
  return *why == NULL;
}

static gboolean
parse_credential (const char *name, const UcSettingsContext *context, char **string, char **why)
{
  const char *folder = context != NULL ? context->credentials_dir : NULL;
  g_autofree char *path = NULL;

  if (folder == NULL)
    folder = g_getenv ("CREDENTIALS_DIRECTORY");
  if (name[0] == '\0' || name[0] == '.' || strchr (name, '/') != NULL)
    *why = g_strdup ("no credential name follows 'credential:'");
  else if (folder == NULL)
    *why = g_strdup ("a credential is named, but there is no $CREDENTIALS_DIRECTORY; add LoadCredential= to the "
                     "systemd unit, or use file:/path");
  else
    {
      path = g_build_filename (folder, name, NULL);
      /* systemd guards that folder itself and may show an ACL mask as group bits. */
      return read_secret (path, FALSE, string, why);
    }
  return FALSE;
}

static gboolean
parse_secret (const char *text, const UcSettingsContext *context, char **string, char **why)
{
  if (g_str_has_prefix (text, "credential:"))
    return parse_credential (text + strlen ("credential:"), context, string, why);
  if (g_str_has_prefix (text, "file:/"))
    return read_secret (text + strlen ("file:"), TRUE, string, why);
  if (g_str_has_prefix (text, "file:"))
    *why = g_strdup ("the path after 'file:' has to be absolute");
  else
    *why = g_strdup (
        "secret given in clear; put it into a file only usher can read and write file:/path, or "
        "credential:NAME for a systemd credential (and change the secret: it has been in a configuration "
        "file)");
  return FALSE;
}

gboolean
uc_setting_value_parse (const UsherSetting *setting, const char *text, const UcSettingsContext *context,
                        UcSettingValue *value, char **why)
{
  gboolean ok = FALSE;

  *why = NULL;
  memset (value, 0, sizeof *value);
  value->type = setting->type;
  switch (setting->type)
    {
    case USHER_SETTING_STRING:
      value->string = g_strdup (text);
      ok = TRUE;
      break;
    case USHER_SETTING_INT:
    case USHER_SETTING_DURATION:
    case USHER_SETTING_SIZE:
      ok = parse_number (setting, text, &value->number, why);
      break;
    case USHER_SETTING_BOOL:
      ok = parse_bool (text, &value->number, why);
      break;
    case USHER_SETTING_PATH:
      ok = parse_path (text, context, &value->string, why);
      break;
    case USHER_SETTING_URL:
      ok = parse_url (text, &value->string, why);
      break;
    case USHER_SETTING_SECRET:
      ok = parse_secret (text, context, &value->string, why);
      break;
    case USHER_SETTING_LIST:
      ok = parse_list (text, &value->list, why);
      break;
    case USHER_SETTING_ENUM:
      ok = parse_enum (setting, text, &value->string, why);
      break;
    }
  value->set = ok;
  if (!ok && *why == NULL)
    *why = g_strdup ("of a type this version does not know");
  return ok;
}

void
uc_setting_value_clear (UcSettingValue *value)
{
  if (value->type == USHER_SETTING_SECRET)
    wipe (value->string);
  else
    g_free (value->string);
  g_strfreev (value->list);
  memset (value, 0, sizeof *value);
}
