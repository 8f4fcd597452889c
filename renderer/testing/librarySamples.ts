/** A library of many places, for tests and for looking at the page. */
import type { BinItem, Duplicates, LibraryModel, LibraryPlace, LibraryTask } from '../../shared/schemas/library.ts';
import { libraryModel } from './samples.ts';

const ours = '/home/ada/.local/share/atelier/models';
const gb = 1_000_000_000;

/** Models of other apps, of a drive that is not there, and a file used where it lies. */
export const elsewhere: LibraryModel[] = [
  libraryModel({
    id: '/home/ada/.ollama/models/manifests/registry.ollama.ai/library/llama3.2/3b',
    repo: 'registry.ollama.ai/library/llama3.2',
    name: 'llama3.2:3b',
    files: [{ path: '/home/ada/.ollama/models/blobs/sha256-dde5aa3fc5ffc17176b5e8bdc82f587b24b2678c6c66101bf7da77af9f7ccdff', size: 2_019_000_000 }],
    size: 2_019_000_000,
    vision: false,
    verified: false,
    source: { app: 'ollama', folder: '/home/ada/.ollama/models', reference: false },
  }),
  libraryModel({
    id: '/media/ada/usb/models/Mistral-7B-Q8_0.gguf',
    repo: '',
    name: 'Mistral 7B',
    label: 'Q8_0',
    problem: 'missingDrive',
    vision: false,
    source: { app: 'folder', folder: '/media/ada/usb/models', reference: false },
  }),
  libraryModel({
    id: '/home/ada/Downloads/phi-4-Q4_K_M.gguf',
    repo: '',
    name: 'Phi 4',
    files: [{ path: '/home/ada/Downloads/phi-4-Q4_K_M.gguf', size: 9_050_000_000 }],
    size: 9_050_000_000,
    vision: false,
    source: { app: 'folder', folder: '/home/ada/Downloads', reference: true },
  }),
];

export const removedModels: BinItem[] = [
  { id: 'a/b/c.gguf', name: 'Gemma 3 12B', label: 'Q4_K_M', size: 7.3 * gb, removedAt: '2026-11-20T10:00:00Z', until: '2026-12-20T10:00:00Z' },
  { id: 'a/b/d.gguf', name: 'Qwen3.5 9B', label: 'Q2_K', size: 3.1 * gb, removedAt: '2026-11-02T10:00:00Z', until: '2026-12-02T10:00:00Z' },
];

export const libraryPlaces: LibraryPlace[] = [
  { app: 'atelier', folder: ours, shown: true, there: true, models: 3, size: 13.2 * gb },
  { app: 'folder', folder: '/media/ada/usb/models', shown: true, there: false, models: 1, size: 0 },
  { app: 'ollama', folder: '/home/ada/.ollama/models', shown: true, there: true, models: 1, size: 2_019_000_000 },
  { app: 'lmstudio', folder: '/home/ada/.lmstudio/models', shown: false, there: true, models: 0, size: 0 },
];

export const libraryTasks: LibraryTask[] = [
  { id: 't1', kind: 'import', name: '/home/ada/Downloads/phi-4-Q4_K_M.gguf', done: 3.1 * gb, total: 9.05 * gb },
  { id: 't2', kind: 'link', name: 'a/b/model.gguf', done: 0, total: gb, error: { code: 'library.notEqual', message: '', data: { file: 'a/b/model.gguf' } } },
];

const path = 'unsloth/Qwen3.5-9B-GGUF/Qwen3.5-9B-Q4_K_M.gguf';
export const libraryDuplicates: Duplicates = {
  groups: [
    {
      sha256: 'a'.repeat(64),
      size: 5.7 * gb,
      files: [
        { path, id: path, name: 'Qwen3.5 9B Q4_K_M', app: 'atelier' },
        { path: '/data/models/Qwen3.5-9B-Q4_K_M.gguf', id: 'copy', name: 'Qwen3.5 9B Q4_K_M', app: 'folder' },
        { path: `/home/ada/.ollama/models/blobs/sha256-${'a'.repeat(64)}`, id: 'ollama', name: 'qwen3.5:9b Q4_K_M', app: 'ollama' },
      ],
      linkable: 5.7 * gb,
      deletable: 11.4 * gb,
    },
  ],
  unknown: 4.4 * gb,
};
