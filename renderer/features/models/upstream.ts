/** A model on disk beside what its repository on the Hub has now. */
import type { ModelDetail, Quantization } from '../../../shared/schemas/hub.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';

export interface Upstream {
  /** `unknown` where the hash of one side is not known; `gone` where the quantization is not in the repository any more. */
  state: 'same' | 'changed' | 'gone' | 'unknown';
  /** What a download of the version on the Hub would be. */
  download?: { repo: string; commit: string; quantization: string };
  /** Bytes of files that are not the same. */
  changed: number;
  /** Bytes of the projector that the repository has and this model lacks. */
  vision?: number;
}

/** Compares by the files' sha256; only what lies where a download would put it can be downloaded anew. */
export function upstreamOf({ hub, files, id, vision, source }: LibraryModel, detail: ModelDetail): Upstream {
  const quantization = detail.quantizations.find((each) => each.id === hub?.path);
  if (!hub || !quantization) return { state: 'gone', changed: 0 };
  const ours = source.app === 'atelier' && id === `${hub.repo}/${hub.path}`;
  const download = { repo: hub.repo, commit: detail.commit, quantization: quantization.id };
  const { state, changed } = comparison(files, quantization);
  const lacks = ours && !vision && state === 'same' && detail.projector;
  return { state, changed, ...(ours && { download }), ...(lacks && { vision: lacks.size }) };
}

function comparison(files: LibraryModel['files'], quantization: Quantization): Pick<Upstream, 'state' | 'changed'> {
  const pairs = quantization.files.map((there, index) => ({ there, here: files[index] }));
  if (pairs.some(({ here, there }) => !here || here.size !== there.size || (here.sha256 && there.sha256 && here.sha256 !== there.sha256))) {
    const other = pairs.filter(({ here, there }) => !here || here.size !== there.size || here.sha256 !== there.sha256);
    return { state: 'changed', changed: other.reduce((sum, { there }) => sum + there.size, 0) };
  }
  return { state: pairs.every(({ here, there }) => here?.sha256 && there.sha256) ? 'same' : 'unknown', changed: 0 };
}
