#!/usr/bin/env node
/** Entry of the command line. Exit codes: 0 done, 1 a fault, 2 a wrong command. */
import { Fault } from '../../shared/result.ts';
import { type Command, parseCommand, UsageError, usage } from './arguments.ts';
import { runEstimate } from './estimate.ts';
import { type Answer, runImport, runList, runRemove, runVerify } from './models.ts';
import { createProgress } from './progress.ts';
import { runPull } from './pull.ts';
import { runSearch, runShow } from './search.ts';
import { faultReport, faultSentence } from './sentences.ts';
import { openServices, type Services } from './services.ts';
import { printable } from './table.ts';

const abort = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => abort.abort(new Fault('cancelled', 'Stopped.')));
// A reader that has seen enough, such as `head`, closes the pipe.
process.stdout.on('error', () => process.exit());

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const forPrograms = args.includes('--json');
  const warn = (message: string): void => console.error(forPrograms ? JSON.stringify({ warning: { message } }) : printable(`atelier: ${message}.`));
  try {
    const command = parseCommand(args);
    if (command.name === 'help') {
      console.log(usage);
      return 0;
    }
    const services = await openServices(process.env, { warn });
    try {
      const { report, text, failed } = await run(services, command);
      console.log(command.json ? JSON.stringify(report, null, 2) : printable(text));
      return failed ? 1 : 0;
    } finally {
      await services.close();
    }
  } catch (error) {
    const wrong = error instanceof UsageError;
    if (forPrograms) console.error(JSON.stringify({ error: wrong ? { code: 'usage', message: error.message, details: null } : faultReport(error) }));
    else console.error(printable(`atelier: ${wrong ? `${error.message}\nTry "atelier help".` : faultSentence(error)}`));
    return wrong ? 2 : 1;
  }
}

async function run(services: Services, command: Exclude<Command, { name: 'help' }>): Promise<Answer> {
  const { signal } = abort;
  const progress = createProgress(process.stderr);
  switch (command.name) {
    case 'search':
      return runSearch(services.hub, command.query, signal);
    case 'show':
      return runShow(services.hub, command.repo, signal);
    case 'estimate':
      return runEstimate(services, command.target, command.settings, signal);
    case 'pull':
      return runPull(services, command.target, progress, signal);
    case 'ls':
      return runList(services);
    case 'rm':
      return runRemove(services, command.model, command.forGood);
    case 'import':
      return runImport(services, command.file, command.mode, progress, signal);
    case 'verify':
      return runVerify(services, command.model, progress, signal);
  }
}
