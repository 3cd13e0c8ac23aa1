import type { MakeTransport } from "./bench.ts";

/** One thing that every transport must do; `run` rejects when it does not. */
export interface Rule {
  readonly name: string;
  run(make: MakeTransport): Promise<void>;
}
