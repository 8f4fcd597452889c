/** Files and folders dropped on the window. */
import { useDroppedFiles } from '../../ui/useDroppedFiles.ts';

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
export const useDroppedModels = (onDrop: (dropped: Dropped) => void): boolean => useDroppedFiles((files) => onDrop(droppedOf(files)));
