/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs a fuzz target without libFuzzer: each file of its corpus, then variations of them by a seeded generator:
 * bytes changed, cut out, doubled, and two files joined. What is found by libFuzzer goes into the corpus and is
 * tried at every `make check` from then on.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/lib/proof.h"

/* What is being tried: told when it kills us. */
static const uint8_t *current;
static size_t current_size;
static char *keep_as;

static void
put (const char *text)
{
  (void)!write (STDOUT_FILENO, text, strlen (text));
}

static void
on_death (int number)
{
  FILE *file = fopen (keep_as, "wb");

  if (file != NULL)
    {
      fwrite (current, 1, current_size, file);
      fclose (file);
      put ("Bail out! an input kills it; kept as ");
      put (keep_as);
      put ("\n");
    }
  signal (number, SIG_DFL);
  raise (number);
}

static void
try_one (const uint8_t *data, size_t size)
{
  /* Exactly as large as it is: a sanitizer then sees what is read beyond. */
  g_autofree uint8_t *copy = g_memdup2 (size > 0 ? data : (const uint8_t *)"", MAX (size, 1));

  current = copy;
  current_size = size;
  LLVMFuzzerTestOneInput (copy, size);
}

/* ---- variations ---------------------------------------------------------------------------------------- */

static const char *const tokens[] = { "\"",
                                      "{",
                                      "}",
                                      "[",
                                      "]",
                                      "\\u0000",
                                      "\\ud800",
                                      "null",
                                      "-9223372036854775808",
                                      "1e999",
                                      "\xf0\x9f\x91\x8d",
                                      "\xc0\x80",
                                      "\xff",
                                      "\r\n",
                                      "\n",
                                      "..",
                                      "%00",
                                      "%",
                                      "<",
                                      "/>",
                                      "&lt;",
                                      "\0",
                                      "=",
                                      ";",
                                      "," };

static void
vary_once (GByteArray *bytes, GRand *rand, const GPtrArray *corpus)
{
  guint at = bytes->len > 0 ? (guint)g_rand_int_range (rand, 0, (gint32)bytes->len) : 0;
  guint len = bytes->len > 0 ? (guint)g_rand_int_range (rand, 1, (gint32)MIN (bytes->len - at, 64) + 1) : 0;
  const char *token = tokens[g_rand_int_range (rand, 0, G_N_ELEMENTS (tokens))];
  GBytes *other = corpus->pdata[g_rand_int_range (rand, 0, (gint32)corpus->len)];
  gsize other_len;
  const uint8_t *other_data = g_bytes_get_data (other, &other_len);

  switch (g_rand_int_range (rand, 0, 7))
    {
    case 0:
      if (bytes->len > 0)
        bytes->data[at] ^= (guint8)(1 << g_rand_int_range (rand, 0, 8));
      break;
    case 1:
      if (bytes->len > 0)
        bytes->data[at] = (guint8)g_rand_int (rand);
      break;
    case 2:
      if (len > 0)
        g_byte_array_remove_range (bytes, at, len);
      break;
    case 3:
      g_byte_array_set_size (bytes, at);
      break;
    case 4:
      if (len > 0)
        {
          g_autofree uint8_t *piece = g_memdup2 (bytes->data + at, len);

          g_byte_array_append (bytes, piece, len);
        }
      break;
    case 5:
      {
        g_autofree uint8_t *rest = bytes->len > at ? g_memdup2 (bytes->data + at, bytes->len - at) : NULL;
        guint rest_len = bytes->len - at;

        g_byte_array_set_size (bytes, at);
        g_byte_array_append (bytes, (const guint8 *)token, (guint)MAX (1, strlen (token)));
        if (rest_len > 0)
          g_byte_array_append (bytes, rest, rest_len);
        break;
      }
    default:
      g_byte_array_set_size (bytes, at);
      if (other_len > 0)
        g_byte_array_append (bytes, other_data, (guint)other_len);
      break;
    }
}

static void
try_variation (GRand *rand, const GPtrArray *corpus, GBytes *of)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize len;
  const uint8_t *data = g_bytes_get_data (of, &len);

  if (len > 0)
    g_byte_array_append (bytes, data, (guint)len);
  for (int n = g_rand_int_range (rand, 1, 5); n > 0; n--)
    vary_once (bytes, rand, corpus);
  if (bytes->len <= 256 * 1024)
    try_one (bytes->data, bytes->len);
}

/* ---- all ----------------------------------------------------------------------------------------------- */

static GPtrArray *
read_corpus (const char *name)
{
  g_autofree char *folder = g_build_filename (g_getenv ("USHER_SRCDIR"), "tests/fuzz/corpus", name, NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *corpus = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  const char *entry;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (folder, entry, NULL));
  g_ptr_array_sort (names, (GCompareFunc)(void (*) (void))g_strcmp0);
  for (guint i = 0; i < names->len; i++)
    {
      g_autoptr (GError) error = NULL;
      char *data = NULL;
      gsize len;

      if (!g_file_get_contents (names->pdata[i], &data, &len, &error))
        g_error ("%s", error->message);
      g_ptr_array_add (corpus, g_bytes_new_take (data, len));
    }
  return corpus;
}

/* Named files alone: to look at one that was found. */
static int
try_files (int argc, char **argv)
{
  for (int i = 1; i < argc; i++)
    {
      g_autofree char *data = NULL;
      gsize len;
      g_autoptr (GError) error = NULL;

      if (!g_file_get_contents (argv[i], &data, &len, &error))
        g_error ("%s", error->message);
      try_one ((const uint8_t *)data, len);
    }
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  g_autofree char *name = g_path_get_basename (argv[0]);
  const char *what = g_str_has_prefix (name, "fuzz-") ? name + strlen ("fuzz-") : name;
  guint64 seed = proof_seed (1),
          variations = proof_size (fuzz_variations / 20, fuzz_variations, fuzz_variations * 100);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32)seed);
  g_autoptr (GPtrArray) corpus = NULL;

  keep_as = g_strdup_printf ("%s/usher-%s-%ld", g_get_tmp_dir (), name, (long)getpid ());
  signal (SIGABRT, on_death);
  signal (SIGSEGV, on_death);
  signal (SIGTRAP, on_death);
  LLVMFuzzerInitialize (&argc, &argv);
  if (argc > 1)
    return try_files (argc, argv);
  setvbuf (stdout, NULL, _IOLBF, 0);
  puts ("1..2");
  corpus = read_corpus (what);
  if (corpus->len == 0)
    {
      printf ("Bail out! there is no corpus for %s\n", what);
      return EXIT_FAILURE;
    }
  for (guint i = 0; i < corpus->len; i++)
    {
      gsize len;
      const uint8_t *data = g_bytes_get_data (corpus->pdata[i], &len);

      try_one (data, len);
    }
  printf ("ok 1 - %u inputs of the corpus %s\n", corpus->len, what);
  try_one (NULL, 0);
  for (guint64 i = 0; i < variations; i++)
    try_variation (rand, corpus, corpus->pdata[i % corpus->len]);
  printf ("# USHER_SEED=%" G_GUINT64_FORMAT "\nok 2 - %" G_GUINT64_FORMAT " variations of them\n", seed,
          variations);
  return EXIT_SUCCESS;
}
