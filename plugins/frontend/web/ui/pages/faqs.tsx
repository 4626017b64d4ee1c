// SPDX-License-Identifier: GPL-3.0-or-later
//
// The answers that agents put into chats, for those who write them: by category, with how often each was used.

import type { FormEvent, JSX } from 'react';
import { Fragment, useId, useMemo, useState } from 'react';

import { desk } from '../desk';
import { useCall } from '../hooks';
import { holds } from '../marks';
import { AreaRow, TextRow, Tick } from '../parts/inputs';
import { Button, Chip, Empty, Problem, Skeleton } from '../parts/kit';
import { Marked } from '../parts/marked';
import { Choice, MasterDetail, ResultList, Search } from '../parts/master';
import { Sure } from '../parts/sure';
import { insert, resolve, unresolved } from '../placeholders';
import type { Faq } from '../protocol';
import { CallError } from '../protocol';
import { fieldOf } from '../refusals';
import { go, href, route } from '../route';
import { useStore } from '../store';
import { s } from '../strings-supervise';

const NEW = 'new';
const FIELDS = ['category', 'question', 'answer', 'language'] as const;
type FieldName = (typeof FIELDS)[number];
type Values = Record<FieldName, string>;

function Row({ one, current, find }: { one: Faq; current: boolean; find: string }): JSX.Element {
  return (
    <li>
      <a href={href('faqs', one.faq)} aria-current={current ? 'page' : undefined}>
        <span className="two-lines">
          <bdi>
            <Marked text={one.question} find={find} />
          </bdi>
          <span className="hint">
            <bdi>{one.category}</bdi> · {s.faqs.uses(one.uses)}
            {one.language !== null && one.language !== '' && <bdi> · {one.language}</bdi>}
          </span>
        </span>
        {!one.enabled && <Chip tone="quiet">{s.faqs.off}</Chip>}
      </a>
    </li>
  );
}

export function Faqs(): JSX.Element {
  const id = useStore(route, (where) => where.id);
  const revision = useStore(desk.revision);
  const all = useCall('faq.list', { all: true }, revision);
  const [text, setText] = useState('');
  const [category, setCategory] = useState('');
  const faqs = all.data?.faqs ?? null;
  const categories = all.data?.categories ?? [];
  const found = useMemo(
    () =>
      faqs?.filter(
        (one) =>
          (category === '' || one.category === category) &&
          (text.trim() === '' || holds(`${one.question}\n${one.answer}`, text)),
      ) ?? null,
    [faqs, text, category],
  );
  // One that was just written is shown before the list knows it.
  const [made, setMade] = useState<Faq | null>(null);
  const chosen = faqs?.find((one) => one.faq === id) ?? (made?.faq === id ? made : null);

  return (
    <MasterDetail
      page="faqs"
      title={s.faqs.page}
      icon="faqs"
      select={s.faqs.select}
      tools={
        <>
          <p className="hint">{s.faqs.note}</p>
          <Search label={s.faqs.search} hint={s.faqs.searchHint} value={text} onChange={setText} />
          <Choice
            label={s.faqs.category}
            value={category}
            options={[['', s.faqs.all], ...categories.map((one): [string, string] => [one, one])]}
            onChange={setCategory}
          />
          <Button look="primary" icon="plus" className="wide" onPress={() => go('faqs', NEW)}>
            {s.faqs.create}
          </Button>
        </>
      }
      list={
        <ResultList
          label={s.faqs.list}
          items={found}
          error={all.error}
          none={faqs?.length === 0 ? s.faqs.noneYet : s.faqs.none}
          next={false}
          busy={false}
          loadMore={all.reload}
          row={(one) => <Row key={one.faq} one={one} current={one.faq === id} find={text} />}
        />
      }
      detail={
        id === null ? null : id === NEW || chosen !== null ? (
          <Editor
            key={id}
            faq={chosen}
            categories={categories}
            onChanged={(faq) => {
              setMade(faq);
              all.reload();
            }}
          />
        ) : faqs === null ? (
          <Skeleton rows={6} />
        ) : (
          <Empty icon="faqs" title={s.faqs.gone} />
        )
      }
    />
  );
}

function check(values: Values): Partial<Values> {
  const bad: Partial<Values> = {};
  if (values.category.trim() === '') bad.category = s.faqs.needCategory;
  if (values.question.trim() === '') bad.question = s.faqs.needQuestion;
  if (values.answer.trim() === '') bad.answer = s.faqs.needAnswer;
  return bad;
}

