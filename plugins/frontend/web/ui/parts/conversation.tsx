// SPDX-License-Identifier: GPL-3.0-or-later
//
// One chat: the bar above it (who, what became of it, menu, End chat), its lines, and below either the composer
// or Post Processing.

import type { JSX } from 'react';
import { useRef, useState } from 'react';
import { Button as AriaButton, Menu, MenuItem, MenuTrigger, Popover, Text } from 'react-aria-components';

import { duration } from '../clock';
import { desk, nameOf } from '../desk';
import { timeOfDay } from '../format';
import { useNow } from '../hooks';
import { showTab } from '../panels';
import type { Agent, Interaction, Policy, Save } from '../protocol';
import { href } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { missingLists } from '../views';
import type { ComposerHandle } from './composer';
import { Composer } from './composer';
import { FollowDialog } from './follow';
import { Icon, NetworkIcon } from './icons';
import { Button, Chip, ExplainedButton, IconButton, Portrait, Ring } from './kit';
import { stateWord } from './list';
import { LiveTimeline } from './live';

/** How "Save to CRM" stands, in words, with the way to the case. */
export function SaveStatus({ save }: { save: Save }): JSX.Element | null {
  if (save.state === null) return null;
  const tone = save.state === 'saved' ? 'good' : save.state === 'failed' ? 'bad' : save.attempts > 0 ? 'warn' : 'info';
  const word =
    save.state === 'queued' && save.attempts > 0
      ? t.save.queued(save.attempts)
      : save.state === 'queued' || save.state === 'requested'
        ? t.save.requested
        : t.save[save.state];
  return (
    <span className="save-status" role="status">
      <Chip tone={tone} icon={save.state === 'saved' ? 'check' : save.state === 'failed' ? 'alert' : 'clock'}>
        {word}
      </Chip>
      {save.state === 'saved' && save.case !== null && <a href={href('cases', save.case)}>{t.save.open}</a>}
      {save.state !== 'saved' && save.error !== null && <span className="hint">{save.error}</span>}
    </span>
  );
}

/** What "Save to CRM" would make of the chat now. */
function saveRule(one: Interaction, late: Policy['late_save']): string {
  if (one.follows !== null) return t.follow.note;
  if (one.state === 'active') return t.save.rule;
  return late === 'linked' ? t.save.linkedRule : t.save.lateRule;
}

export function transcriptText(one: Interaction): string {
  const who = nameOf(one);
  return one.messages
    .map((message) => {
      const name = message.author === 'customer' ? who : message.author === 'agent' ? message.author_name : '—';
      return `[${timeOfDay(message.at)}] ${name}: ${message.text}`;
    })
    .join('\n');
}

async function copyTranscript(one: Interaction): Promise<void> {
  try {
    await navigator.clipboard.writeText(transcriptText(one));
    desk.tell('info', t.conversation.copy, t.conversation.copied);
  } catch {
    desk.tell('error', t.conversation.copy, t.conversation.copyFailed);
  }
}

function ChatMenu({ one }: { one: Interaction }): JSX.Element {
  const late = useStore(desk.state, (state) => state.policy.late_save);
  const saving = one.save.state === 'requested' || one.save.state === 'queued';
  const saved = one.save.state === 'saved';
  const [following, setFollowing] = useState(false);
  const ended = one.state !== 'active';
  const act = (key: string): void => {
    if (key === 'save') void desk.saveToCrm(one.interaction);
    else if (key === 'end') void desk.endChat(one.interaction);
    else if (key === 'follow') setFollowing(true);
    else void copyTranscript(one);
  };
  const disabled = [
    ...(saving || saved ? ['save', 'follow'] : one.customer === null ? ['follow'] : []),
    ...(ended ? ['end'] : []),
  ];
  const note = saving ? t.save.requested : saved ? t.save.savedAlready : saveRule(one, late);
  return (
    <>
      <MenuTrigger>
        <AriaButton className="button plain">
          <Icon name="save" size={18} />
          <span>{t.conversation.menu}</span>
          <Icon name="chevron" size={16} />
        </AriaButton>
        <Popover className="popover" placement="bottom end">
          <Menu
            className="menu"
            aria-label={t.conversation.menu}
            disabledKeys={disabled}
            onAction={(key) => act(String(key))}
          >
            <MenuItem id="save" className="menu-item" textValue={t.save.action}>
              <Icon name="save" size={18} />
              <Text slot="label">{t.save.action}</Text>
              <Text slot="description">{note}</Text>
            </MenuItem>
            <MenuItem id="follow" className="menu-item" textValue={t.follow.menu}>
              <Icon name="cases" size={18} />
              <Text slot="label">{t.follow.menu}</Text>
              <Text slot="description">{t.follow.note}</Text>
            </MenuItem>
            <MenuItem id="copy" className="menu-item" textValue={t.conversation.copy}>
              <Icon name="copy" size={18} />
              <Text slot="label">{t.conversation.copy}</Text>
            </MenuItem>
            <MenuItem id="end" className="menu-item" textValue={t.conversation.end}>
              <Icon name="end" size={18} />
              <Text slot="label">{t.conversation.end}</Text>
              <Text slot="description">{t.conversation.endNote}</Text>
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      <FollowDialog one={one} isOpen={following} onClose={() => setFollowing(false)} />
    </>
  );
}

