// SPDX-License-Identifier: GPL-3.0-or-later
//
// The page an agent lives in: list, conversation, context. In a narrow window the context becomes a drawer, in a
// very narrow one there is one pane at a time.

import type { CSSProperties, JSX } from 'react';
import { useEffect, useState } from 'react';
import { Dialog, Modal, ModalOverlay } from 'react-aria-components';

import { desk } from '../desk';
import { useMedia } from '../hooks';
import { drawerOpen } from '../panels';
import { Context } from '../parts/context';
import { Conversation } from '../parts/conversation';
import { Button, Empty, IconButton } from '../parts/kit';
import { ChatList } from '../parts/list';
import { Separator, usePaneWidth } from '../parts/panes';
import { go, href, route } from '../route';
import { offered, worklist } from '../views';
import { useStore } from '../store';
import { t } from '../strings';

function Nothing({ missing }: { missing: string | null }): JSX.Element {
  const status = useStore(desk.state, (state) => state.me?.status ?? 'available');
  const cause = useStore(desk.state, (state) => state.me?.cause ?? null);
  const offer = useStore(desk.state, (state) => offered(state) !== null);
  const any = useStore(desk.state, (state) => Object.values(state.interactions).some((one) => one.state !== 'offered'));

  if (missing !== null)
    return (
      <Empty icon="chats" title={t.chats.empty.gone}>
        <p>{t.chats.empty.goneNote}</p>
        <a className="button plain" href={href('history', missing)}>
          {t.chats.empty.openHistory}
        </a>
      </Empty>
    );
  if (any) return <Empty icon="chats" title={t.chats.empty.select} />;
  if (offer)
    return (
      <Empty icon="chats" title={t.chats.empty.offered}>
        <p>{t.chats.empty.offeredNote}</p>
      </Empty>
    );
  if (status !== 'on_break' && status !== 'work_offline')
    return (
      <Empty icon="chats" title={t.chats.empty.available}>
        <p>{t.chats.empty.availableNote}</p>
      </Empty>
    );
  return (
    <Empty icon="clock" title={status === 'on_break' ? t.chats.empty.on_break : t.chats.empty.work_offline}>
      <p>
        {cause !== null && t.status.causes[cause]} {t.chats.empty.away}
      </p>
      <Button look="primary" onPress={() => void desk.setStatus('available')}>
        {t.chats.empty.goAvailable}
      </Button>
    </Empty>
  );
}

/** With nothing chosen, the most urgent chat is shown; one that was accepted or is new comes up by itself. */
function useChosen(narrow: boolean): string | null {
  const id = useStore(route, (where) => (where.page === 'chats' ? where.id : null));
  const first = useStore(desk.state, (state) => worklist(state).find((one) => one.state !== 'offered')?.interaction ?? null);
  const known = useStore(desk.state, (state) => id !== null && state.interactions[id] !== undefined);
  const [seen, setSeen] = useState<string | null>(null);

  useEffect(() => {
    if (known) setSeen(id);
    else if (id !== null && id === seen) go('chats');
  }, [id, known, seen]);

  return id ?? (narrow ? null : first);
}

export default function Chats(): JSX.Element {
  const narrow = useMedia('(max-width: 719.98px)');
  const medium = useMedia('(max-width: 1099.98px)');
  const id = useChosen(narrow);
  const one = useStore(desk.state, (state) => (id === null ? undefined : state.interactions[id]));
  const drawer = useStore(drawerOpen);
  const [listWidth, setListWidth] = usePaneWidth('list', 296);
  const [contextWidth, setContextWidth] = usePaneWidth('context', 352);
  const shown = one !== undefined && one.state !== 'offered' ? one : null;
  const missing = id !== null && one === undefined ? id : null;
  const panes = { '--list': `${listWidth}px`, '--context': `${contextWidth}px` } as CSSProperties;

  return (
    <div className="panes chats" style={panes}>
      <h1 className="hidden">{t.chats.title}</h1>
      {(!narrow || (shown === null && missing === null)) && (
        <ChatList chosen={id}>{narrow ? <Nothing missing={null} /> : undefined}</ChatList>
      )}
      {!narrow && (
        <Separator label={t.chats.list} side="start" width={listWidth} min={220} max={420} onChange={setListWidth} />
      )}
      {(!narrow || shown !== null || missing !== null) &&
        (shown !== null ? (
          <Conversation
            key={shown.interaction}
            one={shown}
            onBack={narrow ? () => go('chats') : null}
            onDetails={medium ? () => drawerOpen.set(true) : null}
          />
        ) : (
          <div className="conversation none">
            <Nothing missing={missing} />
          </div>
        ))}
      {!medium && shown !== null && (
        <>
          <Separator
            label={t.conversation.details}
            side="end"
            width={contextWidth}
            min={280}
            max={520}
            onChange={setContextWidth}
          />
          <Context key={shown.interaction} one={shown} />
        </>
      )}
      {medium && shown !== null && (
        <ModalOverlay className="overlay drawer-overlay" isOpen={drawer} onOpenChange={(open) => drawerOpen.set(open)} isDismissable>
          <Modal className="drawer">
            <Dialog aria-label={t.conversation.details}>
              <div className="drawer-head">
                <IconButton icon="close" label={t.close} onPress={() => drawerOpen.set(false)} />
              </div>
              <Context key={shown.interaction} one={shown} />
            </Dialog>
          </Modal>
        </ModalOverlay>
      )}
    </div>
  );
}
