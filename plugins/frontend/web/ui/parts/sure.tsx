// SPDX-License-Identifier: GPL-3.0-or-later
//
// Asks once more before something is taken away.

import type { JSX } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';

import { t } from '../strings';
import { Button } from './kit';

export function Sure({ question, action, onYes, onNo }: { question: string; action: string; onYes: () => void; onNo: () => void }): JSX.Element {
  return (
    <ModalOverlay className="overlay" isOpen onOpenChange={(open) => !open && onNo()} isDismissable>
      <Modal className="sheet">
        <Dialog role="alertdialog">
          <Heading slot="title">{action}</Heading>
          <p>{question}</p>
          <div className="row end">
            <Button autoFocus onPress={onNo}>
              {t.cancel}
            </Button>
            <Button look="danger" icon="trash" onPress={onYes}>
              {action}
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
