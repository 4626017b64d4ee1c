// SPDX-License-Identifier: GPL-3.0-or-later
//
// Answers to insert: a field to search in, what is found below it, and beside it how the answer will read. The field
// keeps the focus; arrows choose, Enter inserts, Escape closes.

import type { JSX, KeyboardEvent } from 'react';
import { useEffect, useId, useRef, useState } from 'react';

import { desk } from '../desk';
import { useSettled } from '../hooks';
import type { Faq } from '../protocol';
import { resolve, unresolved } from '../placeholders';
import type { Values } from '../placeholders';
import { useStore } from '../store';
import { t } from '../strings';
import { Icon } from './icons';
import { Button, IconButton, Problem } from './kit';
import { Choice } from './master';

const LIMIT = 30;
const CATEGORIES_LAST_MS = 60_000;

let known: { at: number; categories: string[] } = { at: -CATEGORIES_LAST_MS, categories: [] };

/** The categories there are; asked for once a minute at most. */
function useCategories(): string[] {
  const [categories, setCategories] = useState(known.categories);
  useEffect(() => {
    if (performance.now() - known.at < CATEGORIES_LAST_MS) return;
    let mine = true;
    desk.call('faq.list', {}).then(
      (answer) => {
        known = { at: performance.now(), categories: answer.categories };
        if (mine) setCategories(answer.categories);
      },
      () => undefined, // The search works without them, and says what is wrong when it does not.
    );
    return () => {
      mine = false;
    };
  }, []);
  return categories;
}

interface Found {
  faqs: Faq[] | null;
  /** What was searched for. */
  text: string;
  /** Found by what the customer wrote last. */
  suggested: boolean;
  error: string | null;
}

/** With nothing typed: what fits the customer's last words, else whatever there is. */
async function ask(interaction: string, text: string, category: string): Promise<Omit<Found, 'error'>> {
  const base = { limit: LIMIT, ...(category === '' ? {} : { category }) };
  if (text !== '') return { faqs: (await desk.call('faq.search', { ...base, interaction, text })).faqs, text, suggested: false };
  const { faqs } = await desk.call('faq.search', { ...base, interaction });
  if (faqs.length > 0) return { faqs, text, suggested: true };
  return { faqs: (await desk.call('faq.search', base)).faqs, text, suggested: false };
}

/** What is found stays until the next answer is there. */
function useFaqs(interaction: string, text: string, category: string, turn: number): Found {
  const live = useStore(desk.link, (link) => link.phase === 'live');
  const [found, setFound] = useState<Found>({ faqs: null, text: '', suggested: false, error: null });
  useEffect(() => {
    let mine = true;
    ask(interaction, text, category).then(
      (answer) => mine && setFound({ ...answer, error: null }),
      (error: unknown) =>
        mine && setFound((old) => ({ ...old, error: error instanceof Error ? error.message : String(error) })),
    );
    return () => {
      mine = false;
    };
  }, [interaction, text, category, live, turn]);
  return found;
}

/** The answer as it will be inserted, with what is still to be filled in marked. */
export function Answer({ text }: { text: string }): JSX.Element {
  const parts: JSX.Element[] = [];
  let from = 0;
  for (const place of unresolved(text)) {
    parts.push(<span key={from}>{text.slice(from, place.from)}</span>);
    parts.push(<mark key={`p${place.from}`}>{text.slice(place.from, place.to)}</mark>);
    from = place.to;
  }
  return (
    <p className="multiline" dir="auto">
      {parts}
      {text.slice(from)}
    </p>
  );
}

export function FaqPicker({
  interaction,
  values,
  onInsert,
  onClose,
}: {
  interaction: string;
  values: Values;
  onInsert: (faq: Faq, answer: string) => void;
  /** `typed`: the slash was meant as one. */
  onClose: (typed: string) => void;
}): JSX.Element {
  const [text, setText] = useState('');
  const [composing, setComposing] = useState(false);
  const [category, setCategory] = useState('');
  const [at, setAt] = useState(0);
  const [turn, setTurn] = useState(0);
  const words = useSettled(composing ? null : text.trim(), 120);
  const last = useRef('');
  if (words !== null) last.current = words;
  const found = useFaqs(interaction, last.current, category, turn);
  const categories = useCategories();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const faqs = found.faqs ?? [];
  const active = faqs[Math.min(at, faqs.length - 1)];

  useEffect(() => field.current?.focus(), []);
  useEffect(() => setAt(0), [found.faqs]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at, found.faqs]);

  const take = (faq: Faq): void => onInsert(faq, resolve(faq.answer, values));

  function onKey(event: KeyboardEvent): void {
    // While a word is being composed, Enter and the arrows belong to the input method.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 5, PageUp: -5 };
    const step = steps[event.key];
    if (step !== undefined && faqs.length > 0)
      setAt((old) => {
        const next = Math.min(old, faqs.length - 1) + step;
        return Math.abs(step) === 1 ? (next + faqs.length) % faqs.length : Math.max(0, Math.min(faqs.length - 1, next));
      });
    else if (event.key === 'Enter' && active !== undefined) take(active);
    else if (event.key === 'Escape') onClose('');
    else if (event.key === '/' && text === '') onClose('/');
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <section
      className="faq"
      role="dialog"
      aria-label={t.faq.title}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onClose('');
      }}
    >
      <div className="faq-head">
        <div className="search-box grow">
          <Icon name="search" size={18} />
          <input
            ref={field}
            type="text"
            role="combobox"
            aria-label={t.faq.search}
            aria-expanded={faqs.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={active === undefined ? undefined : `${id}-${active.faq}`}
            aria-autocomplete="list"
            placeholder={t.faq.hint}
            autoComplete="off"
            spellCheck={false}
            dir="auto"
            value={text}
            onChange={(event) => setText(event.target.value)}
            onCompositionStart={() => setComposing(true)}
            onCompositionEnd={() => setComposing(false)}
            onKeyDown={onKey}
          />
        </div>
        <Choice
          label={t.faq.category}
          value={category}
          options={[['', t.faq.all], ...categories.map((one): [string, string] => [one, one])]}
          onChange={setCategory}
        />
        <IconButton icon="close" label={t.close} onPress={() => onClose('')} />
      </div>
      {found.error !== null && <Problem text={found.error} retry={() => setTurn((n) => n + 1)} />}
      <p className="hint faq-count" role="status">
        {found.faqs === null
          ? t.loading
          : faqs.length === 0
            ? found.text === '' && category === ''
              ? t.faq.noneYet
              : t.faq.none
            : `${t.faq.found(faqs.length)}${found.suggested ? ` · ${t.faq.suggested}` : ''}`}
      </p>
      <div className="faq-body">
        <ul className="faq-list" role="listbox" id={`${id}-list`} aria-label={t.faq.list} ref={list}>
          {faqs.map((faq, place) => (
            // The keys are the field's: focus stays in it.
            <li
              key={faq.faq}
              id={`${id}-${faq.faq}`}
              role="option"
              aria-selected={faq === active}
              onPointerMove={() => setAt(place)}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(faq)}
            >
              <bdi>{faq.question}</bdi>
              <bdi className="hint">{faq.category}</bdi>
            </li>
          ))}
        </ul>
        {active !== undefined && (
          <div className="faq-preview" aria-label={t.faq.preview} role="group" tabIndex={0}>
            <Answer text={resolve(active.answer, values)} />
            <Button look="primary" onPress={() => take(active)}>
              {t.faq.insert}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}
