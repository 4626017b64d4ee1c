// SPDX-License-Identifier: GPL-3.0-or-later
//
// Two records of the same person made one, with what results before the eyes; and the way back.

import type { JSX } from 'react';
import { useState } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

import { desk } from '../desk';
import { dateTime } from '../format';
import { useCall } from '../hooks';
import type { MergeRow } from '../merging';
import { mergeRows, staysDraft } from '../merging';
import type { Customer, CustomField, Merge } from '../protocol';
import { CallError } from '../protocol';
import { go } from '../route';
import { may } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import { r } from '../strings-records';
import { Button, IconButton, Problem, Skeleton } from './kit';
import { CustomerSearch } from './people';

const NO_FIELDS: CustomField[] = [];

export function useMayMerge(): boolean {
  return useStore(desk.state, (state) => state.crm?.merge === true && may(state.me, 'customer.merge'));
}

function labelOf(row: MergeRow, fields: CustomField[]): string {
  if (row.key === 'name') return r.merge.name;
  const own = fields.find((field) => `fields.${field.key}` === row.key);
  return own?.label ?? t.customer[row.key as 'first_name' | 'last_name' | 'email' | 'phone' | 'company' | 'notes' | 'identities'];
}

function Value({ text, lost = false }: { text: string; lost?: boolean }): JSX.Element {
  if (text === '') return <span className="hint">{t.nothing}</span>;
  return (
    <>
      <span className={lost ? 'multiline lost' : 'multiline'} dir="auto">
        {text}
      </span>
      {lost && <span className="hint"> {r.merge.lost}</span>}
    </>
  );
}

function Preview({ keep, drop }: { keep: Customer; drop: Customer }): JSX.Element {
  const fields = useStore(desk.state, (state) => state.crm?.customer_fields ?? NO_FIELDS);
  const rows = mergeRows(keep, drop, fields).filter((row) => row.keep !== '' || row.drop !== '');
  const word = (draft: boolean): string => (draft ? r.merge.yes : r.merge.no);
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={r.merge.result}>
      <table className="stacking merge-preview" aria-label={r.merge.result}>
        <thead>
          <tr>
            <th scope="col">{r.merge.field}</th>
            <th scope="col">{r.merge.keep}</th>
            <th scope="col">{r.merge.drop}</th>
            <th scope="col">{r.merge.result}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row">
                <bdi>{labelOf(row, fields)}</bdi>
              </th>
              <td data-label={r.merge.keep}>
                <span>
                  <Value text={row.keep} />
                </span>
              </td>
              <td data-label={r.merge.drop}>
                <span>
                  <Value text={row.drop} lost={row.lost} />
                </span>
              </td>
              <td data-label={r.merge.result} className="result">
                <span>
                  <Value text={row.result} />
                  {(row.from === 'drop' || row.from === 'both') && <span className="hint"> {r.merge.filled}</span>}
                </span>
              </td>
            </tr>
          ))}
          {(keep.draft || drop.draft) && (
            <tr>
              <th scope="row">{r.merge.draft}</th>
              <td data-label={r.merge.keep}>{word(keep.draft)}</td>
              <td data-label={r.merge.drop}>{word(drop.draft)}</td>
              <td data-label={r.merge.result}>{word(staysDraft(keep, drop))}</td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}

function Chosen({ a, b, onSearch, onClose }: { a: string; b: string; onSearch: () => void; onClose: () => void }): JSX.Element {
  const first = useCall('customer.get', { customer: a });
  const second = useCall('customer.get', { customer: b });
  const [turned, setTurned] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const error = first.error ?? second.error;
  if (error !== null) return <Problem text={error} />;
  if (first.data === null || second.data === null) return <Skeleton rows={4} />;
  // A complete record stays and a draft goes into it, unless somebody wants it the other way round.
  const swapped = turned !== (first.data.customer.draft && !second.data.customer.draft);
  const keep = swapped ? second.data.customer : first.data.customer;
  const drop = swapped ? first.data.customer : second.data.customer;

  async function merge(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      const answer = await desk.call('customer.merge', { keep: keep.id, drop: drop.id });
      desk.keepCustomer(answer.customer);
      desk.tell('info', r.merge.done, answer.customer.name);
      onClose();
      go('customers', answer.customer.id);
    } catch (failure) {
      setProblem(failure instanceof CallError ? failure.message : String(failure));
      setBusy(false);
    }
  }

  return (
    <>
      <Preview keep={keep} drop={drop} />
      <p className="hint">{r.merge.note}</p>
      {problem !== null && <Problem text={problem} />}
      <div className="row end">
        <Button icon="search" onPress={onSearch}>
          {r.merge.other}
        </Button>
        <Button icon="refresh" onPress={() => setTurned(!turned)}>
          {r.merge.swap}
        </Button>
        <Button look="primary" isDisabled={busy} onPress={() => void merge()}>
          {busy ? r.merge.busy : r.merge.do(drop.name, keep.name)}
        </Button>
      </div>
    </>
  );
}

export function MergeDialog({ customer, isOpen, onClose }: { customer: Customer; isOpen: boolean; onClose: () => void }): JSX.Element {
  const [other, setOther] = useState<string | null>(null);
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="sheet broad">
        <Dialog>
          <div className="sheet-head">
            <Heading slot="title">{r.merge.title}</Heading>
            <IconButton icon="close" label={t.close} onPress={onClose} />
          </div>
          {other === null ? (
            <>
              <p>{r.merge.find}</p>
              <CustomerSearch except={customer.id} onChoose={(id) => setOther(id)} />
            </>
          ) : (
            <Chosen a={customer.id} b={other} onSearch={() => setOther(null)} onClose={onClose} />
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}

/** What was put into this record, newest first, each with its way back. */
export function Merges({ customer }: { customer: Customer }): JSX.Element | null {
  const allowed = useMayMerge();
  const [busy, setBusy] = useState(false);
  const merges = customer.merges ?? [];
  if (merges.length === 0) return null;
  async function undo(one: Merge): Promise<void> {
    setBusy(true);
    await desk.attempt(r.merge.undoing, async () => {
      const { customers } = await desk.call('customer.unmerge', { merge: one.id, customer: customer.id });
      for (const each of customers) desk.keepCustomer(each);
      desk.tell('info', r.merge.undone(customers[1]?.name ?? one.name), '');
    });
    setBusy(false);
  }
  return (
    <section className="card" aria-labelledby="merges">
      <h3 id="merges">{r.merge.merged}</h3>
      <ul className="merges">
        {merges.map((one) => (
          <li key={one.id} className="row">
            <span className="two-lines grow">
              <bdi>{one.name}</bdi>
              <span className="hint">{r.merge.at(dateTime(one.at), one.by)}</span>
            </span>
            {allowed && (
              <Button icon="undo" isDisabled={busy} aria-label={r.merge.undo(one.name)} onPress={() => void undo(one)}>
                {r.merge.undoShort}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
