/** Where a job comes from, for as long as that is the hub in use. */
import { Fault } from '../../shared/result.ts';
import type { Hub } from '../hub/client.ts';
import type { Source } from './transfer.ts';

export type HomeHub = Source & Pick<Hub, 'endpoint'>;

/** The hub for as long as it is the one at `endpoint`: a job never goes on from another one. */
export function only(hub: HomeHub, endpoint: string): Source {
  const check = (): void => {
    if (hub.endpoint !== endpoint) throw new Fault('cancelled', 'Another hub is in use now.');
  };
  return {
    async resolve(file, signal) {
      check();
      try {
        return await hub.resolve(file, signal);
      } catch (error) {
        const gone = error instanceof Fault && error.code === 'hub.notFound' && error.data?.version === true;
        throw gone ? new Fault('download.changed', 'This version is not on the Hub any more.', { file: file.path }, error) : error;
      }
    },
    async get(...args) {
      check();
      return hub.get(...args);
    },
  };
}
