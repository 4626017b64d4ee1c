// SPDX-License-Identifier: GPL-3.0-or-later
//
// What becomes of a message that did not get out: two buttons, in the chat and in the supervisors' list.

import type { JSX } from 'react';
import { useState } from 'react';

import { desk } from '../desk';
import { t } from '../strings';
import { Button } from './kit';

export function Decide({
  message,
  uncertain,
  about = '',
  onDone,
}: {
  message: string;
  uncertain: boolean;
  /** For ears, where several stand in a list. */
  about?: string;
  onDone?: () => void;
}): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const decide = (operation: 'outbox.replay' | 'outbox.discard'): void => {
    setBusy(true);
    desk.call(operation, { message }).then(
      () => {
        setBusy(false);
        setError(null);
        onDone?.();
      },
      (why: unknown) => {
        setBusy(false);
        setError(why instanceof Error ? why.message : String(why));
        onDone?.();
      },
    );
  };
  const again = uncertain ? t.conversation.sendOnce : t.conversation.again;
  const name = (word: string): string => (about === '' ? word : `${word}: ${about}`);
  return (
    <span className="decide">
      <Button look="ghost" isDisabled={busy} aria-label={name(again)} onPress={() => decide('outbox.replay')}>
        {again}
      </Button>
      <Button look="ghost" isDisabled={busy} aria-label={name(t.conversation.leave)} onPress={() => decide('outbox.discard')}>
        {t.conversation.leave}
      </Button>
      {error !== null && (
        <span className="problem" role="alert">
          {error}
        </span>
      )}
    </span>
  );
}
