/** A new version of a model on the Hub whose tensors are those that we have: only its header is fetched, and what results must be what the Hub names. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Fault } from '../../shared/result.ts';
import type { HubFile, ModelDetail } from '../../shared/schemas/hub.ts';
import type { LibraryModel } from '../../shared/schemas/library.ts';
import { freeBytes, writing } from '../downloads/disk.ts';
import { syncFolder } from '../downloads/durable.ts';
import type { GgufHeader } from '../gguf/header.ts';
import { headerOf, readHeader } from '../gguf/read.ts';
import { hubSource } from '../gguf/remote.ts';
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
}

interface RenewalsOptions {
  hub: Hub;
  /** Where the models folder is now. */
  folders: Pick<Folders, 'models'>;
  library: Pick<Library, 'resolve' | 'refresh' | 'tasks'>;
  /** What the repository has now. */
  model(repo: string, signal: AbortSignal): Promise<ModelDetail>;
}

interface Renewal {
  there: HubFile & { sha256: string };
  /** Absolute. */
  target: string;
  header: Uint8Array;
  /** Where the data begins in the file that is here, and how many bytes it has. */
  dataOffset: number;
  dataBytes: number;
}

/** Only for models of the models folder that lie where a download put them. */
export function createRenewals({ hub, folders, library, model }: RenewalsOptions): Renewals {
  const renewals = async (id: string, signal: AbortSignal): Promise<{ of: LibraryModel; commit: string; files: Renewal[] } | undefined> => {
    const { model: of } = await library.resolve(id);
    if (!of.hub || id !== `${of.hub.repo}/${of.hub.path}`) return undefined;
    const detail = await model(of.hub.repo, signal);
    const there = detail.quantizations.find(({ id: path }) => path === of.hub?.path)?.files ?? [];
    if (there.length !== of.files.length) return undefined;
    const files: Renewal[] = [];
    for (const [index, file] of there.entries()) {
      const here = of.files[index]!;
      if (!here.sha256 || !file.sha256) return undefined;
      if (here.sha256 === file.sha256) continue;
      const target = resolve(folders.models, here.path);
      const ours = await headerOf(target);
      const theirs = await readHeader(await hubSource(hub, { repo: of.hub.repo, commit: detail.commit, file }, signal));
      const dataBytes = here.size - ours.header.dataOffset;
      if (tableOf(ours.header) !== tableOf(theirs.header) || file.size - theirs.header.dataOffset !== dataBytes) return undefined;
      const header = theirs.bytes.slice(0, theirs.header.dataOffset);
      files.push({ there: { ...file, sha256: file.sha256 }, target, header, dataOffset: ours.header.dataOffset, dataBytes });
    }
    return files.length > 0 ? { of, commit: detail.commit, files } : undefined;
  };

  /** Two clicks are one renewal. */
  const begun = new Map<string, Promise<void>>();
  const renew = async (id: string): Promise<void> => {
    const found = await renewals(id, new AbortController().signal);
    if (!found) throw new Fault('library.dataChanged', 'More than its description changed.', { file: id });
    const total = found.files.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
    await library.tasks.run({ kind: 'renew', name: id, total }, async (signal, onBytes) => {
      let before = 0;
      try {
        for (const file of found.files) {
          await draft(file, signal, (bytes) => onBytes(before + bytes));
          before += file.dataBytes;
        }
        signal.throwIfAborted();
        for (const file of found.files) await replace(file, found.of.hub!.repo, found.commit);
      } finally {
        for (const { target } of found.files) await rm(draftOf(target), { force: true });
      }
    });
    await library.refresh();
  };

  return {
    async look(id, signal) {
      const found = await renewals(id, signal);
      return found?.files.reduce((sum, { header }) => sum + header.length, 0);
    },
    renew(id) {
      const running = begun.get(id) ?? renew(id).finally(() => begun.delete(id));
      begun.set(id, running);
      return running;
    },
  };
}

const tableOf = ({ tensors }: GgufHeader): string => JSON.stringify(tensors.map(({ name, dimensions, type, offset }) => [name, dimensions, type, offset]));

const draftOf = (target: string): string => `${target}.importing`;

/** Writes the whole new file beside the old one, and reads nothing back: its hash is that of the bytes that were written. */
function draft({ there, target, header, dataOffset, dataBytes }: Renewal, signal: AbortSignal, onBytes: (bytes: number) => void): Promise<void> {
  return writing(
    target,
    () => there.size,
    async () => {
      const missing = there.size - (await freeBytes(dirname(target)));
      if (missing > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing });
      const hash = createHash('sha256').update(header);
      const handle = await open(draftOf(target), 'w');
      try {
        // Not `write`, which may write less than it is given.
        await handle.writeFile(header);
        let done = 0;
        for await (const chunk of createReadStream(target, { start: dataOffset, end: dataOffset + dataBytes - 1, highWaterMark: 2 ** 20 })) {
          signal.throwIfAborted();
          hash.update(chunk);
          await handle.writeFile(chunk);
          done += chunk.length;
          onBytes(done);
        }
        if (hash.digest('hex') !== there.sha256) throw new Fault('library.dataChanged', 'More than its description changed.', { file: there.path });
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  );
}

async function replace({ there, target }: Renewal, repo: string, commit: string): Promise<void> {
  await rename(draftOf(target), target);
  await syncFolder(dirname(target));
  await writeMeta(target, { repo, commit, path: there.path, size: there.size, sha256: there.sha256, verifiedAt: new Date().toISOString() });
}
