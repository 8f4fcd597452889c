/** Files and folders dropped on the window. */
import { useEffect, useRef, useState } from 'react';

export interface Dropped {
  /** Absolute paths. */
  paths: string[];
  /** Names of files whose place a browser does not tell. */
  unknown: string[];
}

/** What the desktop shell knows of a file's place; a browser tells nobody. */
export function droppedOf(files: readonly File[], page: Pick<Window, 'atelier'> = window): Dropped {
  const all = files.map((file) => ({ name: file.name, path: page.atelier?.pathForFile(file) ?? '' }));
  return { paths: all.flatMap(({ path }) => (path ? [path] : [])), unknown: all.flatMap(({ name, path }) => (path ? [] : [name])) };
}

/** Hands them to `onDrop`; true while files are dragged over the window. */
export function useDroppedModels(onDrop: (dropped: Dropped) => void): boolean {
  const [over, setOver] = useState(false);
  const latest = useRef(onDrop);
  useEffect(() => {
    latest.current = onDrop;
  });
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const onDrag = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Else the browser would leave the app to show the file.
      event.preventDefault();
      setOver(true);
    };
    window.addEventListener('dragenter', onDrag, { signal });
    window.addEventListener('dragover', onDrag, { signal });
    window.addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), { signal });
    window.addEventListener(
      'drop',
      (event) => {
        setOver(false);
        if (!hasFiles(event)) return;
        event.preventDefault();
        latest.current(droppedOf([...(event.dataTransfer?.files ?? [])]));
      },
      { signal },
    );
    return () => stop.abort();
  }, []);
  return over;
}