function Editor({ faq, categories, onChanged }: { faq: Faq | null; categories: string[]; onChanged: (faq: Faq | null) => void }): JSX.Element {
  const [values, setValues] = useState<Values>(() => ({
    ...{ category: faq?.category ?? '', question: faq?.question ?? '' },
    ...{ answer: faq?.answer ?? '', language: faq?.language ?? '' },
  }));
  const [enabled, setEnabled] = useState(faq?.enabled ?? true);
  const [bad, setBad] = useState<Partial<Values>>({});
  const [general, setGeneral] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const form = useId();
  const put = (name: FieldName, value: string): void => setValues((old) => ({ ...old, [name]: value }));

  async function run(removed: boolean): Promise<void> {
    const wrong = removed ? {} : check(values);
    setBad(wrong);
    setGeneral(null);
    const first = FIELDS.find((name) => wrong[name] !== undefined);
    if (first !== undefined) {
      document.getElementById(`${form}-${first}`)?.focus();
      return;
    }
    setBusy(true);
    try {
      const own = faq === null ? {} : { faq: faq.faq };
      const words = Object.fromEntries(FIELDS.map((name) => [name, values[name].trim()])) as Values;
      const answer = await desk.call('faq.put', removed ? { ...own, removed } : { ...own, ...words, enabled });
      desk.tell('info', removed ? s.faqs.removed : s.faqs.saved, values.question);
      onChanged(removed ? null : { ...words, faq: answer.faq, enabled, uses: faq?.uses ?? 0 });
      if (removed) go('faqs');
      else if (faq === null) go('faqs', answer.faq);
    } catch (error) {
      const said = error instanceof CallError ? error.message : String(error);
      const field = fieldOf(said, FIELDS);
      if (field === null) setGeneral(said);
      else setBad({ [field]: said });
    } finally {
      setBusy(false);
    }
  }

  return (
    <article className="case">
      <form
        className="record-form card"
        aria-label={faq === null ? s.faqs.newTitle : s.faqs.edit}
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          void run(false);
        }}
      >
        <div className="case-head">
          <h2>{faq === null ? s.faqs.newTitle : <bdi>{faq.question}</bdi>}</h2>
          {faq !== null && <span className="hint">{s.faqs.uses(faq.uses)}</span>}
        </div>
        {general !== null && <Problem text={general} />}
        <TextRow
          id={`${form}-category`}
          label={s.faqs.category}
          value={values.category}
          choices={categories}
          error={bad.category}
          onChange={(value) => put('category', value)}
        />
        <TextRow
          id={`${form}-question`}
          label={s.faqs.question}
          note={s.faqs.questionNote}
          value={values.question}
          error={bad.question}
          onChange={(value) => put('question', value)}
        />
        <AreaRow
          id={`${form}-answer`}
          label={s.faqs.answer}
          rows={7}
          value={values.answer}
          error={bad.answer}
          onChange={(value) => put('answer', value)}
        />
        <Places
          onPut={(place) => {
            const area = document.getElementById(`${form}-answer`) as HTMLTextAreaElement;
            const edit = insert(values.answer, area.selectionStart, area.selectionEnd, place);
            put('answer', edit.text);
            area.focus();
            requestAnimationFrame(() => area.setSelectionRange(edit.from, edit.to));
          }}
        />
        <Preview answer={values.answer} />
        <TextRow
          id={`${form}-language`}
          label={s.faqs.language}
          note={s.faqs.languageNote}
          value={values.language}
          error={bad.language}
          onChange={(value) => put('language', value)}
        />
        <Tick checked={enabled} onChange={setEnabled}>
          {s.faqs.enabled}
        </Tick>
        <div className="row end">
          {faq !== null && (
            <Button look="danger" icon="trash" onPress={() => setRemoving(true)}>
              {s.faqs.remove}
            </Button>
          )}
          <Button look="primary" type="submit" isDisabled={busy}>
            {busy ? s.faqs.saving : s.faqs.save}
          </Button>
        </div>
      </form>
      {removing && faq !== null && (
        <Sure
          question={s.faqs.removeSure(faq.question)}
          action={s.faqs.remove}
          onNo={() => setRemoving(false)}
          onYes={() => {
            setRemoving(false);
            void run(true);
          }}
        />
      )}
    </article>
  );
}

function Places({ onPut }: { onPut: (place: string) => void }): JSX.Element {
  return (
    <details className="places-help">
      <summary>{s.faqs.places}</summary>
      <p className="hint">{s.faqs.placesNote}</p>
      <ul>
        {s.faqs.placeNames.map(([name, meaning]) => {
          const place = `{{${name}|…}}`;
          return (
            <li key={name}>
              <button type="button" aria-label={s.faqs.put(place)} onClick={() => onPut(`{{${name}}}`)}>
                <kbd>{`{{${name}}}`}</kbd>
              </button>{' '}
              {meaning}
            </li>
          );
        })}
      </ul>
    </details>
  );
}

const EXAMPLE = new Map(Object.entries(s.faqs.example));

function Preview({ answer }: { answer: string }): JSX.Element | null {
  const text = resolve(answer, EXAMPLE);
  const places = unresolved(text);
  if (answer.trim() === '' || text === answer) return null;
  return (
    <section className="faq-shown" aria-label={s.faqs.preview}>
      <h3>{s.faqs.preview}</h3>
      <p className="hint">{s.faqs.previewNote}</p>
      <p className="bubble-text" dir="auto">
        {places.map((place, at) => (
          // Places of one text stand in order and have nothing else to be told apart by.
          <Fragment key={at}>
            {text.slice(places[at - 1]?.to ?? 0, place.from)}
            <mark>{text.slice(place.from, place.to)}</mark>
          </Fragment>
        ))}
        {text.slice(places[places.length - 1]?.to ?? 0)}
      </p>
    </section>
  );
}
