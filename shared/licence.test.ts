/** Licence tags of the Hub: named for people, and never said to allow commercial use when only reading them can tell. */
import { expect, test } from 'vitest';
import { licenceOf } from './licence.ts';

test.each([
  ['apache-2.0', 'Apache 2.0', 'yes'],
  ['mit', 'MIT', 'yes'],
  ['MIT', 'MIT', 'yes'],
  ['openmdw-1.1', 'OpenMDW 1.1', 'yes'],
  ['cc-by-4.0', 'CC BY 4.0', 'yes'],
  ['cc-by-sa-4.0', 'CC BY-SA 4.0', 'yes'],
  ['cc-by-nc-4.0', 'CC BY-NC 4.0', 'no'],
  ['cc-by-nc-sa-4.0', 'CC BY-NC-SA 4.0', 'no'],
  ['cc-by-nc-nd-3.0', 'CC BY-NC-ND 3.0', 'no'],
  ['llama3.1', 'Llama 3.1', 'unknown'],
  ['gemma', 'Gemma', 'unknown'],
  ['qwen-research', 'qwen-research', 'no'],
  ['fair-noncommercial-research-license', 'fair-noncommercial-research-license', 'no'],
  ['other', 'other', 'unknown'],
  ['constructor', 'constructor', 'unknown'],
  ['encumbered', 'encumbered', 'unknown'],
  [undefined, '', 'unknown'],
])('%s', (tag, name, commercial) => expect(licenceOf(tag)).toEqual({ name, commercial }));
