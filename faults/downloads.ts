/** `npm run test:faults -- downloads [--runs 500] [--seed 1] [--only <number of a run>]`: downloads with faults drawn by a seed, and a table by fault. */
import { parseArgs } from 'node:util';
import { openBench, segmentSize, size } from './download.ts';
import { inWords, kinds, plan } from './plan.ts';

/** Prints a line for each download and a row for each fault; the number of downloads that went wrong. */
export async function downloadFaults(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { runs: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } },
  });
  const first = Number(values.only ?? 0);
  const end = values.only ? first + 1 : Number(values.runs);
  const rows = new Map(kinds.map((kind) => [kind, { drawn: 0, met: 0, resumed: 0, wrong: 0, twice: 0, alone: 0 }]));
  const bench = await openBench();
  const began = performance.now();
  console.log(`${end - first} downloads of ${size / 1e6} MB in segments of ${segmentSize / 1e6} MB, seed ${values.seed}; full disks by ${bench.fullDisk}`);
  let wrongRuns = 0;
  try {
    for (let run = first; run < end; run++) {
      const faults = plan(Number(values.seed) * 100_000 + run, size, segmentSize);
      const { ends, met, twice, wrong, seconds } = await bench.download(faults);
      console.log(`${run} ${inWords(faults)}: ${ends.join(', ')}; ${(twice / 1e6).toFixed(1)} MB twice; ${seconds.toFixed(1)} s`);
      for (const problem of wrong) console.log(`  WRONG: ${problem}`);
      if (wrong.length > 0) wrongRuns++;
      for (const { kind } of faults) {
        const row = rows.get(kind)!;
        row.drawn++;
        if (wrong.length > 0) row.wrong++;
        if (!met.includes(kind)) continue;
        row.met++;
        if (ends.length > 1) row.resumed++;
        if (met.length > 1) continue;
        row.alone++;
        row.twice += twice;
      }
    }
  } finally {
    await bench.close();
  }
  console.log(`\n${'fault'.padEnd(22)}  drawn   met  resumed  wrong  MB twice where nothing else was met`);
  for (const [kind, { drawn, met, resumed, wrong, alone, twice }] of rows) {
    const counts = [drawn, met, resumed, wrong].map((count, column) => String(count).padStart([5, 4, 7, 5][column]!)).join('  ');
    console.log(`${kind.padEnd(22)}  ${counts}  ${alone > 0 ? (twice / alone / 1e6).toFixed(1) : '–'} (${alone} downloads)`);
  }
  console.log(`${wrongRuns} of ${end - first} downloads went wrong; ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return wrongRuns;
}
