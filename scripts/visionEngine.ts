/** Builds llama-server into the cache before the tests need it, and says what is missing where it cannot be built. */
import { buildServer } from '../main/engine/serverBuild.ts';
import { defaultFolders } from '../main/folders.ts';

let said = -1;
const built = await buildServer({
  cacheFolder: defaultFolders().cache,
  onProgress(progress) {
    const tenth = Math.floor(progress * 10);
    if (tenth === said) return;
    said = tenth;
    console.log(`atelier: building the vision engine, ${tenth * 10} %`);
  },
});
if ('problem' in built) console.log(`atelier: SKIPPED: tests with pictures, because the vision engine cannot be built here: ${built.problem}`);
