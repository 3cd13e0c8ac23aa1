import { afterEach } from "vitest";
import { resources } from "../../../sdk/index.ts";
import { fakeMaster, schedulerFor } from "./fake-master.ts";

/** What is to be ended after a test, the last first. */
export const cleanups: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A scheduler that is subscribed to a fake master; both end with the test. */
export async function subscribed(options: Parameters<typeof schedulerFor>[1] = {}) {
  const fake = await fakeMaster();
  const scheduler = schedulerFor(fake, options);
  cleanups.push(
    () => fake.stop(),
    () => scheduler.stop(),
  );
  await scheduler.ready();
  return { fake, scheduler };
}

/** A small task. */
export const task = (taskId: string) => ({
  taskId,
  resources: resources({ cpus: 0.5, mem: 64 }),
  command: { value: "true" },
});
