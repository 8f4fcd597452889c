/** The core of the app in a process of its own, from its sources, for faults.ts to break: asked over IPC, engines with what ENGINE_ENV adds. */
import path from 'node:path';
import { createCore } from '../main/core.ts';
import { forkEngine } from '../main/engine/fork.ts';
import { parentPort } from '../main/engine/ports.ts';
import { createServerPlatform } from '../main/server/platform.ts';
import { core as contract } from '../shared/contract/core.ts';
import { serve } from '../shared/rpc/serve.ts';

const root = path.resolve(import.meta.dirname, '..');
const entry = path.join(root, 'main/engine/host.ts');
const added = JSON.parse(process.env.ENGINE_ENV ?? '{}') as Record<string, string>;
const platform = createServerPlatform(root, '0.0.0');

const core = await createCore({
  ...platform,
  startEngine: (env) => forkEngine({ entry, env: { ...added, ...env } }),
});
serve(contract, core.handlers, parentPort()!, (error, method) => console.error(method, error));
process.on('message', (message) => {
  if (message === 'close') void core.close().finally(() => process.exit(0));
});
process.send!('ready');
