/** What a licence tag of the Hub means to a person. */
import type { CommercialUse } from './schemas/hub.ts';

/**
 * Licences by their tag on the Hub (hub-docs, repositories-licenses). `unknown` is for terms of a publisher's own: they may allow
 * commercial use under conditions (users a month, purposes, countries) that only reading them can settle.
 */
const known: Record<string, readonly [name: string, commercial: CommercialUse]> = {
  'apache-2.0': ['Apache 2.0', 'yes'],
  mit: ['MIT', 'yes'],
  isc: ['ISC', 'yes'],
  bsd: ['BSD', 'yes'],
  'bsd-2-clause': ['BSD 2-Clause', 'yes'],
  'bsd-3-clause': ['BSD 3-Clause', 'yes'],
  unlicense: ['Unlicense', 'yes'],
  'cc0-1.0': ['CC0 1.0', 'yes'],
  wtfpl: ['WTFPL', 'yes'],
  'gpl-3.0': ['GPL 3.0', 'yes'],
  'agpl-3.0': ['AGPL 3.0', 'yes'],
  'lgpl-3.0': ['LGPL 3.0', 'yes'],
  'mpl-2.0': ['MPL 2.0', 'yes'],
  'openmdw-1.0': ['OpenMDW 1.0', 'yes'],
  'openmdw-1.1': ['OpenMDW 1.1', 'yes'],
  llama2: ['Llama 2', 'unknown'],
  llama3: ['Llama 3', 'unknown'],
  'llama3.1': ['Llama 3.1', 'unknown'],
  'llama3.2': ['Llama 3.2', 'unknown'],
  'llama3.3': ['Llama 3.3', 'unknown'],
  llama4: ['Llama 4', 'unknown'],
  gemma: ['Gemma', 'unknown'],
  qwen: ['Qwen', 'unknown'],
  'bigscience-openrail-m': ['BigScience OpenRAIL-M', 'unknown'],
  'creativeml-openrail-m': ['CreativeML OpenRAIL-M', 'unknown'],
  openrail: ['OpenRAIL', 'unknown'],
  'openrail++': ['OpenRAIL++', 'unknown'],
  'apple-amlr': ['Apple research', 'no'],
};

/** The licence's name for people, and whether it allows commercial use. A tag that nobody knows is its own name. */
export function licenceOf(tag: string | undefined): { name: string; commercial: CommercialUse } {
  if (tag === undefined) return { name: '', commercial: 'unknown' };
  const id = tag.toLowerCase();
  const found = Object.hasOwn(known, id) ? known[id] : undefined;
  if (found) return { name: found[0], commercial: found[1] };
  const creative = /^cc-(by(?:-nc)?(?:-sa|-nd)?)(?:-(\d\.\d))?$/.exec(id);
  if (creative) {
    const [, terms = '', version] = creative;
    return { name: ['CC', terms.toUpperCase(), version].filter(Boolean).join(' '), commercial: terms.includes('nc') ? 'no' : 'yes' };
  }
  return { name: tag, commercial: /(?:^|[-_])(?:nc|non-?commercial|research)(?:$|[-_\d])/.test(id) ? 'no' : 'unknown' };
}
