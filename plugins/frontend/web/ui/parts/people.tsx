// SPDX-License-Identifier: GPL-3.0-or-later
//
// Choosing a customer: by searching, or out of several records that may be the one who writes.

import type { JSX } from 'react';
import { useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

import { desk } from '../desk';
import { useCall, useSettled } from '../hooks';
import type { Interaction } from '../protocol';
import { t } from '../strings';
import { Button, Chip, IconButton, Problem, Skeleton } from './kit';
import { Search } from './master';

/** A field to search in and the customers found; `except`: not this one. */
export function CustomerSearch({
  except,
  onChoose,
}: {
  except?: string | null;
  onChoose: (customer: string, name: string) => void;
}): JSX.Element {
  const [text, setText] = useState('');
  const settled = useSettled(text.trim(), 250);
  const found = useCall('customer.search', { ...(settled === '' ? {} : { text: settled }), limit: 8 });
  const list = (found.data?.customers ?? []).filter((one) => one.id !== except);
  return (
    <>
      <Search label={t.customer.search} hint={t.customer.searchHint} value={text} onChange={setText} />
      {found.error !== null && <Problem text={found.error} retry={found.reload} />}
      {found.loading && <Skeleton rows={2} />}
      {found.data !== null && list.length === 0 && (
        <p className="hint" role="status">
          {t.customer.none}
        </p>
      )}
      <ul className="link-list">
        {list.map((customer) => (
          <li key={customer.id}>
            <button type="button" onClick={() => onChoose(customer.id, customer.name)}>
              <span className="two-lines">
                <bdi>{customer.name}</bdi>
                <bdi className="hint">{customer.email ?? customer.phone ?? customer.identities[0]?.id ?? ''}</bdi>
              </span>
              {customer.draft && <Chip tone="warn">{t.customer.draft}</Chip>}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Several records may be it: the agent knows which. */
export function Matches({ one }: { one: Interaction }): JSX.Element | null {
  const [busy, setBusy] = useState(false);
  if (one.matches.length === 0) return null;
  const choose = async (customer: string): Promise<void> => {
    setBusy(true);
    await desk.chooseCustomer(one.interaction, customer);
    setBusy(false);
  };
  return (
    <section className="card matches" aria-labelledby="matches">
      <h3 id="matches">{t.matches.title(one.matches.length)}</h3>
      <p className="hint">{t.matches.note}</p>
      <ul className="link-list">
        {one.matches.map((match) => (
          <li key={match.customer}>
            <button type="button" disabled={busy} onClick={() => void choose(match.customer)}>
              <span className="two-lines">
                <bdi>{match.name}</bdi>
                <bdi className="hint">{match.email ?? (match.draft ? t.matches.newOne : '')}</bdi>
              </span>
              {match.draft && <Chip tone="warn">{t.customer.draft}</Chip>}
              <span className="hidden">{t.matches.choose(match.name)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** "This is somebody else": the chat goes to another customer's record. */
export function AttachDialog({
  one,
  isOpen,
  onClose,
}: {
  one: Interaction;
  isOpen: boolean;
  onClose: () => void;
}): JSX.Element {
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="sheet">
        <Dialog>
          <div className="sheet-head">
            <Heading slot="title">{t.matches.attachTitle}</Heading>
            <IconButton icon="close" label={t.close} onPress={onClose} />
          </div>
          <p className="hint">{t.matches.attachNote}</p>
          <CustomerSearch
            except={one.customer}
            onChoose={(customer) => void desk.chooseCustomer(one.interaction, customer).then((done) => done && onClose())}
          />
          <div className="row end">
            <Button onPress={onClose}>{t.cancel}</Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
