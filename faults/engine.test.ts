/** A few of the engine's faults in every test run; `npm run test:faults -- engine` has them all. */
import { expect, test } from 'vitest';
import { runScenario, whyNoServer } from './engine.ts';
import { manyLoads, scenarios } from './engineScenarios.ts';

const noServer = await whyNoServer();
const all = [...scenarios(noServer), manyLoads(5, noServer)];
const chosen = all.filter(({ name }) =>
  [
    'SIGKILL of both while answering',
    'SIGKILL of the app while loading',
    'text model deleted while loaded',
    'a graphics card with room for one of two models',
    '5 loads and ejections',
  ].includes(name),
);

test('the chosen faults are among all', () => expect(chosen).toHaveLength(5));

for (const scenario of chosen) {
  if (scenario.missing) console.log(`Skipped: ${scenario.name}: ${scenario.missing}`);
  test.skipIf(scenario.missing)(`${scenario.name}: the next message is answered`, { timeout: 120_000 }, async () => {
    expect(await runScenario(scenario, 1)).toMatch(/\w/);
  });
}
