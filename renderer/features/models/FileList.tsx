/** Files by their whole paths, with their sizes. */
import type { LibraryFile } from '../../../shared/schemas/library.ts';
import { useFormat } from '../../i18n.ts';

/** A list named `label`; paths break where they must, nothing is cut off. */
export function FileList({ label, files }: { label: string; files: readonly LibraryFile[] }) {
  const format = useFormat();
  return (
    <ul aria-label={label} className="flex flex-col gap-1 rounded-md bg-surface-1 p-2 text-xs">
      {files.map(({ path, size }) => (
        <li key={path} className="flex gap-4">
          <span className="min-w-0 flex-1 font-mono wrap-anywhere">{path}</span>
          <span className="shrink-0 text-text-2 tabular-nums">{format.fileSize(size)}</span>
        </li>
      ))}
    </ul>
  );
}
