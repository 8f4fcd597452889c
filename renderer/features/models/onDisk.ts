/** A quantization of the Hub that lies on this computer already, wherever that is. */
import { useStore } from 'zustand/react';
import type { Quantization } from '../../../shared/schemas/hub.ts';
import type { LibraryModel } from '../../../shared/schemas/library.ts';
import { useStores } from '../../stores/index.ts';
import { appName } from './apps.ts';

/** The model whose files have the quantization's sha256; where one side's is not known, its names and sizes. */
export function sameOnDisk(models: readonly LibraryModel[], { files }: Quantization): LibraryModel | undefined {
  return models.find(
    (model) =>
      model.problem === undefined &&
      model.files.length === files.length &&
      files.every((there, index) => {
        const here = model.files[index]!;
        if (here.size !== there.size) return false;
        return here.sha256 && there.sha256 ? here.sha256 === there.sha256 : nameOf(here.path) === nameOf(there.path);
      }),
  );
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Where a model lies, in a word: another app's name, else its folder. */
export const whereOf = ({ source }: LibraryModel): string => appName(source.app) ?? source.folder;

/** The model on disk that is this quantization, kept up to date. */
export function useOnDisk(quantization: Quantization): LibraryModel | undefined {
  const { library } = useStores();
  return useStore(library, ({ models }) => models && sameOnDisk(models, quantization));
}
