import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type LocalCluster, startLocalCluster } from "../e2e/support/local-cluster.ts";
import { describeWith } from "../support/require.ts";
import { installed } from "./support/projects.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What a guide has its reader do: lines for a shell, or a change of a file. */
interface Step {
  readonly kind: "sh" | "diff";
  readonly lines: readonly string[];
}

function stepsOf(guide: string): Step[] {
  const page = readFileSync(join(root, "docs/authoring", guide), "utf8");
  return [...page.matchAll(/^```(sh|diff)\n([\s\S]*?)^```/gm)].map(([, kind, text = ""]) => ({
    kind: kind as Step["kind"],
    lines: text.trimEnd().split("\n"),
  }));
}

/** Somebody who does what a guide says, in a folder that is gone afterwards. */
class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), "tepui-guide-"));
  #at = this.#folder;
  #cluster: LocalCluster | undefined;
  /** What each command printed. */
  readonly printed = new Map<string, string>();

  constructor() {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${root}dist/cli/main.js' "$@"\n`;
    writeFileSync(join(this.#folder, "tepui"), script, { mode: 0o755 });
  }

  async follow(guide: string): Promise<void> {
    for (const { kind, lines } of stepsOf(guide)) {
      if (kind === "diff") this.#change(lines);
      else for (const line of lines) await this.#do(line);
    }
  }

  async close(): Promise<void> {
    await this.#cluster?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #do(line: string): Promise<void> {
    const [word, ...words] = line.split(" ");
    if (word === "cd") this.#at = resolve(this.#at, words[0] as string);
    // There may be no network, and this very version of Tepui is on no registry.
    else if (line === "npm install") installed(this.#at);
    // It is for another terminal, and takes ports that something may have here.
    else if (line.startsWith("tepui local ")) {
      this.#cluster = await startLocalCluster(Number(words.at(-1)));
    } else this.printed.set(line, await this.#shell(line));
  }

  #change(lines: readonly string[]): void {
    const [header = "", ...changes] = lines;
    const file = join(this.#at, header.replace("--- ", ""));
    const textOf = (marks: string): string =>
      changes
        .filter(([mark = ""]) => marks.includes(mark))
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const text = readFileSync(file, "utf8");
    expect(text.split(textOf(" -")), header).toHaveLength(2);
    writeFileSync(
      file,
      text.replace(textOf(" -"), () => textOf(" +")),
    );
  }

  async #shell(command: string): Promise<string> {
    const PATH = `${this.#folder}${delimiter}${process.env["PATH"]}`;
    const TEPUI_MASTER = this.#cluster?.address ?? "";
    const env = { ...process.env, PATH, TEPUI_MASTER, NO_COLOR: "1" };
    const child = spawn("/bin/sh", ["-c", command], { cwd: this.#at, env });
    let [out, all] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      all += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      all += text;
    });
    const code = await new Promise((ended) => child.on("close", ended));
    if (code !== 0) throw new Error(`${command} ended with ${code}:\n${all}`);
    return out;
  }
}

// The language that the guide ends with takes a compiler.
describeWith("clang", "docs/authoring/allocator.md", () => {
  const reader = new Reader();
  afterAll(() => reader.close(), 60_000);

  test("leads from nothing to a policy that a running master promotes, as it stands there", async () => {
    await reader.follow("allocator.md");
    const { printed } = reader;
    expect(printed.get("tepui policy promote priority-fair")).toMatch(/^priority-fair@\S+ is live/);
    expect(printed.get("tepui policy rollback")).toMatch(/^drf@\S+ is live after priority-fair@/);
    const history = printed.get("tepui policy history") ?? "";
    for (const what of ["loaded", "promoted"]) {
      expect(history).toMatch(new RegExp(`priority-fair@\\S+ +${what} `));
    }
    expect(history).not.toContain("fault");
    expect([...printed.keys()].length).toBeGreaterThan(18);
  }, 1_200_000);
});

describe.each(["isolator.md", "transport.md"])("docs/authoring/%s", (guide) => {
  const reader = new Reader();
  afterAll(() => reader.close(), 60_000);

  test("leads from nothing to a plugin that is packed and admitted", async () => {
    await reader.follow(guide);
    expect([...reader.printed.keys()].length).toBeGreaterThan(5);
  }, 600_000);
});
