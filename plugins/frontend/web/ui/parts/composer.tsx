// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where the agent writes. What is written is kept until the server has it; what would not arrive, or was not meant to,
// is said before it is sent.

import type { ClipboardEvent, DragEvent, JSX, KeyboardEvent } from 'react';
import { useEffect, useImperativeHandle, useRef, useState } from 'react';
import { Checkbox, TextArea, TextField } from 'react-aria-components';

import { duration } from '../clock';
import { desk } from '../desk';
import { keepDraft, loadDraft } from '../drafts';
import { useCustomer, useNow } from '../hooks';
import { lengthIn, partsOf } from '../measure';
import { faqOpen } from '../panels';
import { insert, nextPlace, opensFaq, unresolved } from '../placeholders';
import type { Place, Values } from '../placeholders';
import type { Channel, Customer, Faq, Interaction } from '../protocol';
import { useStore } from '../store';
import { t } from '../strings';
import { replyWindow } from '../views';
import { Answer, FaqPicker } from './faq';
import { Icon } from './icons';
import { Button } from './kit';

/** What the server takes in one message.send: 20 messages, and 64 KiB at most. */
const MAX_PARTS = 20;
const MAX_BYTES = 65_536;

export interface ComposerHandle {
  put(text: string): void;
}

/** What placeholders stand for in this chat. */
function valuesOf(one: Interaction, customer: Customer | null): Values {
  const { me, queues } = desk.state.get();
  const name = customer?.name ?? one.customer_name ?? one.name;
  return new Map([
    ['customer.name', name === one.identity ? one.name : name],
    ['customer.first_name', customer?.first_name ?? null],
    ['agent.name', me?.name ?? null],
    ['queue.name', queues[one.queue]?.name ?? one.queue_name],
    ['channel', one.network],
  ]);
}

/** How long the text is for the network, and what becomes of it. */
function Measure({ text, channel }: { text: string; channel: Channel | undefined }): JSX.Element | null {
  const max = channel?.max_text ?? 0;
  if (channel === undefined || max === 0 || text === '') return null;
  const unit = t.composer.units[channel.text_unit] ?? channel.text_unit;
  const parts = partsOf(text, channel.text_unit, max).length;
  return (
    <span className="hint measure">
      {t.composer.length(lengthIn(text, channel.text_unit), max, unit)}
      {parts > 1 && (
        <>
          {' · '}
          <strong>{t.composer.parts(parts)}</strong>
        </>
      )}
    </span>
  );
}

function tooLong(text: string, channel: Channel | undefined): string | null {
  const bytes = lengthIn(text, 'bytes');
  const most = Math.min(MAX_BYTES, (channel?.max_text ?? 0) > 0 ? channel!.max_text * MAX_PARTS : MAX_BYTES);
  return bytes > most ? t.composer.tooLong(bytes, most, t.composer.units.bytes!) : null;
}

/** How long the network still takes an answer. */
function WindowLine({ one }: { one: Interaction }): JSX.Element | null {
  const now = useNow(1000);
  const window = replyWindow(one, now);
  if (window.state === 'open' || window.state === 'closed') return null;
  return (
    <p className="window-line">
      <Icon name="clock" size={16} />
      <span>
        <strong>
          {window.state === 'closing'
            ? t.composer.closing(duration(window.until - now))
            : t.composer.tagged(duration(window.until - now))}
        </strong>{' '}
        {window.state === 'closing' ? t.composer.closingNote : t.composer.taggedNote}
      </span>
    </p>
  );
}

export function Composer(props: {
  one: Interaction;
  who: string;
  handle: React.Ref<ComposerHandle>;
}): JSX.Element {
  const now = useNow(1000);
  if (replyWindow(props.one, now).state === 'closed')
    return (
      <div className="composer closed" role="status">
        <p className="closed-line">
          <Icon name="lock" size={18} />
          <span>
            <strong>{t.composer.closed}.</strong> {t.composer.closedNote(props.one.network)}
          </span>
        </p>
      </div>
    );
  return <OpenComposer {...props} />;
}

