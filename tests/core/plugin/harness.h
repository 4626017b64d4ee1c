/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A loop, faked services and the obliging plugin, for tests of instances.
 */
#pragma once

#include "core/plugin/instance-private.h"
#include "tests/core/plugin/fixture.h"

extern UcLoop *test_loop;
extern UcLoader *test_loader;
extern const UcPlugin *test_plugin; /* "obliging": does what its settings say */
extern const UsherHost *test_host;
extern char *test_data_root;

extern GString *test_states; /* words of state_changed, since the last test_instance_new */
extern guint test_routes, test_unroutes, test_stops;
extern UsherResponse test_responded;

/* What the services were last asked, and with what to answer. */
typedef struct
{
  size_t count;
  char *text;
  UsherDelivered delivered;
  UsherHistory history;
  void (*kv_get) (void *, const char *, size_t);
  void (*kv_set) (void *, const UsherResult *);
  void *data;
  int limit;
} TestAsked;
extern TestAsked test_asked;

/* Around all tests of a program. */
void test_harness_init (int *argc, char ***argv);
int test_harness_run (void);

/* What plugins logged so far: "domain priority message" lines. Taking or asserting empties it. */
char *test_take_log (void);
void test_assert_logged (const char *words);
void test_assert_not_logged (const char *word);

#define TEST_WAIT_FOR(condition)                                                                                  \
  while (!(condition))                                                                                            \
  g_main_context_iteration (NULL, TRUE)

/* Everything that is due now is done. */
void test_settle (void);
void test_set_true (gpointer data);

/* [kind:name] with plugin = obliging and the lines of `body`. */
UsherInstance *test_instance_new (UcKind kind, const char *name, const char *body);
UsherInstance *test_start (UcKind kind, const char *body);
UsherInstance *test_start_running (UcKind kind, const char *body);
/* For uc_instance_stop: counts test_stops. */
void test_on_stopped (UsherInstance *instance, gpointer data);
void test_stop_and_free (UsherInstance *instance);

/* A UcReplyFunc that keeps what it got in a TestAnswer. */
typedef struct
{
  guint count;
  UsherStatus status;
  char *message, *external_id, *customer, *identity;
} TestAnswer;

void test_on_answer (gpointer data, const UsherResult *result);
void test_answer_clear (TestAnswer *answer);
