/** What can happen to an engine, a model file, the memory, the card and the app; each ends with a message that is answered. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../main/alive.ts';
import { cardEnvironment, missing } from '../main/memory/testing/softwareGpu.ts';
import type { EngineState } from '../shared/schemas/engine.ts';
import { type App, below, endless, greeting, type Kind, leftFolders, modelFile, models, originalFile, residentBytes, startApp, until } from './app.ts';
import { idle, noShell } from './idle.ts';

export interface Scenario {
  name: string;
  /** Why it cannot be run here. */
  missing?: string | undefined;
  /** What was seen, for the table; throws where something else was seen than should be. */
  run(home: string, random: () => number): Promise<string>;
}

type Victim = 'the engine' | 'llama-server' | 'both';
type Phase = 'loading' | 'answering' | 'unloading';

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

/** Runs `act` on an app, and sees that nothing is left of its engines when it has closed. */
async function withApp(home: string, act: (app: App) => Promise<string>, engineEnv?: Record<string, string>): Promise<string> {
  const app = await startApp(home, engineEnv);
  let seen: string;
  let pids: number[] = [];
  try {
    seen = await act(app);
    await app.unload();
    await until(() => app.engines().length + app.servers().length === 0, 'the ejected engine is gone');
  } finally {
    pids = below(app.pid).map(({ pid }) => pid);
    await app.close();
  }
  await until(() => !pids.some(isAlive), 'no process survives the app');
  // An app that closes removes what its engines left before it ends.
  const left = leftFolders(home);
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  return seen;
}

const kill = (pids: number[]): void => {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went by itself.
    }
};

async function loaded(app: App, kind: Kind, settings?: Parameters<App['load']>[1]): Promise<Extract<EngineState, { status: 'ready' }>> {
  await app.load(kind, settings);
  const state = await app.state(({ status }) => status === 'ready' || status === 'failed');
  if (state.status !== 'ready') throw new Error(`the load failed: ${JSON.stringify(state).slice(0, 300)}`);
  return state;
}

/** The next message works, in the same chat where there is one. */
async function nextMessage(app: App): Promise<void> {
  const { turnId } = await app.send(greeting.question);
  const { status, text, error } = await app.ended(turnId);
  if (status !== 'done' || text !== greeting.answer) throw new Error(`the next message ended ${status}: ${JSON.stringify(error ?? text)}`);
}

/** The answer `turnId` broke off and has at least the text that was seen. */
async function broken(app: App, turnId: string, said: string): Promise<string> {
  const { status, text, error } = await app.ended(turnId);
  if (status !== 'interrupted' || !text.startsWith(said))
    throw new Error(`the answer ended ${status} with ${text.length} of ${said.length} characters: ${error?.code}`);
  return `${text.length} characters kept${typeof error?.data?.cause === 'string' ? `, ${error.data.cause}` : ''}`;
}

async function killed(app: App, victim: Victim, phase: Phase, random: () => number): Promise<string> {
  const kind: Kind = victim === 'the engine' ? 'text' : 'vision';
  const victims = (): number[] => [...(victim !== 'llama-server' ? app.engines() : []), ...(victim !== 'the engine' ? app.servers() : [])];
  let seen: string;
  if (phase === 'loading') {
    await app.load(kind);
    await until(() => (victim === 'the engine' ? app.engines() : app.servers()).length > 0, 'somebody to kill');
    await sleep(random() * 200);
    kill(victims());
    const { steps } = (await app.state(({ status }) => status === 'ready' || status === 'failed')) as Extract<EngineState, { status: 'ready' }>;
    // It was there a moment before it was killed: what is sent before that is known is broken off like any answer.
    if (!steps) await app.state(({ status }) => status === 'failed');
    seen = steps ? `loaded again with ${steps.map(({ change }) => `less ${change}`).join(', ')}` : 'had loaded already';
  } else {
    await loaded(app, kind);
    const { turnId } = phase === 'answering' ? await app.send(endless) : { turnId: '' };
    const said = phase === 'answering' ? await app.speaking(turnId) : '';
    await sleep(random() * 100);
    const unloading = phase === 'unloading' ? app.unload() : undefined;
    kill(victims());
    await unloading;
    seen = phase === 'answering' ? await broken(app, turnId, said) : 'ejected';
  }
  await nextMessage(app);
  return seen;
}

async function oneOfTwo(app: App): Promise<string> {
  await loaded(app, 'vision');
  const { others } = await loaded(app, 'text');
  if (others?.length !== 1) throw new Error('the first model did not stay');
  const first = await app.send(endless);
  const said = await app.speaking(first.turnId);
  // It is there already, and answers from now on.
  const engines = app.engines();
  await loaded(app, 'vision');
  const second = await app.send(endless);
  await app.speaking(second.turnId);
  if (app.engines().length !== 2) throw new Error(`${app.engines().length} engines instead of 2`);
  kill(engines.slice(-1));
  const seen = await broken(app, first.turnId, said);
  const other = await app.ended(second.turnId);
  if (other.status !== 'done') throw new Error(`the other answer ended ${other.status}`);
  await nextMessage(app);
  return `${seen}; the other answered to its end`;
}

