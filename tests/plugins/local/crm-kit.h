/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Short words for tests of a CRM plugin through the fake host: each calls one slot and waits for its answer.
 * Results live as long as the fake host. Main thread.
 */
#pragma once

#include "tests/lib/fake-host.h"

/* Struct literals with their size filled in: CUSTOMER (.name = "Anna", .draft = true) */
#define CUSTOMER(...) (&(UsherCustomer){ .struct_size = sizeof (UsherCustomer), __VA_ARGS__ })
#define CASE(...) (&(UsherCase){ .struct_size = sizeof (UsherCase), __VA_ARGS__ })
#define MERGE(...) (&(UsherMerge){ .struct_size = sizeof (UsherMerge), __VA_ARGS__ })
#define PAGE(rows, ...) (&(UsherCrmQuery){ .struct_size = sizeof (UsherCrmQuery), .limit = rows, __VA_ARGS__ })
#define QUERY(...) PAGE (50, __VA_ARGS__)
#define IDENTITY(...) (&(UsherIdentity){ .struct_size = sizeof (UsherIdentity), __VA_ARGS__ })
#define IDENTITIES(...) ((const UsherIdentity *const[]){ __VA_ARGS__, NULL })

const UsherResult *crm_lookup (FakeHost *crm, const char *network, const char *id);
const UsherResult *crm_get (FakeHost *crm, const char *id);
const UsherResult *crm_search (FakeHost *crm, const UsherCrmQuery *query);
const UsherResult *crm_save (FakeHost *crm, const UsherCustomer *customer);
const UsherResult *crm_get_case (FakeHost *crm, const char *id);
const UsherResult *crm_list (FakeHost *crm, const UsherCrmQuery *query);
const UsherResult *crm_save_case (FakeHost *crm, const UsherCase *record);
const UsherResult *crm_merge (FakeHost *crm, const UsherMerge *merge);
const UsherResult *crm_unmerge (FakeHost *crm, const UsherMerge *merge);
const UsherResult *crm_describe (FakeHost *crm);

/* The same for answers that must be USHER_OK with exactly one record. */
const UsherCustomer *crm_saved (FakeHost *crm, const UsherCustomer *customer);
const UsherCase *crm_saved_case (FakeHost *crm, const UsherCase *record);

/* Merges, must succeed; the id of the merge, freed by the caller. */
char *crm_merged (FakeHost *crm, const char *keep, const char *drop);
/* Undoes it, must succeed. */
void crm_undone (FakeHost *crm, const char *merge);

/* Every record and what look-ups and lists say of it, as one text; `identities` are ids on network "n". */
char *crm_everything (FakeHost *crm, const char *const *identities);
/* Ends the test at the first line in which the texts differ. */
void crm_same (const char *expected, const char *got);

guint crm_customers (const UsherResult *result); /* how many are in the answer */
guint crm_cases (const UsherResult *result);

/* Ends the test unless the result has this status and its message holds `part`. */
void crm_refused (const UsherResult *result, UsherStatus status, const char *part);

/* The instance on a data folder of its own, up. */
FakeHost *crm_new (void);
