/** Says a running answer to a screen reader, sentence by sentence. */
import { useEffect, useRef, useState } from 'react';
import { spoken, wholeSentences } from './sentences.ts';

/** `text` grows while `running`; what was there when it appeared is not said. A polite region, invisible. */
export function LiveRegion({ text, running }: { text: string; running: boolean }) {
  const said = useRef(text.length);
  const [now, setNow] = useState('');
  useEffect(() => {
    const end = running ? wholeSentences(text, said.current) : text.length;
    if (end <= said.current) return;
    setNow(spoken(text.slice(said.current, end)));
    said.current = end;
  }, [text, running]);
  // What was said is not left behind for those who read through the page.
  useEffect(() => {
    if (running || now === '') return;
    const timer = setTimeout(() => setNow(''), 2000);
    return () => clearTimeout(timer);
  }, [running, now]);
  return (
    <div aria-live="polite" className="sr-only">
      {now}
    </div>
  );
}
