/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of configuration and plugins share.
 */
#pragma once

#include "core/base/conf.h"

/* A problem that has to be there: "file:line", and words its message has to have, separated by '|'. */
typedef struct
{
  const char *at;
  const char *words;
} TestProblem;

/* Exactly these, in this order; the list ends with a NULL `at`. */
void test_assert_problems (GPtrArray *problems, const TestProblem *expected);
/* `text` has each of the words, separated by '|'. */
void test_assert_words (const char *text, const char *words);

char *test_dir_new (void);
/* Removes it with all that is in it, and frees the name. */
void test_dir_free (char *dir);
/* Path of the file, made with its folders; mode 0600. */
char *test_write (const char *dir, const char *name, const char *text);

/* The folder with the plugins of the tests. */
char *test_modules_dir (void);
