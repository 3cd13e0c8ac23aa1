import { errors, type TepuiError } from "../../contract/errors.ts";
import type { PluginManifest } from "../../contract/ports/plugin.ts";

/** A port that a process itself uses, so that one of its plugins has to offer it. */
export interface PortNeed {
  readonly port: string;
  /** A feature that one of those that offer it must have. */
  readonly feature?: string;
  /** True where a second that offers it is one too many. */
  readonly isSingle?: boolean;
  /** The plugin that offers it where the config says nothing. */
  readonly usual: string;
}

/** What a process needs of its plugins, whatever else they are. */
export interface Needs {
  /** Who needs it, in words: `a master`. */
  readonly who: string;
  readonly ports: readonly PortNeed[];
}

/** A plugin by its name and what its manifest says. */
interface Named {
  readonly name: string;
  readonly manifest: PluginManifest;
}

/**
 * What a process would miss, or have too much of, with these plugins, in the order of its needs.
 * Manifests say it all, so no code of a plugin has to run for it.
 */
export function needProblems(needs: Needs, plugins: readonly Named[]): readonly TepuiError[] {
  return needs.ports.flatMap((need) => {
    const { port, feature, isSingle = false, usual } = need;
    const offering = plugins.filter(({ manifest }) => manifest.offers.includes(port));
    const able = offering.filter(
      ({ manifest: { features = [] } }) => feature === undefined || features.includes(feature),
    );
    if (able.length === 0) {
      const can = feature === undefined ? {} : { feature };
      return [errors.PORT_MISSING(port, { by: needs.who, usual, ...can })];
    }
    if (!isSingle || offering.length === 1) return [];
    const names = offering.map(({ name }) => name);
    return [errors.PORT_AMBIGUOUS(port, names)];
  });
}
