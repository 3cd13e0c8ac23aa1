import { reasonOf } from "../../contract/errors.ts";
import { loadJobModule } from "./job-module.ts";
import { runMap } from "./map-task.ts";
import { runReduce } from "./reduce-task.ts";
import { specFromEnvironment } from "./task-spec.ts";

// The program that runs in a task's sandbox: maps or reduces as its environment says.

async function main(): Promise<number> {
  const spec = specFromEnvironment(process.env);
  const job = await loadJobModule(spec.module);
  const folder = process.cwd();
  if (spec.kind === "reduce") return runReduce(spec, job, folder);
  const { records } = runMap(spec, job, folder);
  process.stdout.write(`mapped ${spec.pieces.length} pieces into ${records} records\n`);
  return 0;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (thrown: unknown) => {
    process.stderr.write(`${reasonOf(thrown)}\n`);
    process.exitCode = 1;
  },
);
