/** What a download is moved in its list by: dragged, or with the arrow keys. */
import { Button as Base } from '@base-ui/react/button';
import { GripVertical } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Tooltip } from '../../ui/Tooltip.tsx';

/** What is being dragged, among what else may be dropped here. */
export const dragType = 'application/x-atelier-download';

interface Props {
  id: string;
  name: string;
  index: number;
  /** By one place, up (-1) or down (1). */
  onMove(by: -1 | 1): void;
}

/** The grip; it keeps the focus when its row has moved. */
export function MoveHandle({ id, name, index, onMove }: Props) {
  const { t } = useTranslation('downloads');
  const ref = useRef<HTMLButtonElement>(null);
  const moving = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a row that moved is another place in the page, and the browser takes its focus.
  useEffect(() => {
    if (moving.current) ref.current?.focus();
    moving.current = false;
  }, [index]);
  const press = (event: KeyboardEvent): void => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key] as -1 | 1 | undefined;
    if (!by) return;
    event.preventDefault();
    moving.current = true;
    onMove(by);
  };
  return (
    <Tooltip text={t('moveHint')}>
      <Base
        ref={ref}
        aria-label={t('move', { name, n: index + 1 })}
        aria-keyshortcuts="ArrowUp ArrowDown"
        draggable
        onKeyDown={press}
        onDragStart={(event) => {
          event.dataTransfer.setData(dragType, id);
          event.dataTransfer.effectAllowed = 'move';
          const row = event.currentTarget.closest('li');
          if (row) event.dataTransfer.setDragImage(row, 12, 12);
        }}
        className="inline-flex h-7 w-5 shrink-0 cursor-grab items-center justify-center rounded-md text-text-3 select-none hover:bg-surface-2 hover:text-text-1"
      >
        <GripVertical aria-hidden size={16} strokeWidth={1.75} />
      </Base>
    </Tooltip>
  );
}
