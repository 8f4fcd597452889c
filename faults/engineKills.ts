/** Engines, llama-servers and the app that are killed while they load, answer, go or do nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../main/alive.ts';
import type { EngineState } from '../shared/schemas/engine.ts';
import { type App, below, endless, greeting, type Kind, startApp, until } from './app.ts';
import { broken, kill, loaded, nextMessage, withApp } from './scenario.ts';

export type Victim = 'the engine' | 'llama-server' | 'both';
export type Phase = 'loading' | 'answering' | 'unloading';

/** The `victim` is killed in that phase: the load goes on or the answer keeps its text, and the next message works. */
export async function killed(app: App, victim: Victim, phase: Phase, random: () => number): Promise<string> {
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

/** Two models answer at once and the process of the first is killed: only its answer breaks off. */
export async function oneOfTwo(app: App): Promise<string> {
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

/** Three crashes in a row: nothing is started by itself any more until somebody loads a model. */
export async function crashing(app: App): Promise<string> {
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

/** The app is killed: no engine survives it, and the next start has the text of the answer. */
export async function appKilled(home: string, phase: 'loading' | 'answering' | 'idle', random: () => number): Promise<string> {
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
