/** A utility process as an engine. */
import type { App, UtilityProcess } from 'electron';
import type { EngineExit, EngineProcess } from '../main/platform.ts';
import type { Port } from '../shared/rpc/port.ts';

/** How much of stderr is kept: llama.cpp's last lines. */
const keptCharacters = 4000;

type Child = Pick<UtilityProcess, 'on' | 'once' | 'postMessage' | 'kill' | 'stderr' | 'pid'>;

/**
 * Wraps a forked utility process. `exit` can come before `child-process-gone` and say 0 for a crash (electron#42283),
 * so the reason of the latter, where it arrives within the same turn of the loop, is what is told.
 */
export function engineProcess(child: Child, app: Pick<App, 'on' | 'removeListener'>, serviceName: string): EngineProcess {
  let lastWords = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    lastWords = (lastWords + chunk.toString('utf8')).slice(-keptCharacters);
  });

  let gone: string | undefined;
  const onGone = (_: unknown, details: { type: string; serviceName?: string; reason: string }): void => {
    if (details.type === 'Utility' && details.serviceName === serviceName && details.reason !== 'clean-exit') gone = details.reason;
  };
  app.on('child-process-gone', onGone);
  const exited = new Promise<EngineExit>((resolve) => {
    child.once('exit', (code) =>
      setImmediate(() => {
        app.removeListener('child-process-gone', onGone);
        resolve({ code: gone === undefined ? code : code || 1, signal: gone ?? null, lastWords });
      }),
    );
  });

  const port: Port = {
    post: (frame) => child.postMessage(frame),
    listen(onFrame, onClose) {
      child.on('message', onFrame);
      void exited.then(onClose);
    },
    close: () => void child.kill(),
  };
  return {
    port,
    exited,
    kill: () => void child.kill(),
    get pid() {
      return child.pid;
    },
  };
}
