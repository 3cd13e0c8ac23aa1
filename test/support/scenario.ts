import { test } from "vitest";
import type { ClusterOptions } from "../../kernel/core/options.ts";
import { TestCluster } from "./cluster.ts";

/** A test with a cluster as its text says, in which nothing that is told stays unread. */
export function scenario(
  name: string,
  text: string,
  body: (cluster: TestCluster) => void,
  options: Partial<ClusterOptions> = {},
): void {
  test(name, () => {
    const cluster = new TestCluster(text, options);
    body(cluster);
    cluster.done();
  });
}
