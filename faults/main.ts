/** `npm run test:faults -- downloads|engine [options]`: ends with 1 where something went wrong. */
import { downloadFaults } from './downloads.ts';
import { engineFaults } from './engine.ts';

const suites: Record<string, (args: string[]) => Promise<number>> = { downloads: downloadFaults, engine: engineFaults };
const [name = '', ...args] = process.argv.slice(2);
const suite = suites[name];
if (!suite) {
  console.error(`npm run test:faults -- ${Object.keys(suites).join('|')} [options]`);
  process.exit(2);
}
process.exit((await suite(args)) > 0 ? 1 : 0);
