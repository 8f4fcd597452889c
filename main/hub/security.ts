/** What the Hub's scanners found in a repository. */
import * as z from 'zod/mini';
import type { ModelDetail } from '../../shared/schemas/hub.ts';
import type { Hub } from './client.ts';
import { readModel } from './files.ts';

/** As huggingface_hub's `ModelInfo.security_repo_status`. Whatever is listed is an issue, of whichever level. */
const answer = z.object({
  sha: z.string(),
  securityRepoStatus: z.object({ scansDone: z.boolean(), filesWithIssues: z.array(z.unknown()) }),
});

/**
 * A model's page: its details, and what the scanners found at the same commit. Costs one request more than `readModel`, which downloads,
 * estimates and traits do without. Faults as of `readModel`.
 */
export async function readPage(hub: Hub, repo: string, signal: AbortSignal): Promise<ModelDetail> {
  const [model, scanned] = await Promise.all([readModel(hub, repo, signal), readSecurity(hub, repo, signal)]);
  return { ...model, ...(scanned && scanned.commit === model.commit && { security: scanned.security }) };
}

/** Undefined where the Hub, or a mirror of it, does not tell: that is no reason not to show the model. */
async function readSecurity(
  hub: Hub,
  repo: string,
  signal: AbortSignal,
): Promise<{ commit: string; security: NonNullable<ModelDetail['security']> } | undefined> {
  try {
    const { body } = await hub.json(`/api/models/${repo}`, [['securityStatus', 'true']], signal, repo);
    const { sha, securityRepoStatus } = answer.parse(body);
    const { scansDone, filesWithIssues } = securityRepoStatus;
    return { commit: sha, security: filesWithIssues.length > 0 ? 'unsafe' : scansDone ? 'safe' : 'unscanned' };
  } catch {
    return undefined;
  }
}
