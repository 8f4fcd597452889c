/** `npm run test:faults -- downloads [--runs 500] [--seed 1] [--only <n>]`: downloads with faults drawn by a seed, and a table by fault. */
import { parseArgs } from 'node:util';
import { openBench, segmentSize, size } from './download.ts';
import { inWords, kinds, plan } from './plan.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '500' }, seed: { type: 'string', default: '1' }, only: { type: 'string' } },
});
if (positionals[0] !== 'downloads') {
  console.error('npm run test:faults -- downloads [--runs 500] [--seed 1] [--only <number of a run>]');
  process.exit(2);
}

const rows = new Map(kinds.map((kind) => [kind, { runs: 0, met: 0, resumed: 0, twice: 0, alone: 0, wrong: 0 }]));
const bench = await openBench();
const began = performance.now();
console.log(`${values.runs} downloads of ${size / 1e6} MB in segments of ${segmentSize / 1e6} MB, seed ${values.seed}; full disks by ${bench.fullDisk}`);
let wrongRuns = 0;
try {
  const first = Number(values.only ?? 0);
  for (let run = first; run < (values.only ? first + 1 : Number(values.runs)); run++) {
    const faults = plan(Number(values.seed) * 100_000 + run, size, segmentSize);
    const { ends, met, twice, wrong, seconds } = await bench.download(faults);
    console.log(`${run} ${inWords(faults)}: ${ends.join(', ')}; ${(twice / 1e6).toFixed(1)} MB twice; ${seconds.toFixed(1)} s`);
    for (const problem of wrong) console.log(`  WRONG: ${problem}`);
    if (wrong.length > 0) wrongRuns++;
    for (const { kind } of faults) {
      const row = rows.get(kind)!;
      row.runs++;
      if (!met.includes(kind)) continue;
      row.met++;
      if (ends.length > 1) row.resumed++;
      if (met.length === 1) {
        row.alone++;
        row.twice += twice;
      }
      if (wrong.length > 0) row.wrong++;
    }
  }
} finally {
  await bench.close();
}
console.log(`\n${'fault'.padEnd(22)}  drawn   met  resumed  wrong  MB twice where nothing else was met`);
for (const [kind, { runs, met, resumed, wrong, alone, twice }] of rows)
  console.log(
    `${kind.padEnd(22)}  ${String(runs).padStart(5)}  ${String(met).padStart(4)}  ${String(resumed).padStart(7)}  ${String(wrong).padStart(5)}  ${alone > 0 ? (twice / alone / 1e6).toFixed(1) : '–'} (${alone} runs)`,
  );
console.log(`${wrongRuns} of ${values.only ? 1 : values.runs} downloads went wrong; ${((performance.now() - began) / 1000).toFixed(0)} s`);
process.exit(wrongRuns > 0 ? 1 : 0);