function EndButton({ one }: { one: Interaction }): JSX.Element {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      look="danger"
      icon="end"
      isDisabled={busy}
      onPress={() => {
        setBusy(true);
        void desk.endChat(one.interaction).then(() => setBusy(false));
      }}
    >
      {busy ? t.conversation.ending : t.conversation.end}
    </Button>
  );
}

function Finish({ one, missing }: { one: Interaction; missing: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  if (missing !== '')
    return (
      <>
        <Button look="primary" icon="tag" onPress={() => showTab(one.interaction, 'codes', true)}>
          {t.codes.go}
        </Button>
        <ExplainedButton id="finish-why" icon="check" why={t.codes.missing(missing)}>
          {t.wrapUp.finish}
        </ExplainedButton>
      </>
    );
  return (
    <Button
      look="primary"
      icon="check"
      isDisabled={busy}
      onPress={() => {
        setBusy(true);
        void desk.finish(one.interaction).then(() => setBusy(false));
      }}
    >
      {busy ? t.wrapUp.finishing : t.wrapUp.finish}
    </Button>
  );
}

/** How much time is left; or that it is over, and what holds it up. */
function timeLeft(one: Interaction, now: number): string {
  const left = one.deadline - now;
  if (one.overdue) return one.deadline > 0 ? t.wrapUp.overdueUntil(duration(left + 999)) : t.wrapUp.overdue;
  if (one.deadline === 0) return t.wrapUp.none;
  return left > 0 ? t.wrapUp.left(duration(left + 999)) : t.wrapUp.over;
}

/** Who wants no new chats works offline after the last one, unless a break was asked for or a reject brought one. */
function nextStatus(me: Agent): Agent['asked'] {
  return me.stop_new && me.asked === 'available' ? 'work_offline' : me.asked;
}

function WrapUp({ one }: { one: Interaction }): JSX.Element {
  const now = useNow(500);
  const me = useStore(desk.state, (state) => state.me);
  const late = useStore(desk.state, (state) => state.policy.late_save);
  const codes = useStore(desk.state, (state) => state.codes);
  const missing = missingLists(codes, one)
    .map((list) => list.name)
    .join(', ');
  const next = me === null || me.asked === 'logged_out' ? null : t.status.names[nextStatus(me)];
  return (
    <section className={one.overdue ? 'wrap-up overdue' : 'wrap-up'} aria-label={t.wrapUp.title}>
      <div className="wrap-up-time">
        {one.deadline > 0 && <Ring deadline={one.deadline} total={Math.max(1, one.deadline - one.ended_at)} now={now} />}
        <div>
          <h3>{t.wrapUp.title}</h3>
          <p className="hint">{timeLeft(one, now)}</p>
        </div>
      </div>
      <div className="wrap-up-text">
        <p>
          {t.wrapUp.note} {next !== null && t.wrapUp.noteStatus(next)}
        </p>
        {one.overdue && missing !== '' && (
          <p role="alert">
            <strong>{t.codes.missing(missing)}.</strong> {t.wrapUp.overdueNote(me?.capacity ?? 1)}
          </p>
        )}
        {one.save.state === null && (
          <p className="hint">
            <strong>{t.save.none}.</strong> {saveRule(one, late)}
          </p>
        )}
        <SaveStatus save={one.save} />
      </div>
      <div className="row end">
        {(one.save.state === null || one.save.state === 'failed') && (
          <Button icon="save" onPress={() => void desk.saveToCrm(one.interaction)}>
            {t.save.action}
          </Button>
        )}
        <Finish one={one} missing={missing} />
      </div>
    </section>
  );
}

/** Give it the interaction's id as key: drafts, scrolling and pressed buttons belong to one chat. */
export function Conversation({
  one,
  onBack,
  onDetails,
}: {
  one: Interaction;
  onBack: (() => void) | null;
  onDetails: (() => void) | null;
}): JSX.Element {
  const who = nameOf(one);
  const state = stateWord(one);
  const composer = useRef<ComposerHandle>(null);
  const left = one.state === 'active' && one.ended_at > 0;

  return (
    <section className="conversation" aria-label={t.conversation.label(who)} data-region="conversation" data-open-chat={one.interaction} tabIndex={-1}>
      <header className="conversation-head">
        {onBack !== null && <IconButton icon="back" label={t.back} onPress={onBack} />}
        <Portrait one={one} />
        <div className="conversation-who">
          <h2>
            <bdi>{who}</bdi>
          </h2>
          <p className="hint identity">
            <NetworkIcon network={one.network} /> <bdi>{one.identity}</bdi> · <bdi>{one.queue_name}</bdi>
          </p>
        </div>
        <Chip tone={state.tone}>{state.word}</Chip>
        <div className="conversation-actions" role="group" aria-label={t.conversation.menu}>
          {one.state === 'active' && <SaveStatus save={one.save} />}
          <ChatMenu one={one} />
          {one.state === 'active' && <EndButton one={one} />}
          {onDetails !== null && <IconButton icon="panel" label={t.conversation.details} onPress={onDetails} />}
        </div>
      </header>
      <LiveTimeline one={one} who={who} onEdit={(text) => composer.current?.put(text)} />
      {left && (
        <p className="left-line" role="status">
          <Icon name="info" size={18} /> {t.conversation.left}
        </p>
      )}
      {one.state === 'active' && !left && (
        <Composer one={one} who={who} handle={composer} />
      )}
      {one.state === 'wrap_up' && <WrapUp one={one} />}
    </section>
  );
}
