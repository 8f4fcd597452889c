/** A model file on disk with what belongs to it: its other shards and its projector. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseFileName } from '../../shared/quant.ts';
import { Fault } from '../../shared/result.ts';
import type { Headers } from '../gguf/headers.ts';
import { type KnownProjector, projectorFor } from '../library/projector.ts';

/** The files to load for any shard of a model. Errors: `library.notFound`, `gguf.partMissing` where a shard is missing, other `gguf.*`. */
export async function localModel(headers: Pick<Headers, 'forFile'>, file: string): Promise<{ files: string[]; projector?: string }> {
  const folder = path.dirname(path.resolve(file));
  const own = path.basename(file);
  const names = await readdir(folder).catch((error: unknown) => {
    throw new Fault('library.notFound', `There is no file ${file}.`, { id: file }, error);
  });
  if (!names.includes(own)) throw new Fault('library.notFound', `There is no file ${file}.`, { id: file });
  const { shard, role } = parseFileName(own);
  const shards = shard ? names.filter((name) => parseFileName(name).shard?.group === shard.group).sort() : [own];
  if (shard && shards.length !== shard.count)
    throw new Fault('gguf.partMissing', `${own} is one of ${shard.count} parts, and some are missing.`, { file: own });
  const files = shards.map((name) => path.join(folder, name));
  if (role === 'mmproj') return { files };
  const { facts } = await headers.forFile(files);
  const projectors = await Promise.all(names.filter((name) => parseFileName(name).role === 'mmproj').map((name) => projectorAt(headers, folder, name)));
  const projector = projectorFor(
    own,
    facts,
    projectors.filter((each) => each !== undefined),
  );
  return { files, ...(projector && { projector: path.join(folder, projector.within) }) };
}

/** Undefined for one that cannot be read: the model is then one without pictures. */
async function projectorAt(headers: Pick<Headers, 'forFile'>, folder: string, name: string): Promise<KnownProjector | undefined> {
  const header = await headers.forFile([path.join(folder, name)]).catch(() => undefined);
  return header && { within: name, facts: header.facts };
}
