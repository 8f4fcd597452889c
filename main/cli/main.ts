#!/usr/bin/env node
/** Entry of the command line: `atelier search`, `show` and `estimate`. Exit codes: 0 done, 1 a fault, 2 a wrong command. */
import { type Command, parseCommand, UsageError, usage } from './arguments.ts';
import { runEstimate } from './estimate.ts';
import { runSearch, runShow } from './search.ts';
import { faultSentence } from './sentences.ts';
import { openServices, type Services } from './services.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => abort.abort());
// A reader that has seen enough, such as `head`, closes the pipe.
process.stdout.on('error', () => process.exit());

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const command = parseCommand(args);
    if (command.name === 'help') {
      console.log(usage);
      return 0;
    }
    const services = openServices(process.env);
    try {
      const { report, text } = await run(services, command);
      console.log(command.json ? JSON.stringify(report, null, 2) : text);
    } finally {
      await services.close();
    }
    return 0;
  } catch (error) {
    console.error(`atelier: ${error instanceof UsageError ? `${error.message}\nTry "atelier help".` : faultSentence(error)}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

function run(services: Services, command: Exclude<Command, { name: 'help' }>): Promise<{ report: object; text: string }> {
  if (command.name === 'search') return runSearch(services.hub, command.query, abort.signal);
  if (command.name === 'show') return runShow(services.hub, command.repo, abort.signal);
  return runEstimate(services, command.target, command.settings, abort.signal);
}
