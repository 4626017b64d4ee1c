// SPDX-License-Identifier: GPL-3.0-or-later
//
// The agent's status: what it is, for how long, what comes after, what can be chosen now and for what reason; and the
// queues he works.

import type { JSX } from 'react';
import {
  Button,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  SubmenuTrigger,
  Text,
} from 'react-aria-components';

import { duration, secondsLeft } from '../clock';
import { desk } from '../desk';
import { useNow } from '../hooks';
import type { Agent, AskedStatus, CodeList, Queue } from '../protocol';
import { may } from '../shape';
import { useStore } from '../store';
import { t } from '../strings';
import { reasonLists, reasonName } from '../views';
import { Icon } from './icons';

const CHOICES: AskedStatus[] = ['available', 'on_break', 'work_offline', 'logged_out'];

/** At work on something: another status has to wait. */
export function working(me: Agent): boolean {
  return ['busy', 'post_processing', 'offered'].includes(me.status);
}

interface Choice {
  id: AskedStatus;
  disabled: boolean;
  note: string;
  reasons: CodeList[];
}

/** What each choice would do now, or why it can't be made. */
function useChoices(): Choice[] {
  const me = useStore(desk.state, (state) => state.me);
  const chats = useStore(desk.state, (state) => state.interactions);
  const codes = useStore(desk.state, (state) => state.codes);
  const live = useStore(desk.link, (link) => link.phase === 'live');
  const busy = me !== null && working(me);
  const any = Object.values(chats).length > 0;

  return CHOICES.map((id) => {
    const reasons = reasonLists(codes, 'status', id);
    const choice = (disabled: boolean, note: string): Choice => ({ id, disabled, note, reasons });
    if (!live) return choice(true, t.status.noLine);
    if (id === 'logged_out') return choice(any, any ? t.status.noLogout : t.status.hint[id]);
    if (me?.status === id) return choice(true, t.status.current);
    if (busy && me?.asked === id && !me.stop_new) return choice(true, t.status.asking);
    return choice(false, busy ? t.status.afterChat : t.status.hint[id]);
  });
}

function choose(status: AskedStatus, reason?: string): void {
  void (status === 'logged_out' ? desk.logout(reason) : desk.setStatus(status, reason));
}

export function StatusTime({ since }: { since: number }): JSX.Element {
  return <>{duration(useNow() - since)}</>;
}

/** "available again in 8 s" */
function Return({ at }: { at: number }): JSX.Element | null {
  const seconds = secondsLeft(at, useNow(250));
  return seconds > 0 ? <span className="status-asked">{t.status.returns(seconds)}</span> : null;
}

/** What the agent is not now but will be, or is besides. */
function Pending({ me }: { me: Agent }): JSX.Element | null {
  if (working(me) && me.asked !== 'available') return <span className="status-asked">{t.status.asked(t.status.names[me.asked])}</span>;
  if (me.stop_new) return <span className="status-asked">{t.status.stopNew}</span>;
  if (me.return_at > 0) return <Return at={me.return_at} />;
  return null;
}

function StatusItem({ choice }: { choice: Choice }): JSX.Element {
  const item = (
    <MenuItem id={choice.id} textValue={t.status.set[choice.id]} className={`menu-item ${choice.id}`}>
      <span className="dot" aria-hidden="true" />
      <Text slot="label">{t.status.set[choice.id]}</Text>
      <Text slot="description">{choice.note}</Text>
      {choice.reasons.length > 0 && <Icon name="next" size={16} />}
    </MenuItem>
  );
  if (choice.reasons.length === 0) return item;
  return (
    <SubmenuTrigger>
      {item}
      <Popover className="popover">
        <Reasons
          label={t.status.set[choice.id]}
          lists={choice.reasons}
          onChoose={(reason) => choose(choice.id, reason)}
        />
      </Popover>
    </SubmenuTrigger>
  );
}

