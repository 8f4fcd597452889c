/** `atelier search` and `atelier show`: models on the hub, as objects for programs and as text for people. */
import { createFormat } from '../../shared/format.ts';
import { badgesOf, quantizationQuality } from '../../shared/quality.ts';
import type { ModelDetail, ModelSummary } from '../../shared/schemas/hub.ts';
import type { Hub } from '../hub/client.ts';
import { readModel } from '../hub/files.ts';
import { searchModels } from '../hub/search.ts';
import { qualityNames } from './estimate.ts';
import { table } from './table.ts';

const format = createFormat('en-GB');

/** The first page of what the hub finds, most talked about first. Errors: those of the Hub. */
export async function runSearch(hub: Hub, query: string, signal: AbortSignal): Promise<{ report: object[]; text: string }> {
  const { models } = await searchModels(hub, { query }, signal);
  return { report: models.map(foundRow), text: models.length === 0 ? 'Nothing found.' : foundTable(models) };
}

const foundRow = ({ id, downloads, likes, updatedAt, licence, gated, vision }: ModelSummary) => ({
  id,
  downloads,
  likes,
  updatedAt: updatedAt ?? null,
  licence: licence ?? null,
  gated,
  vision,
});

function foundTable(models: readonly ModelSummary[]): string {
  const rows = models.map(({ id, downloads, likes, updatedAt, licence, gated, vision }) => [
    id,
    format.compact(downloads),
    format.compact(likes),
    updatedAt?.slice(0, 10) ?? '',
    licence ?? '',
    [vision && 'vision', gated !== 'no' && 'gated'].filter(Boolean).join(', '),
  ]);
  return table([['MODEL', 'DOWNLOADS', 'LIKES', 'UPDATED', 'LICENCE', ''], ...rows], [1, 2]);
}

/** A model's page. Errors: those of the Hub. */
export async function runShow(hub: Hub, repo: string, signal: AbortSignal): Promise<{ report: object; text: string }> {
  const model = await readModel(hub, repo, signal);
  return { report: detailOf(model), text: detailText(model) };
}

const detailOf = (model: ModelDetail) => ({
  ...foundRow(model),
  commit: model.commit,
  baseModel: model.baseModel ?? null,
  parameters: model.parameters ?? null,
  architecture: model.architecture ?? null,
  contextLength: model.contextLength ?? null,
  projector: model.projector ? { path: model.projector.path, size: model.projector.size } : null,
  quantizations: model.quantizations.map((quantization) => {
    const { word, kld } = quantizationQuality(quantization);
    return {
      label: quantization.label,
      files: quantization.files.map(({ path, size }) => ({ path, size })),
      size: quantization.size,
      bitsPerWeight: quantization.bitsPerWeight ?? null,
      quality: word,
      kld: kld ?? null,
      badges: badgesOf(quantization.id),
      unsupported: quantization.unsupported ?? null,
    };
  }),
});

function detailText(model: ModelDetail): string {
  const facts: [string, string | undefined][] = [
    ['base model', model.baseModel],
    ['parameters', model.parameters === undefined ? undefined : format.compact(model.parameters)],
    ['architecture', model.architecture],
    ['context', model.contextLength === undefined ? undefined : `${format.count(model.contextLength)} tokens`],
    ['licence', model.licence],
    ['vision', model.projector && `${model.projector.path} (${format.fileSize(model.projector.size)})`],
    ['access', model.gated === 'no' ? undefined : "gated: accept the terms on the model's page and set HF_TOKEN"],
    ['downloads', format.count(model.downloads)],
    ['updated', model.updatedAt?.slice(0, 10)],
  ];
  const rows = model.quantizations.map((quantization) => {
    const { label, size, bitsPerWeight, unsupported } = quantization;
    const { word, kld } = quantizationQuality(quantization);
    const bits = bitsPerWeight === undefined ? '' : bitsPerWeight.toFixed(2);
    const notes = [...badgesOf(quantization.id), ...(unsupported ? [`cannot be run (${unsupported})`] : [])];
    return [label, format.fileSize(size), bits, qualityNames[word], kld === undefined ? '' : String(kld), notes.join(', ')];
  });
  return [
    model.id,
    table(facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    '',
    table([['QUANTIZATION', 'SIZE', 'BITS', 'QUALITY', 'KLD', ''], ...rows], [1, 2]),
  ].join('\n');
}
