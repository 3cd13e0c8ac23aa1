import type { ContainerShown, OwnAgentView } from "../../../../contract/ports/agent-view.ts";
import type { Usage } from "../../../../contract/ports/isolator.ts";

/** Executors and commands with what their containers use, as far as it is measured. */
export async function containersOf(
  view: OwnAgentView,
  isWanted: (shown: ContainerShown) => boolean = () => true,
): Promise<{ shown: ContainerShown; usage: Usage | undefined }[]> {
  return Promise.all(
    [...view.containers()].filter(isWanted).map(async (shown) => {
      // One that has ended meanwhile, or that nobody can measure, is shown without figures.
      const parts = shown.parts.map((id) => view.usage(id).catch(() => undefined));
      return { shown, usage: sumOf((await Promise.all(parts)).filter((one) => one !== undefined)) };
    }),
  );
}

/** What containers use together. A figure that is not had of each of them is not had of all. */
function sumOf([first, ...others]: readonly Usage[]): Usage | undefined {
  return others.reduce<Usage | undefined>((sum, one) => sum && plus(sum, one), first);
}

function plus(sum: Usage, one: Usage): Usage {
  const { timeMs, ...figures } = sum;
  const added = Object.entries(figures).flatMap(([name, value]) => {
    const other = one[name as keyof Usage];
    return value === undefined || other === undefined ? [] : [[name, value + other] as const];
  });
  return { timeMs: Math.max(timeMs, one.timeMs), ...Object.fromEntries(added) };
}
