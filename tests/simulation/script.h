/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A script: what is done to an engine, and when. Drawn at random, written as a list that a person can read and a
 * program can run again, or read from such a list. Every action names all it needs (times are absolute, ids are
 * literal), so that a script with some actions left out is a script too: what has lost its sense is refused.
 */
#pragma once

#include "core/engine/engine.h"

typedef struct
{
  gint64 at;         /* ms */
  UcCommand command; /* type 0: the engine is thrown away and comes back from its rows */
} Action;

typedef struct
{
  GArray *actions;     /* of Action */
  GStringChunk *words; /* what they point to */
} Script;

Script *script_new (void);
void script_free (Script *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Script, script_free)

/* Copies the strings. */
void script_add (Script *script, const Action *action);
#define script_action(script, n) (&g_array_index ((script)->actions, Action, n))

/* One action a line: "1002500 accept agent=u0 interaction=i7", quoted as a shell would. Lines of # are comments.
 */
char *script_text (const Script *script);
Script *script_read (const char *text, GError **error);

/* ---- members of a command, for who changes them one by one */
typedef struct
{
  const char *name;
  gsize offset;
  gboolean is_int;
} CommandMember;
extern const CommandMember command_members[];
extern const gsize n_command_members;
#define command_string(command, member) G_STRUCT_MEMBER (const char *, command, (member)->offset)
#define command_int(command, member) G_STRUCT_MEMBER (gint64, command, (member)->offset)

/* ---- chance: sensible and senseless actions for a small centre with a taste of its own */
typedef struct Dice Dice;
Dice *dice_new (guint64 seed);
void dice_free (Dice *dice);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Dice, dice_free)

/* What to do next, to an engine in this state that is at this time. First the centre is set up. The strings live
 * as long as the dice. */
Action dice_next (Dice *dice, UcEngine *engine, gint64 now);
guint dice_below (Dice *dice, guint n);
#define DICE_START G_GINT64_CONSTANT (1000000)
