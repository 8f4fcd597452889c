/** `npm run test:faults -- engine [--seed N] [--loads N] [--only words]`: breaks engines, files, memory and the app, and prints what came of it. */
import { parseArgs } from 'node:util';
import { buildServer } from '../main/engine/serverBuild.ts';
import { defaultFolders } from '../main/folders.ts';
import { createHome, removeHome } from './app.ts';
import { manyLoads, scenarios } from './engineScenarios.ts';
import type { Scenario } from './scenario.ts';

/** Why llama-server cannot be had here; undefined where it can. */
export async function whyNoServer(): Promise<string | undefined> {
  const built = await buildServer({ cacheFolder: defaultFolders().cache });
  return 'problem' in built ? `llama-server cannot be built (${built.problem})` : undefined;
}

/** Runs one on a home of its own. */
export async function runScenario({ run }: Scenario, seed: number): Promise<string> {
  const home = createHome();
  try {
    return await run(home, randomFrom(seed));
  } finally {
    removeHome(home);
  }
}

/** Numbers from 0 to 1 that a seed gives again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Prints a row for each scenario; the number of those that went wrong. */
export async function engineFaults(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      loads: { type: 'string', default: '200' },
      only: { type: 'string', default: '' },
    },
  });
  const seed = Number(values.seed);
  console.log(`Faults of the engine, seed ${seed}`);
  const noServer = await whyNoServer();
  const all = [...scenarios(noServer), manyLoads(Number(values.loads), noServer)].filter(({ name }) => name.includes(values.only));
  let wrong = 0;
  for (const [index, scenario] of all.entries()) {
    const started = performance.now();
    const row = (verdict: string, seen: string): void =>
      console.log(`${verdict.padEnd(7)} ${scenario.name.padEnd(44)} ${`${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(8)}  ${seen}`);
    if (scenario.missing) row('skipped', scenario.missing);
    else
      await runScenario(scenario, seed + index).then(
        (seen) => row('ok', seen),
        (error: unknown) => {
          wrong++;
          row('WRONG', error instanceof Error ? error.message : String(error));
        },
      );
  }
  console.log(`${all.length - wrong} of ${all.length} as they should be`);
  return wrong;
}

if (import.meta.main) process.exitCode = (await engineFaults(process.argv.slice(2))) > 0 ? 1 : 0;
