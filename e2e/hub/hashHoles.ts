/** Computes the sha256 of every header followed by its hole and writes `holes.json`: run it again when `fixtures/headers` changes (100 GB of zeros, minutes). */
import { readFileSync, writeFileSync } from 'node:fs';
import { headerAndHole } from './content.ts';
import { hashAll, headHash } from './hashes.ts';

const folder = new URL('../fixtures/headers/', import.meta.url);
const index: { file: string; fileSize: number }[] = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));
const rows = [];
for (const { file, fileSize } of index) {
  const content = headerAndHole(readFileSync(new URL(file, folder)), fileSize);
  const started = performance.now();
  rows.push({ file, size: fileSize, header: await headHash(content), sha256: await hashAll(content) });
  console.log(`${file}: ${rows.at(-1)?.sha256} (${Math.round(performance.now() - started)} ms)`);
}
writeFileSync(new URL('holes.json', import.meta.url), `${JSON.stringify(rows, null, 2)}\n`);
