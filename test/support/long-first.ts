import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files of tests that take half a minute and more, which nothing about them shows: on a clone
 * that has run no tests yet, files begin by their sizes, and the machine of test/vm came last.
 */
export const longFiles: readonly string[] = [
  "agent/image-crash",
  "agent/kills",
  "authoring/guides",
  "authoring/typescript-plugins",
  "conformance/every-allocator",
  "e2e/awaited",
  "e2e/ends",
  "e2e/journal",
  "e2e/run",
  "e2e/service",
  "e2e/users",
  "isolators/docker-agent",
  "isolators/docker-engine",
  "mesos/conformance-failures",
  "mesos/conformance-tasks",
  "mesos/hostile",
  "mesos/npm-client",
  "vm/cgroups-v2",
];

/** The long ones of these files, and then the others, each in the order in which they came. */
export function longFirst<File extends { readonly moduleId: string }>(files: File[]): File[] {
  const isLong = ({ moduleId }: File): boolean =>
    longFiles.some((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return [...files.filter(isLong), ...files.filter((file) => !isLong(file))];
}

/** Begins the longest files first, so that no worker is left with one of them at the end. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return longFirst(await super.sort(files));
  }
}
