/** Runs the sample hub as a process of its own: prints one line of JSON with its address, ends with its parent. */
import { fstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { builtinRepositories } from './builtin.ts';
import { startHub } from './start.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    /** Bytes per second of every CDN answer. */
    rate: { type: 'string' },
    fixtures: { type: 'string', default: fileURLToPath(new URL('../fixtures', import.meta.url)) },
    prefix: { type: 'string' },
    control: { type: 'boolean', default: false },
  },
});

const hub = await startHub({
  repositories: builtinRepositories(values.fixtures),
  port: Number(values.port),
  control: values.control,
  ...(values.rate === undefined ? {} : { rate: Number(values.rate) }),
  ...(values.prefix === undefined ? {} : { prefix: values.prefix }),
});
process.stdout.write(`${JSON.stringify({ endpoint: hub.endpoint, redirectHosts: hub.redirectHosts })}\n`);

const close = async () => {
  await hub.close();
  process.exit(0);
};
process.once('SIGINT', close);
process.once('SIGTERM', close);
process.once('disconnect', close);
// A terminal or /dev/null as stdin is no parent to wait for; a pipe is, and ends with it. A forked process has its channel instead.
if (!process.connected && stdinIsPipe()) process.stdin.resume().once('end', close).once('error', close);

function stdinIsPipe(): boolean {
  try {
    const stdin = fstatSync(0);
    return stdin.isFIFO() || stdin.isSocket();
  } catch {
    return false;
  }
}
