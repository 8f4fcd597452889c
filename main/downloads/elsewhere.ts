/** Which files of the library outside the models folder may have the content of a file that is wanted. */
import { basename, resolve } from 'node:path';
import type { HubFile } from '../../shared/schemas/hub.ts';
import type { LibraryModel } from '../../shared/schemas/library.ts';

/** Absolute paths, likeliest first. */
export type Elsewhere = (wanted: HubFile) => readonly string[];

/**
 * Files of the person's other folders and of other apps that are known by their sha256 (names in Ollama's store and in Hugging Face's cache
 * are hashes), then those of the same name and size whose content nobody has read. `folder` is the models folder.
 */
export function elsewhereIn(models: readonly LibraryModel[], folder: string, { path, size, sha256 }: HubFile): string[] {
  if (!sha256) return [];
  const files = models
    .filter(({ source, problem }) => source.app !== 'atelier' && problem !== 'missingDrive')
    .flatMap((model) => [...model.files, ...(model.projector ? [model.projector] : [])]);
  const known = files.filter((file) => file.sha256 === sha256);
  const alike = files.filter((file) => !file.sha256 && file.size === size && basename(file.path) === basename(path));
  return [...new Set([...known, ...alike].map((file) => resolve(folder, file.path)))];
}
