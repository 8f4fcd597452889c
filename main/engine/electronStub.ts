/**
 * Lets node-llama-cpp load inside an Electron utility process.
 *
 * It tests each binary in a child process first and wants `electron.utilityProcess.fork` for that, which a utility
 * process does not have; with the RunAsNode fuse off nothing else can be forked either and it answers NoBinaryFoundError.
 * The engine process is itself disposable, so it may stand in for that test: a bad binary ends the engine, not the app.
 */
import { registerHooks } from 'node:module';

const stub = `
import { EventEmitter } from 'node:events';
export const utilityProcess = {
  fork() {
    const child = new EventEmitter();
    child.pid = 1;
    child.kill = () => { child.pid = undefined; return true };
    const answers = { start: 'loaded', test: 'done' };
    child.postMessage = ({ type }) => queueMicrotask(() => type === 'exit' ? child.emit('exit', 0) : child.emit('message', { type: answers[type] }));
    setImmediate(() => child.emit('message', { type: 'ready' }));
    return child;
  },
};`;

/** Answers `import('electron')` with the stub. Call before node-llama-cpp is imported, in the engine process only. */
export function registerElectronStub(): void {
  const url = `data:text/javascript,${encodeURIComponent(stub)}`;
  registerHooks({ resolve: (specifier, context, next) => (specifier === 'electron' ? { url, shortCircuit: true } : next(specifier, context)) });
}
