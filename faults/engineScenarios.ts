/** What can happen to an engine, a model file, the memory, the card and the app; each ends with a message that is answered. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { missing } from '../main/memory/testing/softwareGpu.ts';
import { type App, greeting, type Kind, modelFile, models, originalFile, residentBytes, until } from './app.ts';
import { crowdedCard, lostCard, smallCard } from './engineCards.ts';
import { appKilled, crashing, killed, oneOfTwo, type Phase, type Victim } from './engineKills.ts';
import { idle, noShell } from './idle.ts';
import { loaded, nextMessage, type Scenario, withApp } from './scenario.ts';

/** Every scenario but the many loads; `noServer` is why llama-server cannot be had. */
export function scenarios(noServer: string | undefined): Scenario[] {
  const noGpu = missing();
  const kills = (['the engine', 'llama-server', 'both'] as Victim[]).flatMap((victim) =>
    (['loading', 'answering', 'unloading'] as Phase[]).map(
      (phase): Scenario => ({
        name: `SIGKILL of ${victim} while ${phase}`,
        missing: victim === 'the engine' ? undefined : noServer,
        run: (home, random) => withApp(home, (app) => killed(app, victim, phase, random)),
      }),
    ),
  );
  const files = (['truncated', 'replaced', 'deleted'] as Harm[]).flatMap((harm) =>
    (['text', 'vision'] as Kind[]).map(
      (kind): Scenario => ({
        name: `${kind} model ${harm} while loaded`,
        missing: kind === 'vision' ? noServer : undefined,
        run: (home) => withApp(home, (app) => harmed(app, home, kind, harm)),
      }),
    ),
  );
  const apps = (['loading', 'answering', 'idle'] as const).map(
    (phase): Scenario => ({
      name: `SIGKILL of the app while ${phase}`,
      missing: noServer,
      run: (home, random) => appKilled(home, phase, random),
    }),
  );
  return [
    ...kills,
    { name: 'SIGKILL of one of two models while both answer', missing: noServer, run: (home) => withApp(home, oneOfTwo) },
    { name: 'the engine crashes three times', run: (home) => withApp(home, crashing) },
    ...files,
    { name: 'RAM runs out while loading (RLIMIT_AS)', run: (home) => withApp(home, starved) },
    { name: 'a graphics card that is too small', missing: noGpu, run: smallCard },
    { name: 'a graphics card with room for one of two models', missing: noGpu ?? noServer, run: crowdedCard },
    { name: 'a graphics card that is lost', missing: noGpu, run: lostCard },
    ...apps,
    { name: 'idle without a model', missing: noShell(), run: idle },
  ];
}

type Harm = 'truncated' | 'replaced' | 'deleted';

async function harmed(app: App, home: string, kind: Kind, harm: Harm): Promise<string> {
  const file = modelFile(home, kind);
  await loaded(app, kind);
  if (harm === 'truncated') truncateSync(file, Math.floor(statSync(file).size / 2));
  else if (harm === 'replaced') writeFileSync(file, 'no model at all '.repeat(10_000));
  else rmSync(file);
  await nextMessage(app);
  await app.unload();
  const { turnId } = await app.send(greeting.question);
  const { status, error } = await app.ended(turnId);
  cpSync(originalFile(kind), file);
  if (status !== 'failed' || !error || error.code === 'internal') throw new Error(`a message to the ${harm} file ended ${status}: ${JSON.stringify(error)}`);
  await nextMessage(app);
  return `answers while loaded, then ${error.code}`;
}

/** The first engine may have only little more address space than it has when it starts. */
async function starved(app: App): Promise<string> {
  await app.load('text', { contextSize: 32768 });
  await until(() => app.engines().length > 0, 'an engine to starve');
  const [pid] = app.engines();
  const size = Number(/^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  execFileSync('prlimit', ['--pid', String(pid), `--as=${size + 8 * 2 ** 20}`]);
  const state = await app.state(({ status }) => status === 'ready' || status === 'failed');
  if (state.status !== 'ready' || !state.steps) throw new Error(`it did not go down: ${JSON.stringify(state).slice(0, 600)}`);
  await nextMessage(app);
  return state.steps.map(({ change, from, to, why }) => `${change} ${from}→${to} (${why})`).join(', ');
}

/** Loads and ejects `count` times, every tenth time with llama-server; the core may not grow. */
export const manyLoads = (count: number, noServer: string | undefined): Scenario => ({
  name: `${count} loads and ejections`,
  run: (home) =>
    withApp(home, async (app) => {
      const resident: number[] = [];
      for (let n = 1; n <= count; n++) {
        const kind: Kind = n % 10 === 0 && !noServer ? 'vision' : 'text';
        await loaded(app, kind);
        await app.unload();
        resident.push(residentBytes(app.pid));
        const left = app.engines().length + app.servers().length;
        if (left > 0) throw new Error(`after ${n} loads ${left} engines are left`);
      }
      const fifth = Math.max(1, Math.floor(count / 5));
      const median = (bytes: number[]): number => bytes.toSorted((a, b) => a - b)[Math.floor(bytes.length / 2)]! / 2 ** 20;
      // The first fifth warms up: what the just-in-time compiler and the caches take is taken once.
      const [before, after] = [median(resident.slice(fifth, 2 * fifth)), median(resident.slice(-fifth))];
      if (!(after <= before * 1.1)) throw new Error(`the core grew from ${before.toFixed(0)} to ${after.toFixed(0)} MiB`);
      await nextMessage(app);
      return `core ${before.toFixed(0)} → ${after.toFixed(0)} MiB (${((after / before - 1) * 100).toFixed(1)} %), ${models.text.split('/').at(-1)}`;
    }),
});
