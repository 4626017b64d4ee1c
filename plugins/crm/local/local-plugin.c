/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The local CRM: customers and cases in an SQLite file of its own. This file is the glue: settings, and for each
 * slot check the arguments here on the main thread, then leave the work to the worker.
 */
#include <usher/usher.h>

#include "local-case.h"
#include "local-check.h"
#include "local-config.h"
#include "local-customer.h"
#include "local-merge.h"
#include "local-search.h"
#include "local-worker.h"

typedef struct
{
  const UsherHost *host;
  LocalConfig *config;
  LocalWorker *worker;
} Local;

static const UsherSetting setting_path
    = { .struct_size = sizeof (UsherSetting),
        .key = "path",
        .type = USHER_SETTING_PATH,
        .default_value = "crm.db",
        .help = "file that holds customers and cases; relative to the instance's data folder" };
static const UsherSetting setting_busy_limit
    = { .struct_size = sizeof (UsherSetting),
        .key = "busy_limit",
        .type = USHER_SETTING_INT,
        .default_value = "1000",
        .min = 1,
        .max = 100000,
        .help = "requests that may wait for the disk; more are refused as busy and come again" };
static const UsherSetting setting_search_limit
    = { .struct_size = sizeof (UsherSetting),
        .key = "search_limit",
        .type = USHER_SETTING_INT,
        .default_value = "10000",
        .min = 200,
        .max = 10000000,
        .help
        = "customers that one search may find, the newest ones; bounds the work of searching for one letter" };
static const UsherSetting setting_customer_fields
    = { .struct_size = sizeof (UsherSetting),
        .key = "customer_fields",
        .type = USHER_SETTING_LIST,
        .help = "the site's own fields of a customer: KEY TYPE [required] [LABEL], ..." };
static const UsherSetting setting_case_fields
    = { .struct_size = sizeof (UsherSetting),
        .key = "case_fields",
        .type = USHER_SETTING_LIST,
        .help = "the site's own fields of a case: KEY TYPE [required] [LABEL], ..." };
static const UsherSetting setting_severities = { .struct_size = sizeof (UsherSetting),
                                                 .key = "severities",
                                                 .type = USHER_SETTING_LIST,
                                                 .default_value = "low, normal, high, critical",
                                                 .help = "words for how bad a case is" };
static const UsherSetting setting_priorities = { .struct_size = sizeof (UsherSetting),
                                                 .key = "priorities",
                                                 .type = USHER_SETTING_LIST,
                                                 .default_value = "low, normal, high, urgent",
                                                 .help = "words for how soon a case is to be worked on" };
static const UsherSetting setting_categories = { .struct_size = sizeof (UsherSetting),
                                                 .key = "categories",
                                                 .type = USHER_SETTING_LIST,
                                                 .help = "words for what a case is about" };
static const UsherSetting setting_case_reopen
    = { .struct_size = sizeof (UsherSetting),
        .key = "case_reopen",
        .type = USHER_SETTING_STRING,
        .default_value = "10d",
        .help = "whether a follow-up reopens a closed case: never, always, or for how long after its closing" };
static const UsherSetting setting_match_on
    = { .struct_size = sizeof (UsherSetting),
        .key = "match_on",
        .type = USHER_SETTING_LIST,
        .default_value = "identity, email",
        .help = "by what a new identity may match customers that are known already: identity, email, name" };
static const UsherSetting *const settings[] = { &setting_path,
                                                &setting_busy_limit,
                                                &setting_search_limit,
                                                &setting_customer_fields,
                                                &setting_case_fields,
                                                &setting_severities,
                                                &setting_priorities,
                                                &setting_categories,
                                                &setting_case_reopen,
                                                &setting_match_on,
                                                NULL };

/* ---- life ---------------------------------------------------------------------------------------------- */

static void *
local_create (UsherInstance *instance, const UsherHost *host)
{
  g_autoptr (GError) error = NULL;
  LocalConfig *config = local_config_new (instance, host, &error);
  const char *path = host->get_string (instance, "path");
  g_autofree char *absolute
      = g_path_is_absolute (path) ? g_strdup (path) : g_build_filename (host->data_dir (instance), path, NULL);
  Local *self;

  if (config == NULL)
    {
      host->fail (instance, USHER_INVALID, error->message);
      return NULL;
    }
  self = g_new0 (Local, 1);
  self->host = host;
  self->config = config;
  self->worker = local_worker_new (instance, host,
                                   &(LocalWorkerSettings){
                                       .path = absolute,
                                       .busy_limit = host->get_int (instance, "busy_limit"),
                                       .config = config,
                                   });
  return self;
}

