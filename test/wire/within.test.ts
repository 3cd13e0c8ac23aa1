import { createServer } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { within } from "../../wire/within.ts";

/** The address of a server that takes connections and says nothing. */
async function silentServer(): Promise<string> {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
}

test("the time is up although garbage is collected meanwhile", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const collecting = setInterval(collect, 20);
  onTestFinished(() => clearInterval(collecting));
  const url = await silentServer();
  const asked = within(500, new AbortController().signal, (signal) => fetch(url, { signal }));
  await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
});

test("the other signal aborts it too, with its own reason", async () => {
  const url = await silentServer();
  const outer = new AbortController();
  const asked = within(60_000, outer.signal, (signal) => fetch(url, { signal }));
  outer.abort(new Error("enough"));
  await expect(asked).rejects.toThrow("enough");
});

test("what is done in time keeps no timer, and gives its result", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const result = await within(60_000, new AbortController().signal, async (signal) => {
    expect(timers()).toBe(before + 1);
    return signal.aborted;
  });
  expect([result, timers()]).toEqual([false, before]);
});
