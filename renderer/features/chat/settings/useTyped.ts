/** Text that is saved when one leaves its field, or stops typing for a second. */
import { useEffect, useRef, useState } from 'react';

/** What the field shows, how it changes, and how it is saved at once; `save` hears only of what differs from `value`. */
export function useTyped(value: string, save: (text: string) => void): { text: string; type(text: string): void; done(): void } {
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
  useEffect(() => {
    if (typed === undefined) return;
    const timer = setTimeout(() => finish.current(), 1000);
    return () => clearTimeout(timer);
  }, [typed]);
  // The field may go with what was typed: a popover that is closed by Escape.
  useEffect(() => () => finish.current(), []);
  return { text: typed ?? value, type: setTyped, done };
}
