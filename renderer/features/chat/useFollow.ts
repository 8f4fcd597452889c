/** Keeps the end of a growing scroll area in view, but only while the person is there. */
import { type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';

/** Pixels from the end that still count as being there. */
const near = 32;

export interface Follow {
  /** The scroll area. */
  area: RefObject<HTMLElement | null>;
  /** What grows in it. */
  content: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  toEnd(): void;
}

/** Starts at the end. Scrolling away lets go, coming back to the end takes hold again. */
export function useFollow(): Follow {
  const area = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const holding = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(() => {
    holding.current = true;
    setAtEnd(true);
    if (area.current) area.current.scrollTop = area.current.scrollHeight;
  }, []);

  useLayoutEffect(() => {
    const box = area.current!;
    let last = box.scrollTop;
    const onScroll = (): void => {
      const isNear = box.scrollHeight - box.scrollTop - box.clientHeight <= near;
      // Text that has just grown also moves the end away: only a scroll upwards lets go.
      if (isNear) holding.current = true;
      else if (box.scrollTop < last) holding.current = false;
      last = box.scrollTop;
      setAtEnd(holding.current);
    };
    const onSize = (): void => {
      if (holding.current) box.scrollTop = box.scrollHeight;
      last = box.scrollTop;
    };
    onSize();
    const sizes = new ResizeObserver(onSize);
    sizes.observe(box);
    sizes.observe(content.current!);
    box.addEventListener('scroll', onScroll, { passive: true });
    return () => {
      sizes.disconnect();
      box.removeEventListener('scroll', onScroll);
    };
  }, []);

  return { area, content, atEnd, toEnd };
}