function OpenComposer({
  one,
  who,
  handle,
}: {
  one: Interaction;
  who: string;
  handle: React.Ref<ComposerHandle>;
}): JSX.Element {
  const { interaction } = one;
  const user = useStore(desk.state, (state) => state.me?.user);
  const channel = useStore(desk.state, (state) => state.channels[one.channel]);
  const customer = useCustomer(one.customer).data;
  const prefs = useStore(desk.prefs);
  const picking = useStore(faqOpen, (open) => open === interaction);
  const [draft, setDraft] = useState(() => loadDraft(user, interaction));
  const [blocked, setBlocked] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const { text } = draft;
  const places = unresolved(text);
  const long = tooLong(text, channel);

  useImperativeHandle(handle, () => ({
    put(more) {
      change(text === '' ? more : `${text}\n${more}`);
      area.current?.focus();
    },
  }));

  // Grows with the text up to a third of the window. Engines with field-sizing do it by themselves.
  useEffect(() => {
    const element = area.current;
    if (element === null || CSS.supports('field-sizing', 'content')) return;
    element.style.blockSize = 'auto';
    element.style.blockSize = `${element.scrollHeight + 2}px`;
  }, [text]);

  useEffect(
    () => () => {
      desk.typing(interaction, false);
      faqOpen.update((open) => (open === interaction ? null : open));
    },
    [interaction],
  );

  // After Accept the focus is nowhere; anywhere else it stays where the agent works.
  useEffect(() => {
    if (document.activeElement === document.body && !window.matchMedia('(pointer: coarse)').matches) area.current?.focus();
  }, []);

  function change(value: string, faq: string | null = draft.faq): void {
    const next = { text: value, faq: value.trim() === '' ? null : faq };
    setDraft(next);
    keepDraft(user, interaction, next);
    setBlocked(false);
    desk.typing(interaction, value.trim() !== '');
  }

  function select(place: { from: number; to: number } | null): void {
    area.current?.focus();
    if (place !== null) area.current?.setSelectionRange(place.from, place.to);
  }

  function send(): void {
    const trimmed = text.trim();
    if (trimmed === '' || long !== null) return;
    if (places.length > 0) {
      setBlocked(true);
      select(places[0]!);
      return;
    }
    desk.say(interaction, trimmed, draft.faq);
    change('', null);
    area.current?.focus();
  }

  /** As if it had been typed, so that undo takes it back. */
  function type(piece: string, faq: string | null): void {
    const field = area.current;
    if (field === null) return;
    field.focus();
    const { selectionStart: from, selectionEnd: to, value } = field;
    const edit = insert(value, from, to, piece);
    const added = edit.text.slice(from, edit.text.length - (value.length - to));
    if (!document.execCommand('insertText', false, added)) field.value = edit.text;
    change(edit.text, faq);
    requestAnimationFrame(() => area.current?.setSelectionRange(edit.from, edit.to));
  }

  function insertAnswer(faq: Faq, answer: string): void {
    faqOpen.set(null);
    type(answer, faq.faq);
  }

  function closePicker(typed: string): void {
    faqOpen.set(null);
    area.current?.focus();
    if (typed !== '') type(typed, draft.faq);
  }

  function onKey(event: KeyboardEvent): void {
    const field = area.current;
    if (event.nativeEvent.isComposing || event.keyCode === 229 || field === null) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === '/' && plain && opensFaq(text, field.selectionStart, field.selectionEnd)) {
      event.preventDefault();
      faqOpen.set(interaction);
    } else if (event.key === 'Tab' && plain && !event.shiftKey) {
      // Only forward and only while one follows: Tab leaves the field as everywhere when there is none.
      const next = places.find((place) => place.from >= field.selectionEnd);
      if (next === undefined) return;
      event.preventDefault();
      select(next);
    } else if (event.key === 'Enter') {
      if (!(prefs.enterSends ? !event.shiftKey : event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      send();
    }
  }

  function refuseFiles(event: ClipboardEvent | DragEvent, data: DataTransfer): void {
    // Text that was copied with pictures beside it is text.
    if (data.files.length === 0 || data.types.includes('text/plain')) return;
    event.preventDefault();
    desk.tell('error', t.composer.noMediaTitle, t.composer.noMedia(one.network));
  }

  return (
    <div
      className="composer"
      onDragOver={(event) => event.dataTransfer.types.includes('Files') && event.preventDefault()}
      onDrop={(event) => refuseFiles(event, event.dataTransfer)}
      onPaste={(event) => refuseFiles(event, event.clipboardData)}
    >
      {picking && (
        <FaqPicker
          interaction={interaction}
          values={valuesOf(one, customer)}
          onInsert={insertAnswer}
          onClose={closePicker}
        />
      )}
      <WindowLine one={one} />
      <div className="composer-box">
        {places.length > 0 && <Marks text={text} area={area} />}
        <TextField
          aria-label={t.composer.label(who)}
          value={text}
          onChange={(value) => change(value)}
          isInvalid={long !== null || places.length > 0}
          validationBehavior="aria"
        >
          <TextArea
            ref={area}
            id="composer"
            rows={2}
            dir="auto"
            placeholder={t.composer.placeholder(who)}
            onKeyDown={onKey}
            aria-describedby={places.length > 0 ? 'composer-places composer-hint' : 'composer-hint'}
          />
        </TextField>
      </div>
      {places.length > 0 && <PlacesLine places={places} blocked={blocked} onJump={() => select(nextPlace(text, area.current?.selectionEnd ?? 0))} />}
      <div className="composer-foot">
        <Button icon="book" aria-expanded={picking} onPress={() => faqOpen.set(picking ? null : interaction)}>
          {t.faq.open} <kbd>{t.faq.openKey}</kbd>
        </Button>
        <span id="composer-hint" className="hint">
          {prefs.enterSends ? t.composer.hintEnter : t.composer.hintCtrl}
        </span>
        <Checkbox
          className="checkbox"
          isSelected={prefs.enterSends}
          onChange={(enterSends) => desk.prefs.update((old) => ({ ...old, enterSends }))}
        >
          <span className="box">
            <Icon name="check" size={14} />
          </span>
          {t.composer.enterSends}
        </Checkbox>
        {long === null ? (
          <Measure text={text.trim()} channel={channel} />
        ) : (
          <span className="field-error" role="alert">
            {long}
          </span>
        )}
        <Button look="primary" icon="send" isDisabled={text.trim() === '' || long !== null} onPress={send}>
          {t.composer.send}
        </Button>
      </div>
    </div>
  );
}

/** Behind the text, in the same place: what is still to be filled in is marked. */
function Marks({ text, area }: { text: string; area: React.RefObject<HTMLTextAreaElement | null> }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const field = area.current;
    if (field === null) return;
    const follow = (): void => {
      if (box.current !== null) box.current.scrollTop = field.scrollTop;
    };
    follow();
    field.addEventListener('scroll', follow);
    return () => field.removeEventListener('scroll', follow);
  }, [area, text]);
  return (
    <div className="composer-marks" ref={box} aria-hidden="true">
      <Answer text={`${text}\n`} />
    </div>
  );
}

function PlacesLine({ places, blocked, onJump }: { places: Place[]; blocked: boolean; onJump: () => void }): JSX.Element {
  return (
    <p className={blocked ? 'places-line blocked' : 'places-line'}>
      <Icon name="alert" size={16} />
      <span id="composer-places">
        {blocked && <strong>{t.faq.blocked}. </strong>}
        {places.length === 1 ? t.faq.unresolved(places[0]!.name) : t.faq.unresolvedMany(places.length)}
      </span>
      <Button look="ghost" onPress={onJump}>
        {t.faq.jump}
      </Button>
      <span className="hidden" role="alert">
        {blocked && t.faq.blocked}
      </span>
    </p>
  );
}
