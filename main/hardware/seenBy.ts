/** The machine as an engine process sees it that is started for nothing else. */
import { control } from '../../shared/contract/control.ts';
import { connect } from '../../shared/rpc/connect.ts';
import type { Hardware } from '../../shared/schemas/hardware.ts';
import { callFault } from '../engine/crash.ts';
import type { EngineProcess } from '../platform.ts';

/** What `process` has to compute with; `folder` tells which disk. Settles when the process is gone. Throws what is behind a call that failed. */
export async function seenBy(process: EngineProcess, folder: string, signal?: AbortSignal): Promise<Hardware> {
  try {
    const answer = await connect(control, process.port).call('hardware', { folder }, signal && { signal });
    if (!answer.ok) throw await callFault(process, answer.error);
    return answer.value;
  } finally {
    process.kill();
    await process.exited;
  }
}
