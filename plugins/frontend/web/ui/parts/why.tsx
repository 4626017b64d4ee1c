// SPDX-License-Identifier: GPL-3.0-or-later
//
// Why nobody takes a chat: its place in line, and for each agent what stands against it, renewed while it is open.

import type { JSX } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

import { duration } from '../clock';
import { clockTime } from '../format';
import { useCall } from '../hooks';
import type { Interaction, Why, WhyAgent } from '../protocol';
import { t } from '../strings';
import { s } from '../strings-supervise';
import { displayName } from '../views';
import { Avatar, Button, IconButton, Problem, Skeleton } from './kit';

const RENEW_MS = 3000;

function times(since: number, until: number): string {
  return [since > 0 && s.why.since(clockTime(since)), until > 0 && s.why.until(clockTime(until))]
    .filter((part) => part !== false)
    .join(', ');
}

function Line({ one }: { one: WhyAgent }): JSX.Element {
  return (
    <li className={`why-agent ${one.verdict}`}>
      <Avatar name={one.name} size="s" />
      <p>
        <strong>
          <bdi>{one.name}</bdi>
        </strong>{' '}
        <span>{one.text}</span> <span className="hint">{times(one.since, one.until)}</span>
      </p>
    </li>
  );
}

function Place({ why, now }: { why: Why; now: number }): JSX.Element {
  const waits = why.state === 'waiting' ? s.why.waits(duration(Math.max(0, now - why.since))) : times(why.since, 0);
  return (
    <p>
      {why.text.charAt(0).toUpperCase() + why.text.slice(1)}. <span className="hint">{waits}</span>
    </p>
  );
}

export function WhyDialog({ one, now, onClose }: { one: Interaction; now: number; onClose: () => void }): JSX.Element {
  const answer = useCall('interaction.why', { interaction: one.interaction }, Math.floor(now / RENEW_MS));
  const why = answer.data;
  return (
    <ModalOverlay className="overlay" isOpen onOpenChange={(open) => !open && onClose()} isDismissable>
      <Modal className="sheet">
        <Dialog>
          <div className="sheet-head">
            <Heading slot="title">{s.waiting.whyOf(displayName(one))}</Heading>
            <IconButton icon="close" label={t.close} onPress={onClose} />
          </div>
          {answer.error !== null && <Problem text={answer.error} retry={answer.reload} />}
          {why === null && answer.error === null && <Skeleton rows={4} />}
          {why !== null && (
            <>
              <Place why={why} now={now} />
              {why.agents.length > 0 && (
                <ul className="why-agents" aria-label={t.team.agents}>
                  {why.agents.map((agent) => (
                    <Line key={agent.agent} one={agent} />
                  ))}
                </ul>
              )}
              {why.state !== 'closed' && why.agents.length === 0 && <p>{s.why.nobody}</p>}
              {(why.others ?? 0) > 0 && <p className="hint">{s.why.others(why.others ?? 0)}</p>}
            </>
          )}
          <div className="row end">
            <Button autoFocus onPress={onClose}>
              {t.close}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
