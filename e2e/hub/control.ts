/** `POST /__ctl`: the same orders as in process, for a test that runs the stand-in Hub in another process. */
import { seeded } from './content.ts';
import { type Answer, type Ask, json } from './exchange.ts';
import type { Hub } from './start.ts';

/** Carries out one order: `{do: 'fault', ...spec}`, `clear`, `rate`, `log`, `forget` (empties the log), or `put` of a seeded file. */
export async function control(hub: Hub, ask: Ask): Promise<Answer> {
  try {
    const order = JSON.parse(ask.body.toString());
    switch (order.do) {
      case 'fault': {
        const { do: _, ...spec } = order;
        hub.fault(spec);
        return json({});
      }
      case 'clear':
        hub.clearFaults();
        return json({});
      case 'rate':
        hub.setRate(order.bytesPerSecond ?? undefined);
        return json({});
      case 'log':
        return json(hub.log);
      case 'forget':
        hub.log.length = 0;
        return json({});
      case 'put':
        return json({
          commit: await hub.put(order.repo, { [order.path]: order.size === undefined ? undefined : seeded(order.seed ?? order.path, order.size) }),
        });
      default:
        return json({ error: `unknown order ${order.do}` }, {}, 400);
    }
  } catch (error) {
    return json({ error: String(error) }, {}, 400);
  }
}
