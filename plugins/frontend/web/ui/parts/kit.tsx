// SPDX-License-Identifier: GPL-3.0-or-later
//
// Small building blocks in the desktop's own clothes. Behaviour (press, focus, keyboard, names) comes from React
// Aria Components; what is here is looks and the wording of common states.

import type { ComponentProps, JSX, ReactNode } from 'react';
import { useState } from 'react';
import {
  Button as AriaButton,
  FieldError,
  Input,
  Label,
  TextArea,
  TextField,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';

import { secondsLeft } from '../clock';
import { mediaUrl } from '../api';
import { initials } from '../format';
import type { Interaction } from '../protocol';
import { t } from '../strings';
import { displayName } from '../views';
import type { IconName } from './icons';
import { Icon } from './icons';

type Look = 'primary' | 'danger' | 'plain' | 'ghost';

export function Button({
  look = 'plain',
  icon,
  children,
  className = '',
  ...rest
}: Omit<ComponentProps<typeof AriaButton>, 'children' | 'className'> & {
  look?: Look;
  icon?: IconName;
  children: ReactNode;
  className?: string;
}): JSX.Element {
  return (
    <AriaButton {...rest} className={`button ${look} ${className}`}>
      {icon !== undefined && <Icon name={icon} size={18} />}
      <span>{children}</span>
    </AriaButton>
  );
}

export function IconButton({
  icon,
  label,
  ...rest
}: Omit<ComponentProps<typeof AriaButton>, 'children' | 'className'> & { icon: IconName; label: string }): JSX.Element {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton {...rest} className="icon-button" aria-label={label}>
        <Icon name={icon} />
      </AriaButton>
      <Tooltip className="tooltip">{label}</Tooltip>
    </TooltipTrigger>
  );
}

/** A control that stays reachable while it is disabled, so that the reason can be read by everybody. */
export function ExplainedButton({
  why,
  icon,
  children,
  id,
}: {
  why: string;
  icon?: IconName;
  children: ReactNode;
  id: string;
}): JSX.Element {
  return (
    <span className="explained">
      <button type="button" className="button plain" aria-disabled="true" aria-describedby={id}>
        {icon !== undefined && <Icon name={icon} size={18} />}
        <span>{children}</span>
      </button>
      <span id={id} className="explanation">
        {why}
      </span>
    </span>
  );
}

export function Field({
  label,
  multiline = false,
  error,
  autoComplete = 'off',
  ...rest
}: Omit<ComponentProps<typeof TextField>, 'children' | 'className'> & {
  label: string;
  multiline?: boolean;
  error?: string | null | undefined;
}): JSX.Element {
  return (
    <TextField {...rest} className="field" isInvalid={Boolean(error)} validationBehavior="aria">
      <Label>{label}</Label>
      {multiline ? (
        <TextArea rows={3} dir="auto" />
      ) : (
        <Input dir="auto" autoComplete={autoComplete} spellCheck={false} />
      )}
      <FieldError className="field-error">{error}</FieldError>
    </TextField>
  );
}

export function Avatar({ name, size = 'm' }: { name: string; size?: 's' | 'm' | 'l' }): JSX.Element {
  let hue = 0;
  for (const letter of name) hue = (hue * 31 + letter.codePointAt(0)!) % 8;
  return (
    <span className={`avatar size-${size} hue-${hue}`} aria-hidden="true">
      {initials(name) || '?'}
    </span>
  );
}

/** The picture that the network shows of the customer, else the letters of the name. */
export function Portrait({
  one,
  size = 'm',
}: {
  one: Pick<Interaction, 'picture' | 'customer_name' | 'name' | 'identity'>;
  size?: 's' | 'm' | 'l';
}): JSX.Element {
  const [broken, setBroken] = useState<string | null>(null);
  if (one.picture === null || one.picture === undefined || one.picture === broken) return <Avatar name={displayName(one)} size={size} />;
  const picture = one.picture;
  return (
    <img
      className={`avatar size-${size}`}
      src={mediaUrl(picture)}
      alt=""
      decoding="async"
      onError={() => setBroken(picture)}
    />
  );
}

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'quiet';

export function Chip({
  tone,
  icon,
  long = false,
  children,
}: {
  tone: Tone;
  icon?: IconName;
  /** May take several lines. */
  long?: boolean;
  children: ReactNode;
}): JSX.Element {
  return (
    <span className={`chip ${tone}${long ? ' long' : ''}`}>
      {icon !== undefined && <Icon name={icon} size={14} />}
      <span>{children}</span>
    </span>
  );
}

/** Time running out: the ring for the eye, the seconds as text beside or in it. */
export function Ring({ deadline, total, now }: { deadline: number; total: number; now: number }): JSX.Element {
  const left = Math.max(0, deadline - now);
  const part = total > 0 ? Math.min(1, left / total) : 0;
  const length = 2 * Math.PI * 20;
  return (
    <svg className={`ring${part < 0.34 ? ' short' : ''}`} viewBox="0 0 48 48" aria-hidden="true">
      <circle className="track" cx="24" cy="24" r="20" />
      <circle className="arc" cx="24" cy="24" r="20" strokeDasharray={length} strokeDashoffset={length * (1 - part)} />
      <text x="24" y="24" dy="0.36em" textAnchor="middle">
        {secondsLeft(deadline, now)}
      </text>
    </svg>
  );
}

export function Empty({
  icon,
  title,
  children,
}: {
  icon: IconName;
  title: string;
  children?: ReactNode;
}): JSX.Element {
  return (
    <div className="empty">
      <Icon name={icon} size={40} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** Grey bars where text will be; the word for those who can't see them. */
export function Skeleton({ rows = 3 }: { rows?: number }): JSX.Element {
  return (
    <div className="skeleton" role="status">
      <span className="hidden">{t.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} className="bar" />
      ))}
    </div>
  );
}

export function Problem({ text, retry }: { text: string; retry?: (() => void) | undefined }): JSX.Element {
  return (
    <div className="problem" role="alert">
      <Icon name="alert" />
      <p>{text}</p>
      {retry !== undefined && <Button onPress={retry}>{t.retry}</Button>}
    </div>
  );
}

/** Label and value pairs. Empty values are left out. */
export function Facts({ rows }: { rows: [label: string, value: ReactNode][] }): JSX.Element {
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
