/** One found model with its header: what the library knows of it. */
import { basename, posix, resolve } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { LibraryFile, LibraryModel } from '../../shared/schemas/library.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Headers } from '../gguf/headers.ts';
import type { Folders } from '../platform.ts';
import type { Hashes } from './hashes.ts';
import { type FileMeta, readMeta } from './meta.ts';
import type { Place } from './places.ts';
import { type KnownProjector, projectorFor } from './projector.ts';
import type { Found, FoundFile, FoundModel } from './scan.ts';

export interface Entry {
  model: LibraryModel;
  place: Place;
  /** As they were found, the projector last. */
  found: FoundFile[];
  facts?: ModelFacts;
  fault?: Fault;
  /** From before the app was started; it was not looked at yet. */
  remembered?: true;
}
type Read = { facts: ModelFacts } | { fault: Fault };
type Projector = KnownProjector & { file: FoundFile };

export interface EntriesOptions {
  headers: Pick<Headers, 'forFile'>;
  /** Relative names begin from the models folder. */
  folders: Pick<Folders, 'models'>;
  hashes: Pick<Hashes, 'get'>;
}

/** The entries of what was found in a place. Headers are read once for each file's path, size and time of change. */
export function createEntries({ headers, folders, hashes }: EntriesOptions): (place: Place, found: Found) => Promise<Entry[]> {
  const absolute = (path: string): string => resolve(folders.models, path);
  const known = new Map<string, Read>();

  const read = async (files: readonly FoundFile[]): Promise<Read> => {
    const key = JSON.stringify(files.map(({ path, size, changedAt }) => [path, size, changedAt]));
    const before = known.get(key);
    if (before) return before;
    try {
      const { facts } = await headers.forFile(files.map(({ path }) => absolute(path)));
      // What could not be read is tried again the next time.
      known.set(key, { facts });
      return { facts };
    } catch (error) {
      return { fault: error instanceof Fault ? error : new Fault('gguf.notGguf', 'This file could not be read.', { file: files[0]?.path }, error) };
    }
  };

  const entryOf = async (place: Place, each: FoundModel, header: Read, projectors: readonly Projector[]): Promise<Entry> => {
    const { files, incomplete } = each;
    const first = files[0]!;
    const facts = 'facts' in header ? header.facts : undefined;
    const projector = facts && (each.projector ?? projectorFor(first.within, facts, projectors)?.file);
    const found = [...files, ...(projector ? [projector] : [])];
    const metas = await Promise.all(found.map(({ path }) => readMeta(absolute(path))));
    const fileOf = ({ path, size, ...file }: FoundFile, meta: FileMeta | undefined): LibraryFile => {
      const sha256 = file.sha256 ?? meta?.sha256 ?? hashes.get(absolute(path), { size, changedAt: file.changedAt });
      return { path, size, ...(sha256 && { sha256 }) };
    };
    const repo = each.repo ?? posix.dirname(first.within).split('/').slice(0, 2).join('/').replace(/^\.$/, '');
    const [meta] = metas;
    const hub = each.hub ?? (meta && { repo: meta.repo, commit: meta.commit, path: meta.path });
    const model: LibraryModel = {
      id: each.id ?? first.path,
      repo,
      name: each.name ?? (facts?.name || basename(repo) || basename(first.path, '.gguf')),
      label: each.label ?? facts?.label ?? '?',
      files: files.map((file, index) => fileOf(file, metas[index])),
      ...(projector && { projector: fileOf(projector, metas.at(-1)) }),
      size: found.reduce((sum, file) => sum + file.size, 0),
      source: { app: place.app, folder: place.folder, reference: place.reference !== undefined },
      ...(hub && { hub }),
      architecture: facts?.architecture ?? '',
      ...(facts && { parameters: facts.parameters }),
      contextLength: facts?.contextLength ?? 0,
      vision: projector !== undefined,
      ...(facts?.pictures && !projector && { lacksProjector: true }),
      thinking: facts?.thinking ?? false,
      ...(facts?.sampling && { sampling: facts.sampling }),
      ...(facts?.tokenizer && { tokenizer: facts.tokenizer }),
      ...(facts?.nextnLayers && { nextnLayers: facts.nextnLayers }),
      verified: metas.every((one) => one?.sha256 !== undefined),
      ...('fault' in header && { problem: incomplete ? 'missingShard' : header.fault.code === 'gguf.truncated' ? 'truncated' : 'notGguf' }),
      addedAt: meta?.verifiedAt ?? new Date(first.changedAt).toISOString(),
    };
    return { model, place, found, ...('facts' in header ? { facts: header.facts } : { fault: header.fault }) };
  };

  return async (place, found) => {
    const projectors: Projector[] = [];
    for (const file of found.projectors) {
      const header = await read([file]);
      if ('facts' in header) projectors.push({ within: file.within, file, facts: header.facts });
    }
    const models: { each: FoundModel; header: Read }[] = [];
    for (const each of found.models) {
      const first = each.files[0]!;
      const header: Read = each.incomplete
        ? { fault: new Fault('gguf.partMissing', 'A part of this model is missing.', { file: first.path }) }
        : await read(each.files);
      // The header knows better than the name what a file is.
      if ('facts' in header && header.facts.clip) projectors.push({ within: first.within, file: first, facts: header.facts });
      else if (!('facts' in header) || header.facts.type === 'model') models.push({ each, header });
    }
    return Promise.all(models.map(({ each, header }) => entryOf(place, each, header, projectors)));
  };
}
