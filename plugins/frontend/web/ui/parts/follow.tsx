// SPDX-License-Identifier: GPL-3.0-or-later
//
// Continuing an earlier case of the same customer instead of making a new one.

import type { JSX } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

import { desk } from '../desk';
import { dateTime } from '../format';
import { useCall } from '../hooks';
import type { Case, Interaction } from '../protocol';
import { href } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { Button, Chip, IconButton, Problem, Skeleton } from './kit';

export function caseTitle(one: Case): string {
  const title = one.subject || t.cases.untitled;
  return one.number ? `${one.number} · ${title}` : title;
}

/** Under the transaction: which case this chat continues, and the way back from it. */
export function Follows({ one }: { one: Interaction }): JSX.Element | null {
  const revision = useStore(desk.revision);
  const answer = useCall('case.get', one.follows === null ? null : { case: one.follows }, revision);
  if (one.follows === null) return null;
  const found = answer.data?.case;
  return (
    <div className="follows">
      <p>
        {t.follow.continues}{' '}
        <a href={href('cases', one.follows)}>
          <bdi>{found === undefined ? one.follows : caseTitle(found)}</bdi>
        </a>
      </p>
      {one.save.state === null && (
        <Button look="ghost" icon="close" onPress={() => void desk.followUp(one.interaction, null)}>
          {t.follow.stop}
        </Button>
      )}
    </div>
  );
}

export function FollowDialog({
  one,
  isOpen,
  onClose,
}: {
  one: Interaction;
  isOpen: boolean;
  onClose: () => void;
}): JSX.Element {
  const list = useCall('case.list', isOpen && one.customer !== null ? { customer: one.customer, limit: 50 } : null);
  const cases = (list.data?.cases ?? []).filter((each) => each.id !== one.save.case);
  return (
    <ModalOverlay className="overlay" isOpen={isOpen} onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="sheet">
        <Dialog>
          <div className="sheet-head">
            <Heading slot="title">{t.follow.dialog}</Heading>
            <IconButton icon="close" label={t.close} onPress={onClose} />
          </div>
          <p className="hint">{t.follow.note}</p>
          {list.error !== null && <Problem text={list.error} retry={list.reload} />}
          {list.loading && <Skeleton rows={3} />}
          {list.data !== null && cases.length === 0 && <p className="hint">{t.follow.none}</p>}
          <ul className="link-list">
            {cases.map((each) => (
              <li key={each.id}>
                <button
                  type="button"
                  aria-current={each.id === one.follows ? 'true' : undefined}
                  onClick={() => void desk.followUp(one.interaction, each.id).then((done) => done && onClose())}
                >
                  <span className="two-lines">
                    <bdi>{caseTitle(each)}</bdi>
                    <span className="hint">{dateTime(each.started_at || each.created_at)}</span>
                  </span>
                  <Chip tone={each.state === 'open' ? 'warn' : 'quiet'}>
                    {each.state === 'open' ? t.cases.open : t.cases.closed}
                  </Chip>
                </button>
              </li>
            ))}
          </ul>
          <div className="row end">
            <Button onPress={onClose}>{t.cancel}</Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
