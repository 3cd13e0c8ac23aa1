import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { errors } from "../../contract/errors.ts";
import { lockFolder } from "../../wire/folder-lock.ts";
import { temporaryFolder } from "../support/temporary.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MODULE = join(ROOT, "dist", "wire", "folder-lock.js");
const PEOPLE = 4;
const ROUNDS = 25;

/** Locks each folder that it is told, and says whether it holds it. */
const PROGRAM = `
  import { createInterface } from "node:readline";
  const { lockFolder } = await import(${JSON.stringify(MODULE)});
  console.log("ready");
  for await (const folder of createInterface({ input: process.stdin })) {
    let held = true;
    try {
      lockFolder(folder, "x.lock", () => new Error("held"));
    } catch (thrown) {
      if (thrown.message !== "held") throw thrown;
      held = false;
    }
    console.log(held ? "held" : "refused");
  }
`;

test("of all that want a lock which a dead process left, one gets it", async () => {
  const people = Array.from({ length: PEOPLE }, () => {
    const args = ["--input-type=module", "-e", PROGRAM];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  const answers = () => Promise.all(people.map(async ({ lines }) => (await lines.next()).value));
  try {
    expect(await answers()).toEqual(people.map(() => "ready"));
    const dead = spawnSync("true").pid;
    for (let round = 0; round < ROUNDS; round++) {
      const folder = temporaryFolder("tepui-lock-");
      if (round % 2 === 0) writeFileSync(join(folder, "x.lock"), `${dead} 1`);
      for (const { child } of people) child.stdin.write(`${folder}\n`);
      const said = await answers();
      expect(said.filter((word) => word === "held")).toHaveLength(1);
      const holder = Number.parseInt(readFileSync(join(folder, "x.lock"), "utf8"), 10);
      expect(holder).toBe(people[said.indexOf("held")]?.child.pid);
      expect(readdirSync(folder)).toEqual(["x.lock"]);
    }
  } finally {
    for (const { child } of people) child.kill("SIGKILL");
  }
});

test("a lock is held with its holder's name in it, and nothing is left of one given back", () => {
  const folder = temporaryFolder("tepui-lock-");
  const refusal = (pid: number) => errors.WORK_DIR_LOCKED(folder, pid);
  const unlock = lockFolder(folder, "x.lock", refusal);
  expect(readFileSync(join(folder, "x.lock"), "utf8")).toMatch(new RegExp(`^${process.pid} \\d+$`));
  expect(readdirSync(folder)).toEqual(["x.lock"]);
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});
