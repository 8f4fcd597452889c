/** Keeps the focus of somebody without a mouse where the thing that had it goes. */
import { type FocusEvent, type RefObject, useEffect, useRef } from 'react';

interface Handlers {
  onFocus(event: FocusEvent): void;
  onBlur(): void;
}

const placesIn = (box: Element, items: string | undefined): Element[] => (items === undefined ? [box] : [...box.querySelectorAll(items)]);
const nameOf = (button: Element): string | null => button.getAttribute('aria-label') ?? button.textContent;

/**
 * When a button in `container` goes that had the focus, gives it to the one of the same name in the same place of `items` (a selector), else
 * to another one there, else to the container where that can have it. The handlers are the container's.
 */
export function useKeptFocus(container: RefObject<HTMLElement | null>, items?: string): Handlers {
  const had = useRef<{ item: number; name: string | null }>(undefined);
  const isHeld = useRef(false);
  useEffect(() => {
    const box = container.current!;
    const keep = (): void => {
      if (!isHeld.current || !had.current || document.activeElement !== document.body) return;
      const { item, name } = had.current;
      const buttons = [...(placesIn(box, items)[item]?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])];
      const next = buttons.find((button) => nameOf(button) === name) ?? buttons[0] ?? box;
      if (next.tabIndex >= 0) next.focus({ preventScroll: true });
    };
    const changes = new MutationObserver(keep);
    changes.observe(box, { childList: true, subtree: true });
    return () => changes.disconnect();
  }, [container, items]);
  return {
    onFocus({ target }) {
      const box = container.current!;
      // What opens from here lies elsewhere.
      if (!box.contains(target)) return;
      isHeld.current = true;
      const button = target.closest('button');
      if (!button) return;
      had.current = { item: placesIn(box, items).findIndex((place) => place.contains(button)), name: nameOf(button) };
    },
    // React tells of those who leave, not of those who are removed.
    onBlur() {
      isHeld.current = false;
    },
  };
}
