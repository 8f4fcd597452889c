/** The models on disk, kept in step with the models folder. */
import { access } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { compareQuality } from '../../shared/quant.ts';
import { Fault } from '../../shared/result.ts';
import type { LibraryModel } from '../../shared/schemas/library.ts';
import type { ModelFacts } from '../gguf/facts.ts';
import type { Headers } from '../gguf/headers.ts';
import { createWatched } from '../watched.ts';
import { createBin } from './bin.ts';
import { metaPath, readMeta } from './meta.ts';
import { type KnownProjector, projectorFor } from './projector.ts';
import { type FoundFile, type FoundModel, scan } from './scan.ts';

/** What it takes to load a model. */
export interface ResolvedModel {
  /** Absolute paths, shards in order. */
  files: string[];
  /** Absolute path. */
  projector?: string;
  facts: ModelFacts;
  model: LibraryModel;
}

export interface Library {
  watch(signal: AbortSignal): AsyncIterable<LibraryModel[]>;
  /** The models now. */
  list(): LibraryModel[];
  /** Looks at the folder again. */
  refresh(): Promise<void>;
  /** Errors: library.notFound; gguf.* for a file that cannot be loaded. */
  resolve(id: string): Promise<ResolvedModel>;
  /** Moves the model to the bin; its projector too when no other quantization needs it. Errors: library.notFound. */
  remove(id: string): Promise<void>;
  /** Undoes `remove`. Errors: library.notFound. */
  restore(id: string): Promise<void>;
  /** Deletes what was removed for good. */
  emptyBin(): Promise<void>;
}

interface Entry {
  model: LibraryModel;
  facts?: ModelFacts;
  fault?: Fault;
}
type Read = { facts: ModelFacts } | { fault: Fault };

/** The library of `folder`; the first scan begins at once. */
export function createLibrary({ folder, headers }: { folder: string; headers: Pick<Headers, 'forFile'> }): Library {
  const watched = createWatched<LibraryModel[]>([]);
  const bin = createBin(folder);
  const absolute = (path: string): string => join(folder, ...path.split('/'));
  let entries = new Map<string, Entry>();
  /** By path, size and time of change: a header is read once. */
  let known = new Map<string, Read>();

  const readHeader = async (files: FoundFile[]): Promise<Read> => {
    try {
      const { facts } = await headers.forFile(files.map(({ path }) => absolute(path)));
      return { facts };
    } catch (error) {
      return { fault: error instanceof Fault ? error : new Fault('gguf.notGguf', 'This file could not be read.', { file: files[0]?.path }, error) };
    }
  };

  const look = async (): Promise<void> => {
    const found = await scan(folder);
    const next = new Map<string, Read>();
    const read = async (files: FoundFile[]): Promise<Read> => {
      const key = JSON.stringify(files);
      const header = known.get(key) ?? (await readHeader(files));
      // What could not be read is tried again the next time.
      if ('facts' in header) next.set(key, header);
      return header;
    };
    const projectors: KnownProjector[] = [];
    for (const file of found.projectors) {
      const header = await read([file]);
      if ('facts' in header) projectors.push({ ...file, facts: header.facts });
    }
    const models: { found: FoundModel; header: Read }[] = [];
    for (const each of found.models) {
      const first = each.files[0]!;
      const header: Read = each.incomplete
        ? { fault: new Fault('gguf.truncated', 'A part of this model is missing.', { file: first.path }) }
        : await read(each.files);
      // The header knows better than the name what a file is.
      if ('facts' in header && header.facts.clip) projectors.push({ ...first, facts: header.facts });
      else if (!('facts' in header) || header.facts.type === 'model') models.push({ found: each, header });
    }
    known = next;
    const listed = await Promise.all(models.map(({ found: each, header }) => entryFor(each, header, projectors)));
    listed.sort((a, b) => a.model.name.localeCompare(b.model.name) || a.model.repo.localeCompare(b.model.repo) || compareQuality(a.model, b.model));
    entries = new Map(listed.map((entry) => [entry.model.id, entry]));
    watched.set(listed.map(({ model }) => model));
  };

  const entryFor = async ({ files, label, incomplete }: FoundModel, header: Read, projectors: KnownProjector[]): Promise<Entry> => {
    const first = files[0]!;
    const repo = posix.dirname(first.path).split('/').slice(0, 2).join('/');
    const facts = 'facts' in header ? header.facts : undefined;
    const projector = facts && projectorFor(first.path, facts, projectors);
    const metas = await Promise.all([...files, ...(projector ? [projector] : [])].map(({ path }) => readMeta(absolute(path))));
    const model: LibraryModel = {
      id: first.path,
      repo,
      name: facts?.name || basename(repo) || basename(first.path, '.gguf'),
      label: label ?? facts?.label ?? '?',
      files: files.map(({ path }) => path),
      ...(projector && { projector: projector.path }),
      size: files.reduce((sum, file) => sum + file.size, projector?.size ?? 0),
      architecture: facts?.architecture ?? '',
      ...(facts && { parameters: facts.parameters }),
      contextLength: facts?.contextLength ?? 0,
      vision: projector !== undefined,
      thinking: facts?.thinking ?? false,
      verified: metas.every((meta) => meta?.sha256 !== undefined),
      ...('fault' in header && { problem: incomplete ? 'missingShard' : header.fault.code === 'gguf.truncated' ? 'truncated' : 'notGguf' }),
      addedAt: metas[0]?.verifiedAt ?? new Date(first.changedAt).toISOString(),
    };
    return 'facts' in header ? { model, facts: header.facts } : { model, fault: header.fault };
  };

  let running: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  /** One look at a time; who asks meanwhile gets the one after it. */
  const refresh = (): Promise<void> => {
    if (!running) {
      running = look().finally(() => {
        running = undefined;
      });
      return running;
    }
    waiting ??= running
      .catch(() => {})
      .then(() => {
        waiting = undefined;
        return refresh();
      });
    return waiting;
  };
  const ready = refresh();
  ready.catch(() => {});

  const find = async (id: string): Promise<Entry> => {
    await ready;
    const entry = entries.get(id);
    if (!entry) throw new Fault('library.notFound', 'This model is not in the library.', { id });
    return entry;
  };
  const withMeta = async (path: string): Promise<string[]> =>
    access(metaPath(absolute(path))).then(
      () => [path, metaPath(path)],
      () => [path],
    );

  return {
    watch: (signal) => watched.watch(signal),
    list: () => watched.get(),
    refresh,
    async resolve(id) {
      const { model, facts, fault } = await find(id);
      if (!facts) throw fault;
      return { files: model.files.map(absolute), ...(model.projector && { projector: absolute(model.projector) }), facts, model };
    },
    async remove(id) {
      const { model } = await find(id);
      const { projector } = model;
      const needed = projector !== undefined && watched.get().some((other) => other.id !== id && other.projector === projector);
      const going = [...model.files, ...(projector && !needed ? [projector] : [])];
      const staying = projector && needed ? [projector] : [];
      await bin.put(id, (await Promise.all(going.map(withMeta))).flat(), (await Promise.all(staying.map(withMeta))).flat());
      await refresh();
    },
    async restore(id) {
      await bin.restore(id);
      await refresh();
    },
    emptyBin: bin.empty,
  };
}