/** Codes to choose one from; `undefined` = no reason, where none is required. */
export function Reasons({
  label,
  lists,
  onChoose,
}: {
  label: string;
  lists: CodeList[];
  onChoose: (reason: string | undefined) => void;
}): JSX.Element {
  const free = !lists.some((list) => list.required);
  return (
    <Menu
      className="menu"
      aria-label={t.status.reasonFor(label)}
      onAction={(key) => onChoose(key === '' ? undefined : String(key).replace(/^.*\//, ''))}
    >
      {free && (
        <MenuItem id="" className="menu-item" textValue={t.status.noReason}>
          <span />
          <Text slot="label">{t.status.noReason}</Text>
        </MenuItem>
      )}
      {lists.map((list) => (
        <MenuSection key={list.list}>
          <Header className="menu-header">
            <bdi>{list.name}</bdi>
            {list.required && ` (${t.codes.required})`}
          </Header>
          {list.codes
            .filter((code) => code.active)
            .map((code) => (
              <MenuItem
                key={code.code}
                id={`${list.list}/${code.code}`}
                className="menu-item"
                textValue={code.name}
              >
                <span />
                <Text slot="label">
                  <bdi>{code.name}</bdi>
                </Text>
              </MenuItem>
            ))}
        </MenuSection>
      ))}
    </Menu>
  );
}

function StopNew({ me }: { me: Agent }): JSX.Element | null {
  const live = useStore(desk.link, (link) => link.phase === 'live');
  if (!me.stop_new && !working(me)) return null;
  return (
    <MenuSection aria-label={t.status.newChats}>
      <MenuItem
        id="stop_new"
        className="menu-item"
        textValue={me.stop_new ? t.status.resume : t.status.stop}
        isDisabled={!live}
        onAction={() => void desk.stopNew(!me.stop_new)}
      >
        <Icon name={me.stop_new ? 'check' : 'pause'} size={18} />
        <Text slot="label">{me.stop_new ? t.status.resume : t.status.stop}</Text>
        <Text slot="description">{me.stop_new ? t.status.resumeNote : t.status.stopNote}</Text>
      </MenuItem>
    </MenuSection>
  );
}

function useMyQueues(): (Queue & { on: boolean })[] {
  const memberships = useStore(desk.state, (state) => state.me?.queues);
  const queues = useStore(desk.state, (state) => state.queues);
  return (memberships ?? [])
    .flatMap((one) => {
      const queue = queues[one.queue];
      return queue === undefined ? [] : [{ ...queue, on: one.enabled }];
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

export function StatusMenu(): JSX.Element | null {
  const me = useStore(desk.state, (state) => state.me);
  const codes = useStore(desk.state, (state) => state.codes);
  const choices = useChoices();
  const queues = useMyQueues();
  if (me === null) return null;
  const reason = reasonName(codes, me.reason);

  return (
    <MenuTrigger>
      <Button className={`status-button ${me.status}`}>
        <span className="dot" aria-hidden="true" />
        <span className="hidden">{t.status.menu}: </span>
        <span className="status-name">{t.status.names[me.status]}</span>
        {reason !== null && (
          <span className="status-reason">
            <bdi>{reason}</bdi>
          </span>
        )}
        <span className="status-time" aria-hidden="true">
          <StatusTime since={me.since} />
        </span>
        <Pending me={me} />
        <Icon name="chevron" size={16} />
      </Button>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="menu status-menu"
          aria-label={t.status.menu}
          disabledKeys={choices.filter((choice) => choice.disabled).map((choice) => choice.id)}
          onAction={(key) => {
            if (CHOICES.includes(key as AskedStatus)) choose(key as AskedStatus);
          }}
        >
          <MenuSection>
            <Header className="menu-header">
              <bdi>{me.name}</bdi>
            </Header>
            {choices.map((choice) => (
              <StatusItem key={choice.id} choice={choice} />
            ))}
          </MenuSection>
          <StopNew me={me} />
          {may(me, 'queue.self_service') && queues.length > 0 && (
            <MenuSection
              selectionMode="multiple"
              selectedKeys={queues.filter((queue) => queue.on).map((queue) => `queue ${queue.queue}`)}
              onSelectionChange={(keys) => {
                for (const queue of queues) {
                  const on = keys === 'all' || keys.has(`queue ${queue.queue}`);
                  if (on !== queue.on) void desk.switchQueue(queue.queue, on);
                }
              }}
            >
              <Header className="menu-header">{t.status.queues}</Header>
              {queues.map((queue) => (
                <MenuItem key={queue.queue} id={`queue ${queue.queue}`} className="menu-item" textValue={queue.name} shouldCloseOnSelect={false}>
                  {({ isSelected }) => (
                    <>
                      <span className={isSelected ? 'tick on' : 'tick'}>
                        <Icon name="check" size={14} />
                      </span>
                      <Text slot="label">
                        <bdi>{queue.name}</bdi>
                      </Text>
                      <Text slot="description">{isSelected ? t.status.queueOn : t.status.queueOff}</Text>
                    </>
                  )}
                </MenuItem>
              ))}
            </MenuSection>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
