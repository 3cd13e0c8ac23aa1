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
  const { records } = await runMap(spec, job, folder);
  process.stdout.write(`mapped ${spec.pieces.length} pieces into ${records} records\n`);
  return 0;
}

/** A function of the job may wait for what never comes: then the process ends all the same. */
function unfinished(): void {
  process.stderr.write("the job waits for a promise that nothing settles\n");
  process.exitCode = 1;
}

process.once("exit", unfinished);
void main()
  .catch((thrown: unknown) => {
    process.stderr.write(`${reasonOf(thrown)}\n`);
    return 1;
  })
  .then((status) => {
    process.off("exit", unfinished);
    process.exitCode = status;
  });
