/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A CRM keeps customers and cases. The core looks customers up when a chat is queued, makes a draft for a
 * new one when it is accepted, files the transcript as a case, and lets agents search and edit.
 *
 * Every slot completes its reply exactly once, at once or later, from any thread. Its other arguments are borrowed
 * until the slot returns: what a thread is to see is copied. What the answer points to is copied by `complete`.
 * The slots are called only between `start` answered and `stop` called, several at a time. Answers that every slot
 * may give: RETRY or BUSY (not done, come again), UNCERTAIN (perhaps done), AUTH (this account may not), INVALID
 * (message says which member), UNSUPPORTED, FAILED. The core gives each 10 s
 * (then the answer counts as USHER_UNCERTAIN) and repeats writes after RETRY, BUSY, UNCERTAIN and LOST with
 * back-off; the keys named below make that safe.
 */
#ifndef USHER_CRM_H
#define USHER_CRM_H

#include <usher/plugin.h>

USHER_BEGIN_DECLS

/* A page of a list. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *text;        /* words to search for; NULL or "" = everything, newest change first */
  const char *customer_id; /* list_cases: only this customer's; NULL = any */
  const char *state;  /* list_cases: "open" or "closed"; search_customers: "draft" = only drafts; NULL = any */
  const char *cursor; /* UsherResult.next of the page before; NULL = first page */
  int32_t limit;      /* 1..200 */
} UsherCrmQuery;

/* Two customer records that are one person. Since 1.0 */
typedef struct
{
  size_t struct_size;
  const char *id;     /* unmerge: of the merge */
  const char *keep;   /* merge */
  const char *drop;   /* merge */
  const char *author; /* name of the person who does it */
} UsherMerge;

struct UsherCrmOps
{
  USHER_OPS_HEAD_MEMBERS;

  /* Required. Customers with this identity: 0, 1 or more in result.customers. None is USHER_OK too. When nobody
   * has it, customers may be answered that could be the person (the e-mail address is the identity's id, the name
   * its display name); the core asks the agent when there is more than one or when the one lacks the identity.
   * Since 1.0 */
  void (*lookup) (void *self, const UsherIdentity *identity, UsherReply *reply);

  /* Required. One customer by id, or USHER_NOT_FOUND; for a merged record the one that was kept. Since 1.0 */
  void (*get_customer) (void *self, const char *id, UsherReply *reply);

  /* Required. Words in name, e-mail, phone, company, identities, account number, the site's own fields.
   * Since 1.0 */
  void (*search_customers) (void *self, const UsherCrmQuery *query, UsherReply *reply);

  /* Required. customer->id NULL: create. Key: if one of its identities already belongs to a customer, no second
   * one is made; a draft request answers that customer unchanged, any other request USHER_CONFLICT with it in
   * result.customers. id set: change; NULL members are left as they are, "" clears; CONFLICT when `version` is
   * not 0 and not the stored one, or the e-mail is taken (result.customers = the owner). Saving with draft =
   * false completes a draft and needs first and last name (INVALID otherwise). Answer: the stored record.
   * Since 1.0 */
  void (*save_customer) (void *self, const UsherCustomer *customer, UsherReply *reply);

  /* Required. One case by id or number, with transcript, comments, history and follow-ups, or USHER_NOT_FOUND.
   * A line of the history that no person asked for says so in a further member "why". Since 1.0 */
  void (*get_case) (void *self, const char *id, UsherReply *reply);

  /* Required. Cases newest first, those of one customer newest activity first, without transcript. Since 1.0 */
  void (*list_cases) (void *self, const UsherCrmQuery *query, UsherReply *reply);

  /* Required. record->id NULL: create, or, if a case with this `interaction` exists, change that one: saving
   * twice gives one case. id set: change; rules as in save_customer. A transcript is only ever replaced by one
   * that is at least as long. A closed case needs no customer. With `follow_up_of` (UsherCase): NOT_FOUND when
   * there is no such case, INVALID when it is another customer's; an interaction that has its place keeps it,
   * whatever a later save says, and `state` is then what the save wants of the case that took it: a state the
   * interaction asked for before is not set again. Answer: the stored case, in full. Since 1.0 */
  void (*save_case) (void *self, const UsherCase *record, UsherReply *reply);

  /* Optional. Moves the identities and cases of `merge->drop` to `merge->keep` and hides `drop`; empty members of
   * keep are filled from drop. result.customers = the kept record; result.data = {"merge":id}. Key: a pair that is
   * merged already is answered so again. USHER_CONFLICT when one of them was merged with somebody else meanwhile,
   * with the record that was kept; INVALID for a record and itself. Since 1.0 */
  void (*merge_customers) (void *self, const UsherMerge *merge, UsherReply *reply);

  /* Optional. Undoes the merge `merge->id`: both records are as they were, apart from what was changed since by
   * hand and cases made since, which stay with the kept one. result.customers = kept, restored: two records, the
   * kept one first. USHER_CONFLICT when the kept one was itself merged since or the e-mail address has another
   * owner, with that record; a merge that is undone already is answered so again. Since 1.0 */
  void (*unmerge_customers) (void *self, const UsherMerge *merge, UsherReply *reply);

  /* Optional. What this CRM's records look like beyond the members above: result.data = {"customer_fields":[F],
   * "case_fields":[F],"severities":[word],"priorities":[word],"categories":[word]} with F = {"key","label","type":
   * "text"|"number"|"date"|"boolean"|"choice","options":[word],"required":bool}. NULL slot = nothing more.
   * Since 1.0 */
  void (*describe) (void *self, UsherReply *reply);
};

USHER_END_DECLS

#endif
