/** Text that is saved when one leaves its field, or stops typing for a moment. */
import { useEffect, useRef, useState } from 'react';

interface Typed {
  /** What the field shows. */
  text: string;
  type(text: string): void;
  /** Saves at once. */
  done(): void;
}

/** `save` hears only of what differs from `value`; what is not `complete` waits until the field is left. */
export function useTyped(value: string, save: (text: string) => void, complete: (text: string) => boolean = () => true): Typed {
  const [typed, setTyped] = useState<string>();
  const latest = useRef({ typed, value, save });
  latest.current = { typed, value, save };
  const done = (): void => {
    const now = latest.current;
    latest.current = { ...now, typed: undefined };
    if (now.typed !== undefined && now.typed !== now.value) now.save(now.typed);
    setTyped(undefined);
  };
  const finish = useRef(done);
  finish.current = done;
  const ripe = typed !== undefined && complete(typed) ? typed : undefined;
  useEffect(() => {
    if (ripe === undefined) return;
    const timer = setTimeout(() => finish.current(), 500);
    return () => clearTimeout(timer);
  }, [ripe]);
  // The field may go with what was typed: a popover that is closed by Escape.
  useEffect(() => () => finish.current(), []);
  return { text: typed ?? value, type: setTyped, done };
}