static void
local_start (void *data, UsherReply *reply)
{
  Local *self = data;

  local_worker_start (self->worker, reply);
}

static void
local_stop (void *data, UsherReply *reply)
{
  Local *self = data;

  local_worker_stop (self->worker, reply);
}

static void
local_destroy (void *data)
{
  Local *self = data;

  local_worker_free (self->worker);
  local_config_free (self->config);
  g_free (self);
}

/* ---- work ---------------------------------------------------------------------------------------------- */

/* Queues the work, or completes the reply with what was wrong with the arguments; takes pool and error. */
static void
submit (Local *self, UsherReply *reply, LocalWork work, gboolean writes, LocalPool *pool,
        const LocalRequest *request, GError *error)
{
  if (error == NULL)
    {
      local_worker_push (self->worker, reply, work, writes, pool, request);
      return;
    }
  local_answer_send (self->host, reply, NULL, error);
  local_pool_free (pool);
  g_error_free (error);
}

static void
local_lookup (void *data, const UsherIdentity *identity, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .identity = local_check_identity (pool, identity, &error) };

  submit (data, reply, local_customer_lookup, FALSE, pool, &request, error);
}

static void
local_get_customer (void *data, const char *id, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .id = local_check_id (pool, id, &error) };

  submit (data, reply, local_customer_get, FALSE, pool, &request, error);
}

static void
local_search_customers_slot (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .query = local_check_query (pool, query, FALSE, &error) };

  submit (data, reply, local_search_customers, FALSE, pool, &request, error);
}

static void
local_save_customer (void *data, const UsherCustomer *customer, UsherReply *reply)
{
  Local *self = data;
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .customer = local_check_customer (self->host, pool, customer, &error) };

  submit (self, reply, local_customer_save, TRUE, pool, &request, error);
}

static void
local_get_case (void *data, const char *id, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .id = local_check_id (pool, id, &error) };

  submit (data, reply, local_case_get, FALSE, pool, &request, error);
}

static void
local_list_cases (void *data, const UsherCrmQuery *query, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .query = local_check_query (pool, query, TRUE, &error) };

  submit (data, reply, local_search_cases, FALSE, pool, &request, error);
}

static void
local_save_case (void *data, const UsherCase *record, UsherReply *reply)
{
  Local *self = data;
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .record = local_check_case (self->host, pool, record, &error) };

  submit (self, reply, local_case_save, TRUE, pool, &request, error);
}

static void
local_merge (void *data, const UsherMerge *merge, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .merge = local_check_merge (pool, merge, FALSE, &error) };

  submit (data, reply, local_merge_customers, TRUE, pool, &request, error);
}

static void
local_unmerge (void *data, const UsherMerge *merge, UsherReply *reply)
{
  LocalPool *pool = local_pool_new ();
  GError *error = NULL;
  LocalRequest request = { .merge = local_check_merge (pool, merge, TRUE, &error) };

  submit (data, reply, local_unmerge_customers, TRUE, pool, &request, error);
}

static void
local_describe (void *data, UsherReply *reply)
{
  const Local *self = data;
  UsherResult result = { .struct_size = sizeof result, .data = self->config->description };

  self->host->complete (reply, &result);
}

static const UsherCrmOps ops = {
  .struct_size = sizeof (UsherCrmOps),
  .create = local_create,
  .start = local_start,
  .stop = local_stop,
  .destroy = local_destroy,
  .lookup = local_lookup,
  .get_customer = local_get_customer,
  .search_customers = local_search_customers_slot,
  .save_customer = local_save_customer,
  .get_case = local_get_case,
  .list_cases = local_list_cases,
  .save_case = local_save_case,
  .merge_customers = local_merge,
  .unmerge_customers = local_unmerge,
  .describe = local_describe,
};

static const UsherPlugin plugin = {
  USHER_PLUGIN_HEAD,
  .name = "local",
  .version = "0.1.0",
  .summary = "Customers and cases in a file of their own",
  .license = "GPL-3.0-or-later",
  .settings = settings,
  .crm = &ops,
};

USHER_PLUGIN_EXPORT (plugin)
