/** Pictures dropped or pasted anywhere in the window. */
import { useEffect, useRef } from 'react';
import { useDroppedFiles } from '../../ui/useDroppedFiles.ts';
import { pictureFiles } from './TextField.tsx';

/** Hands them to `onFiles`; true while files are dragged over the window. */
export function useDroppedPictures(onFiles: (files: File[]) => void): boolean {
  const latest = useRef(onFiles);
  useEffect(() => {
    latest.current = onFiles;
  });
  useEffect(() => {
    const stop = new AbortController();
    window.addEventListener(
      'paste',
      (event) => {
        const files = event.clipboardData ? pictureFiles(event.clipboardData) : [];
        if (files.length === 0) return;
        event.preventDefault();
        latest.current(files);
      },
      { signal: stop.signal },
    );
    return () => stop.abort();
  }, []);
  return useDroppedFiles(onFiles);
}
