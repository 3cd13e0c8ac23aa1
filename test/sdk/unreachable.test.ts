import { createServer } from "node:net";
import { expect, test } from "vitest";
import { OperatorClient, Scheduler } from "../../sdk/index.ts";

/** A port of this machine on which nobody listens. */
async function closedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test("a master that cannot be reached is said with why, by operators and by frameworks", async () => {
  const masters = `127.0.0.1:${await closedPort()}`;
  const expected = { code: "MASTER_UNREACHABLE", message: expect.stringContaining("ECONNREFUSED") };
  await expect(OperatorClient.connect({ masters, connectMs: 3_000 })).rejects.toMatchObject(
    expected,
  );
  const scheduler = new Scheduler({ name: "lost", masters });
  await expect(scheduler.ready(3_000)).rejects.toMatchObject(expected);
  await scheduler.stop();
});
