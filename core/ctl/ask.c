/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asks the daemon through its control socket.
 */
#include "core/ctl/ctl.h"

#include <gio/gunixsocketaddress.h>

void
ctl_open (Ctl *ctl, const char *socket)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (socket);

  ctl->socket = g_strdup (socket);
  ctl->session = soup_session_new_with_options ("remote-connectable", address, "timeout", 60, NULL);
}

void
ctl_close (Ctl *ctl)
{
  g_clear_object (&ctl->session);
  g_clear_pointer (&ctl->socket, g_free);
}

static void
complain_no_answer (const Ctl *ctl, const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    ctl_complain ("%s can't be used: %s; run usherctl as root or as the user that usherd runs as", ctl->socket,
                  error->message);
  else
    ctl_complain ("no usherd answers on %s: %s; is it running?", ctl->socket, error->message);
}

char *
ctl_call (Ctl *ctl, const char *name, const char *args)
{
  g_autofree char *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree char *uri = g_strconcat ("http://localhost/api/v1/", escaped, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("POST", uri);
  g_autoptr (GBytes) body = g_bytes_new (args, strlen (args));
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (UcJson) root = NULL;
  const UcJsonLimits limits = { 64 * 1024 * 1024, 64 };
  const UcJson *result;
  const char *text;
  char *printed, *copy;

  soup_message_set_request_body_from_bytes (message, "application/json", body);
  answer = soup_session_send_and_read (ctl->session, message, NULL, &error);
  if (answer == NULL)
    {
      complain_no_answer (ctl, error);
      return NULL;
    }
  root = uc_json_parse (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), &limits, &error);
  if (root == NULL)
    {
      ctl_complain ("%s: the answer can't be read: %s", name, error->message);
      return NULL;
    }
  result = uc_json_get (root, "result");
  if (result == NULL)
    {
      text = uc_json_string (uc_json_get (uc_json_get (root, "error"), "message"));
      ctl_complain ("%s", text != NULL ? text : "refused without a reason");
      return NULL;
    }
  printed = uc_json_print (result, NULL);
  copy = g_strdup (printed);
  free (printed);
  return copy;
}

char *
ctl_get (Ctl *ctl, const char *path)
{
  g_autofree char *uri = g_strconcat ("http://localhost", path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new ("GET", uri);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = soup_session_send_and_read (ctl->session, message, NULL, &error);

  if (answer == NULL)
    {
      complain_no_answer (ctl, error);
      return NULL;
    }
  if (soup_message_get_status (message) != SOUP_STATUS_OK)
    {
      ctl_complain ("%s: usherd answers %u %s; is it older than this usherctl?", path,
                    soup_message_get_status (message), soup_message_get_reason_phrase (message));
      return NULL;
    }
  return g_strndup (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
}

static gboolean
steers (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

/* Appends what an escape of JSON stands for, harmless; returns what follows it. */
static const char *
append_escape (GString *out, const char *at)
{
  gunichar c = 0;

  if (at[1] != 'u')
    {
      gboolean space = strchr ("bfnrt", at[1]) != NULL;

      g_string_append_len (out, space ? " " : at, space ? 1 : 2);
      return at + 2;
    }
  for (int i = 2; i < 6; i++)
    c = c * 16 + (gunichar)g_ascii_xdigit_value (at[i]);
  g_string_append_len (out, steers (c) ? "\\ufffd" : at, 6);
  return at + 6;
}

UcJson *
ctl_read_harmless (const char *text)
{
  g_autoptr (GString) out = g_string_sized_new (strlen (text));
  const UcJsonLimits limits = { 64 * 1024 * 1024, 64 };

  for (const char *at = text; *at != '\0';)
    {
      gunichar c = g_utf8_get_char (at);

      if (c == '\\')
        at = append_escape (out, at);
      else
        {
          /* Below 0x20 it is the white space between what is not escaped. */
          g_string_append_unichar (out, c >= 0x20 && steers (c) ? 0xfffd : c);
          at = g_utf8_next_char (at);
        }
    }
  return uc_json_parse (out->str, out->len, &limits, NULL);
}

UcJson *
ctl_ask (Ctl *ctl, const char *name, const char *args)
{
  g_autofree char *text = ctl_call (ctl, name, args);
  const UcJsonLimits limits = { 64 * 1024 * 1024, 64 };

  return text != NULL ? uc_json_parse (text, strlen (text), &limits, NULL) : NULL;
}

char *
ctl_read_stdin (void)
{
  GString *text = g_string_new (NULL);
  char buf[4096];
  size_t got;

  while ((got = fread (buf, 1, sizeof buf, stdin)) > 0)
    g_string_append_len (text, buf, (gssize)got);
  return g_string_free (text, FALSE);
}
