/** What every fault of the engine does: an app is run on, a model loaded, the next message answered, and nothing left. */
import { isAlive } from '../main/alive.ts';
import type { EngineState } from '../shared/schemas/engine.ts';
import { type App, below, greeting, type Kind, leftFolders, startApp, until } from './app.ts';

export interface Scenario {
  name: string;
  /** Why it cannot be run here. */
  missing?: string | undefined;
  /** What was seen, for the table; throws where something else was seen than should be. */
  run(home: string, random: () => number): Promise<string>;
}

/** Runs `act` on an app, and sees that nothing is left of its engines when it has closed. */
export async function withApp(home: string, act: (app: App) => Promise<string>, engineEnv?: Record<string, string>): Promise<string> {
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

/** SIGKILL to each that is still there. */
export const kill = (pids: number[]): void => {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went by itself.
    }
};

/** The state once the model can answer. Throws where the load fails. */
export async function loaded(app: App, kind: Kind, settings?: Parameters<App['load']>[1]): Promise<Extract<EngineState, { status: 'ready' }>> {
  await app.load(kind, settings);
  const state = await app.state(({ status }) => status === 'ready' || status === 'failed');
  if (state.status !== 'ready') throw new Error(`the load failed: ${JSON.stringify(state).slice(0, 300)}`);
  return state;
}

/** The next message works, in the same chat where there is one. */
export async function nextMessage(app: App): Promise<void> {
  const { turnId } = await app.send(greeting.question);
  const { status, text, error } = await app.ended(turnId);
  if (status !== 'done' || text !== greeting.answer) throw new Error(`the next message ended ${status}: ${JSON.stringify(error ?? text)}`);
}

/** The answer `turnId` broke off and has at least the text that was seen. */
export async function broken(app: App, turnId: string, said: string): Promise<string> {
  const { status, text, error } = await app.ended(turnId);
  if (status !== 'interrupted' || !text.startsWith(said))
    throw new Error(`the answer ended ${status} with ${text.length} of ${said.length} characters: ${error?.code}`);
  return `${text.length} characters kept${typeof error?.data?.cause === 'string' ? `, ${error.data.cause}` : ''}`;
}
