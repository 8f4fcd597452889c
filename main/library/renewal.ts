/** A new version of a model on the Hub whose tensors are those that we have: only its header is fetched, and what results must be what the Hub names. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import { changing, freeBytes, writing } from '../downloads/disk.ts';
import { syncFolder } from '../downloads/durable.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { headerOf, readHeader } from '../gguf/read.ts';
import { hubSource } from '../gguf/remote.ts';
import type { HeaderBytes } from '../gguf/slim.ts';
import type { Hub } from '../hub/client.ts';
import type { Folders } from '../platform.ts';
import type { Library } from './index.ts';
import { writeMeta } from './meta.ts';

export interface Renewals {
  /**
   * Bytes of the new headers where the Hub has another version with the same tensors in the same order and types; undefined where it is
   * the same version, or another model. Whether the tensors' data is the same only `renew` can tell. Errors: those of the Hub, library.notFound.
   */
  look(id: string, signal: AbortSignal): Promise<number | undefined>;
  /**
   * Puts the new headers before the data that is here. Nothing is replaced unless the result has the sha256 that the Hub names.
   * Errors: library.dataChanged where the data is not the same, download.diskFull, cancelled, those of `look`.
   */
  renew(id: string): Promise<void>;
  /** Puts the headers back that the last `renew` of this run of the app replaced, byte for byte. Errors: library.notFound where there was none; those of `renew`. */
  undo(id: string): Promise<void>;
}

interface RenewalsOptions {
  hub: Hub;
  /** Where the models folder is now. */
  folders: Pick<Folders, 'models'>;
  library: Pick<Library, 'resolve' | 'refresh' | 'tasks'>;
  /** What the repository has now. */
  model(repo: string, signal: AbortSignal): Promise<ModelDetail>;
}

interface Version {
  header: Uint8Array;
  /** Bytes of the file. */
  size: number;
  sha256: string;
}

interface Renewal {
  /** In the models folder. */
  file: string;
  /** In the repository. */
  path: string;
  here: Version;
  there: Version;
  /** The same in both. */
  dataBytes: number;
}

interface Renewed {
  repo: string;
  /** Of `there`. */
  commit: string;
  files: Renewal[];
}

/** Only for models of the models folder that lie where a download put them. */
export function createRenewals({ hub, folders, library, model }: RenewalsOptions): Renewals {
  const targetOf = ({ file }: Renewal): string => resolve(folders.models, file);

  const renewals = async (id: string, signal: AbortSignal): Promise<(Renewed & { from: string }) | undefined> => {
    const { model: of } = await library.resolve(id);
    if (!of.hub || id !== `${of.hub.repo}/${of.hub.path}`) return undefined;
    const { repo, commit: from } = of.hub;
    const { commit, quantizations } = await model(repo, signal);
    const wanted = quantizations.find(({ id: path }) => path === of.hub?.path)?.files ?? [];
    if (wanted.length !== of.files.length) return undefined;
    const files: Renewal[] = [];
    for (const [index, there] of wanted.entries()) {
      const here = of.files[index]!;
      if (!here.sha256 || !there.sha256) return undefined;
      if (here.sha256 === there.sha256) continue;
      const ours = await headerOf(resolve(folders.models, here.path));
      const theirs = await readHeader(await hubSource(hub, { repo, commit, file: there }, signal));
      const dataBytes = here.size - ours.header.dataOffset;
      if (tableOf(ours.header) !== tableOf(theirs.header) || there.size - theirs.header.dataOffset !== dataBytes) return undefined;
      const version = ({ header, bytes }: HeaderBytes, size: number, sha256: string): Version => ({ header: bytes.slice(0, header.dataOffset), size, sha256 });
      files.push({
        ...{ file: here.path, path: there.path, dataBytes },
        ...{ here: version(ours, here.size, here.sha256), there: version(theirs, there.size, there.sha256) },
      });
    }
    return files.length > 0 ? { repo, from, commit, files } : undefined;
  };

  const write = async (id: string, { repo, commit, files }: Renewed): Promise<void> => {
    const total = files.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
    await library.tasks.run({ kind: 'renew', name: id, total }, async (signal, onBytes) => {
      let before = 0;
      try {
        for (const file of files) {
          await draft(file, targetOf(file), signal, (bytes) => onBytes(before + bytes));
          before += file.dataBytes;
        }
        signal.throwIfAborted();
        for (const file of files) await replace(file, targetOf(file), repo, commit);
      } finally {
        for (const file of files) await rm(draftOf(targetOf(file)), { force: true });
      }
    });
    await library.refresh();
  };

  /** The way back, by model: its data is what both have. */
  const former = new Map<string, Renewed>();
  const renew = async (id: string): Promise<void> => {
    const found = await renewals(id, new AbortController().signal);
    if (!found) throw new Fault('library.dataChanged', 'More than its description changed.', { file: id });
    await write(id, found);
    former.set(id, { repo: found.repo, commit: found.from, files: found.files.map((file) => ({ ...file, here: file.there, there: file.here })) });
  };

  /** Two clicks are one renewal. */
  const begun = new Map<string, Promise<void>>();

  return {
    async look(id, signal) {
      const found = await renewals(id, signal);
      return found?.files.reduce((sum, { there }) => sum + there.header.length, 0);
    },
    renew(id) {
      const running = begun.get(id) ?? renew(id).finally(() => begun.delete(id));
      begun.set(id, running);
      return running;
    },
    async undo(id) {
      const back = former.get(id);
      if (!back) throw new Fault('library.notFound', 'Nothing is known of its former description any more.', { id });
      former.delete(id);
      try {
        await library.resolve(id);
        await write(id, back);
      } catch (error) {
        former.set(id, back);
        throw error;
      }
    },
  };
}

const tableOf = ({ tensors }: GgufHeader): string => JSON.stringify(tensors.map(({ name, dimensions, type, offset }) => [name, dimensions, type, offset]));

const draftOf = (target: string): string => `${target}.importing`;

/** Writes the whole new file beside the old one, and reads nothing back: its hash is that of the bytes that were written. */
function draft({ path, here, there, dataBytes }: Renewal, target: string, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  return writing(
    target,
    () => there.size,
    async () => {
      const missing = there.size - (await freeBytes(dirname(target)));
      if (missing > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing });
      const hash = createHash('sha256').update(there.header);
      const handle = await open(draftOf(target), 'w');
      try {
        // Not `write`, which may write less than it is given.
        await handle.writeFile(there.header);
        let done = 0;
        for await (const chunk of createReadStream(target, { start: here.header.length, end: here.header.length + dataBytes - 1, highWaterMark: 2 ** 20 })) {
          signal.throwIfAborted();
          hash.update(chunk);
          await handle.writeFile(chunk);
          done += chunk.length;
          onBytes(done);
        }
        if (hash.digest('hex') !== there.sha256) throw new Fault('library.dataChanged', 'More than its description changed.', { file: path });
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  );
}

async function replace({ path, there }: Renewal, target: string, repo: string, commit: string): Promise<void> {
  await changing(target, async () => {
    await rename(draftOf(target), target);
    await syncFolder(dirname(target));
  });
  await writeMeta(target, { repo, commit, path, size: there.size, sha256: there.sha256, verifiedAt: new Date().toISOString() });
}
