/** Child process of a test: loads the tiny model locked in memory in every engine there is, and says which was not let. */
import { engines, open } from './testBackends.ts';
import { quant } from './testModel.ts';

for (const engine of engines) {
  const { backend, loaded } = await open(engine, quant.q4, { mlock: true, vision: false });
  await backend.dispose();
  console.log(JSON.stringify({ engine: engine.name, unlocked: loaded.unlocked ?? false }));
}
process.exit(0);
