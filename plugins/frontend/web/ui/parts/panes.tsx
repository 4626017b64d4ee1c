// SPDX-License-Identifier: GPL-3.0-or-later
//
// Panes side by side, with a separator that is dragged or moved with the arrow keys; its place is kept.

import type { JSX, KeyboardEvent, PointerEvent } from 'react';
import { useRef, useState } from 'react';

import * as storage from '../storage';

export function usePaneWidth(name: string, normal: number): [number, (width: number) => void] {
  const [width, setWidth] = useState(() => storage.load<number>(`pane.${name}`, normal));
  return [
    width,
    (next) => {
      setWidth(next);
      storage.save(`pane.${name}`, next);
    },
  ];
}

/** `side`: on which side of the separator the pane is whose width it sets. */
export function Separator({
  label,
  width,
  min,
  max,
  side,
  onChange,
}: {
  label: string;
  width: number;
  min: number;
  max: number;
  side: 'start' | 'end';
  onChange: (width: number) => void;
}): JSX.Element {
  const start = useRef<{ x: number; width: number } | null>(null);
  const clamp = (value: number): number => Math.round(Math.min(max, Math.max(min, value)));
  const forward = (): number => {
    const rtl = getComputedStyle(document.documentElement).direction === 'rtl';
    return (side === 'start' ? 1 : -1) * (rtl ? -1 : 1);
  };

  function move(event: PointerEvent): void {
    if (start.current !== null) onChange(clamp(start.current.width + forward() * (event.clientX - start.current.x)));
  }

  function key(event: KeyboardEvent): void {
    const step = event.shiftKey ? 64 : 16;
    const next: Record<string, number> = {
      ArrowLeft: width - forward() * step,
      ArrowRight: width + forward() * step,
      Home: min,
      End: max,
    };
    const value = next[event.key];
    if (value === undefined) return;
    event.preventDefault();
    onChange(clamp(value));
  }

  return (
    <div
      className="separator"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onKeyDown={key}
      onPointerDown={(event) => {
        start.current = { x: event.clientX, width };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={move}
      onPointerUp={() => (start.current = null)}
      onPointerCancel={() => (start.current = null)}
    />
  );
}
