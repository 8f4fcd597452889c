/** What a shell must give to core: folders, secrets, and processes. */
import type { Port } from '../shared/rpc/port.ts';

/** An engine process that has been started. */
export interface EngineProcess {
  /** Speaks the control contract. */
  port: Port;
  /** Settles once, when the process is gone. */
  exited: Promise<EngineExit>;
  /** Ends it at once. */
  kill(): void;
}

export interface EngineExit {
  code: number | null;
  signal: string | null;
  /** The end of what it wrote to stderr: llama.cpp's last lines. */
  lastWords: string;
}

/** A running sample hub. */
export interface SampleHub {
  endpoint: string;
  /** Hosts that its redirects may lead to, besides its own. */
  redirectHosts: string[];
  close(): void;
}

export interface Folders {
  /** Chats, images, settings and logs. */
  data: string;
  /** What can be made again: slim headers, the vision engine. */
  cache: string;
  /** `<publisher>/<repository>/<file>`. */
  models: string;
}

export interface Platform {
  shell: 'headless' | 'desktop';
  version: string;
  folders: Folders;
  /** The Hub in use, from HF_ENDPOINT or the default, and the hosts its redirects may lead to besides Hugging Face's own. */
  hub: { endpoint: string; redirectHosts: string[]; token: string | undefined };
  startEngine(): EngineProcess;
  startSampleHub(): Promise<SampleHub>;
}
