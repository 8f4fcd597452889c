/** The room that the parts of a job take of the disk. */
import { mkdir, stat } from 'node:fs/promises';
import { Fault } from '../../shared/result.ts';
import { changing, freeBytes } from './disk.ts';
import { type PartOf, partPath } from './journal.ts';
import { lackedBytes, openPart, removePart } from './part.ts';

export interface Planned {
  target: string;
  of: PartOf;
}

/** Errors: download.diskFull when what these parts do not hold yet and the spare do not fit; download.writing where there can be no models folder. */
export async function checkRoom(models: string, parts: readonly Planned[], spare: number): Promise<void> {
  await changing(models, () => mkdir(models, { recursive: true }));
  let bytes = spare;
  for (const { target, of } of parts) bytes += await lackedBytes(target, of.size);
  const lacking = bytes - (await freeBytes(models));
  if (lacking > 0) throw new Fault('download.diskFull', 'There is not enough room on the disk.', { missing: lacking });
}

/** Begins those of these parts that are not there, which takes their room. Errors: download.diskFull, with all of them removed again. */
export async function reserveAll(parts: readonly Planned[], segmentSize: number | undefined): Promise<void> {
  const begun: string[] = [];
  try {
    for (const { target, of } of parts) {
      if (await stat(partPath(target)).catch(() => undefined)) continue;
      begun.push(target);
      const part = await openPart(target, of, segmentSize);
      await part.close();
    }
  } catch (error) {
    for (const target of begun) await removePart(target);
    throw error;
  }
}
