import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Program, runToEnd, Supervised } from "../../cli/local/supervised.ts";
import { until } from "../support/until.ts";

let folder: string;
const supervised: Supervised[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-supervised-"));
});
afterEach(async () => {
  for (const one of supervised.splice(0)) await one.stop(5_000);
  rmSync(folder, { recursive: true, force: true });
});

/** A program that is ready and waits; its file can be taken away and put back. */
function program(change: Partial<Program> = {}): Program {
  const file = join(folder, "program");
  writeFileSync(file, "#!/bin/sh\necho ready\nexec sleep 600\n");
  chmodSync(file, 0o755);
  const environment = { PATH: process.env["PATH"] };
  return { name: "one", file, args: [], environment, logFile: join(folder, "log"), ...change };
}

function supervise(given: Program): { one: Supervised; told: string[] } {
  const told: string[] = [];
  const one = new Supervised(given, {
    onDeath: (_, how) => told.push(`died: ${how}`),
    onRestart: () => told.push("back"),
  });
  supervised.push(one);
  return { one, told };
}

test("a program that is not there fails the start with the reason, and stops at once", async () => {
  const { one } = supervise(program({ file: join(folder, "missing") }));
  await expect(one.start(60_000)).rejects.toMatchObject({
    code: "LOCAL_START_FAILED",
    message: expect.stringContaining("ENOENT"),
  });
  expect(await one.stop(60_000)).toBe(false);
});

test("a log that cannot be opened fails the start with the reason", async () => {
  const { one } = supervise(program({ logFile: join(folder, "none", "log") }));
  await expect(one.start(60_000)).rejects.toMatchObject({
    code: "LOCAL_START_FAILED",
    message: expect.stringContaining("ENOENT"),
  });
  expect(await one.stop(60_000)).toBe(false);
});

test("one that is killed before it is ready is started again; one that ends fails", async () => {
  const given = program();
  const mark = join(folder, "mark");
  const slow = `#!/bin/sh\n[ -e ${mark} ] || { touch ${mark}; exec sleep 600; }\n`;
  writeFileSync(given.file, `${slow}echo ready\nexec sleep 600\n`);
  const { one, told } = supervise(given);
  const starting = one.start(60_000);
  await until("it runs, and is not ready", () => existsSync(mark));
  process.kill(one.pid, "SIGKILL");
  await starting;
  expect(told).toEqual(["died: SIGKILL"]);
  expect(one.pid).toBeGreaterThan(0);
  writeFileSync(given.file, "#!/bin/sh\nexit 3\n");
  await expect(supervise(given).one.start(60_000)).rejects.toMatchObject({
    code: "LOCAL_START_FAILED",
    message: expect.stringContaining("status 3"),
  });
});

test("one that cannot be started again is tried until it can be", async () => {
  const given = program();
  const text = readFileSync(given.file);
  const { one, told } = supervise(given);
  await one.start(60_000);
  rmSync(given.file);
  process.kill(one.pid, "SIGKILL");
  await until("it is tried in vain", () => told.filter((line) => /ENOENT/.test(line)).length > 1);
  expect([told[0], one.pid]).toEqual(["died: SIGKILL", 0]);
  writeFileSync(given.file, text, { mode: 0o755 });
  await until("it is back", () => told.includes("back"));
  expect(one.pid).toBeGreaterThan(0);
  expect(await one.stop(60_000)).toBe(false); // It was ended by the signal.
});

test("a log folder that is gone at a restart does not end the supervisor", async () => {
  const given = program({ logFile: join(folder, "logs") });
  const { one, told } = supervise(given);
  await one.start(60_000);
  rmSync(given.logFile);
  // A folder of that name cannot be written to as a file.
  mkdirSync(given.logFile);
  process.kill(one.pid, "SIGKILL");
  await until("it is tried in vain", () => told.filter((line) => /EISDIR/.test(line)).length > 1);
  rmSync(given.logFile, { recursive: true });
  await until("it is back", () => told.includes("back"));
});

test("a program that runs to its end says how that was, also when it never began", async () => {
  expect(await runToEnd(program({ file: "/bin/sh", args: ["-c", "exit 3"] }), 60_000)).toBe(
    "status 3",
  );
  expect(await runToEnd(program({ file: join(folder, "missing") }), 60_000)).toContain("ENOENT");
  expect(await runToEnd(program({ logFile: folder }), 60_000)).toContain("EISDIR");
});
