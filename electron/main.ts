/** Before ready: what must be said to Electron early, and one instance only. Everything else waits for `boot.ts`. */
import { app, dialog, protocol } from 'electron';
import { appScheme } from './protocol.ts';

app.enableSandbox();
protocol.registerSchemesAsPrivileged([appScheme]);

if (app.requestSingleInstanceLock()) {
  // Awaiting whenReady at the top level would deadlock: `ready` fires only after this module has been evaluated (electron#40719).
  app
    .whenReady()
    .then(() => import('./boot.ts'))
    .then(({ boot }) => boot())
    .catch((error: unknown) => {
      console.error(error);
      // There is no window yet to say it in.
      dialog.showErrorBox('Atelier', error instanceof Error ? error.message : String(error));
      app.exit(1);
    });
} else {
  app.exit(0);
}
