/** Forge maker that hands the packaged app to electron-builder, whose own Forge makers do not work with Forge 6 and later. */
import path from 'node:path';
import { MakerBase, type MakerOptions } from '@electron-forge/maker-base';
import type { ForgePlatform } from '@electron-forge/shared-types';
import { Arch, build, type Configuration, Platform } from 'electron-builder';

export interface BuilderConfig {
  /** electron-builder's targets for each platform. */
  targets: Partial<Record<ForgePlatform, string[]>>;
  builder: Configuration;
}

export class MakerBuilder extends MakerBase<BuilderConfig> {
  name = 'electron-builder';
  defaultPlatforms: ForgePlatform[] = ['win32', 'linux', 'darwin'];

  override isSupportedOnCurrentPlatform(): boolean {
    return true;
  }

  /** The paths of what was made. */
  override async make({ dir, makeDir, targetArch, targetPlatform, appName }: MakerOptions): Promise<string[]> {
    return build({
      prepackaged: targetPlatform === 'darwin' ? path.join(dir, `${appName}.app`) : dir,
      targets: Platform.fromString(targetPlatform).createTarget(this.config.targets[targetPlatform], Arch[targetArch as keyof typeof Arch]),
      publish: 'never',
      config: { ...this.config.builder, directories: { output: path.join(makeDir, 'builder', targetPlatform, targetArch) } },
    });
  }
}