async function crashing(app: App): Promise<string> {
  await loaded(app, 'text');
  for (const _ of [1, 2, 3]) {
    const { turnId } = await app.send(endless);
    const said = await app.speaking(turnId);
    kill(app.engines());
    await broken(app, turnId, said);
  }
  const state = await app.state(({ status }) => status === 'failed');
  if (state.status !== 'failed' || state.error.code !== 'engine.keepsCrashing') throw new Error(`after three crashes it is ${JSON.stringify(state)}`);
  const { turnId } = await app.send(greeting.question);
  const refused = await app.ended(turnId);
  if (refused.error?.code !== 'engine.keepsCrashing') throw new Error(`a message then ended ${refused.status}: ${refused.error?.code}`);
  await loaded(app, 'text');
  await nextMessage(app);
  return 'nothing is loaded by itself after the third';
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

async function onCard(home: string, mebibytes: number, more: Record<string, string>, act: (app: App) => Promise<string>, counted = false): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'atelier-card-'));
  try {
    return await withApp(home, act, { ...cardEnvironment(folder, mebibytes, { counted }), ...more });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const smallCard = (home: string): Promise<string> =>
  onCard(home, 6, {}, async (app) => {
    const state = await loaded(app, 'text', { contextSize: 16384, gpuLayers: 5 });
    if (!state.steps) throw new Error('it fitted as asked');
    await nextMessage(app);
    await app.unload();
    const again = await loaded(app, 'text', { contextSize: 16384, gpuLayers: 5 });
    if (!again.remembered) throw new Error('the plan that worked was not remembered');
    return `${state.steps.map(({ change, from, to }) => `${change} ${from}→${to}`).join(', ')}; remembered`;
  });

/** The card tells what is free: a small context stays beside the other model, a large one needs its room. */
const crowdedCard = (home: string): Promise<string> =>
  onCard(
    home,
    300,
    {},
    async (app) => {
      await loaded(app, 'text', { contextSize: 32768 });
      const small = await loaded(app, 'vision', { contextSize: 512 });
      if (small.others?.length !== 1) throw new Error(`there was room for both: ${JSON.stringify(small.ejected)}`);
      await nextMessage(app);
      const large = await loaded(app, 'vision', { contextSize: 32768 });
      const [gone] = large.ejected ?? [];
      if (large.others || !gone?.forRoom || !gone.freed?.gpu) throw new Error(`nobody made room: ${JSON.stringify(large.ejected)}`);
      if (large.model.layers.onGpu < large.model.layers.total) throw new Error(`it got ${large.model.layers.onGpu} layers of the card only`);
      await nextMessage(app);
      return `${(gone.freed.gpu / 2 ** 20).toFixed(1)} MiB of the card came back`;
    },
    true,
  );

/** Lost while the weights go up, and, on a card that lasts longer, in the middle of an answer. */
const lostCard = async (home: string): Promise<string> => {
  const loading = await onCard(home, 8192, { SOFTWARE_GPU_LOST: '40' }, async (app) => {
    const { steps } = await loaded(app, 'text', { gpuLayers: 5 });
    if (steps?.[0]?.why !== 'device') throw new Error(`it was loaded by ${JSON.stringify(steps)}`);
    await nextMessage(app);
    return steps.map(({ change, from, to }) => `${change} ${from}→${to}`).join(', ');
  });
  const answering = await onCard(home, 8192, { SOFTWARE_GPU_LOST: '300' }, async (app) => {
    // Other settings than before, whose plan is remembered.
    await loaded(app, 'text', { gpuLayers: 5, contextSize: 8192 });
    const { turnId } = await app.send('Count from 1 to 100.');
    const seen = await broken(app, turnId, await app.speaking(turnId));
    await nextMessage(app);
    return seen;
  });
  return `loading: ${loading}; answering: ${answering}`;
};

async function appKilled(home: string, phase: 'loading' | 'answering' | 'idle', random: () => number): Promise<string> {
  const app = await startApp(home);
  let turnId: string | undefined;
  let said = '';
  if (phase === 'loading') {
    await app.load('vision');
    await until(() => app.servers().length > 0, 'a llama-server that loads');
    await sleep(random() * 200);
  } else await loaded(app, 'vision');
  if (phase === 'answering') {
    ({ turnId } = await app.send(endless));
    said = await app.speaking(turnId);
    // What is said is stored once a second.
    await sleep(1_200);
  }
  const pids = below(app.pid).map(({ pid }) => pid);
  await app.kill();
  const started = performance.now();
  await until(() => !pids.some(isAlive), 'no engine survives the app');
  const took = performance.now() - started;
  return withApp(home, async (again) => {
    const kept = turnId === undefined ? '' : `; ${await broken(again, turnId, said)}`;
    if (!(await again.state(() => true))) throw new Error('no state');
    await nextMessage(again);
    return `${pids.length} processes gone after ${Math.round(took)} ms${kept}`;
  });
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
