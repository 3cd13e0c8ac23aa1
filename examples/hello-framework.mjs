// A whole framework: runs five greetings wherever there is room, and says how each ended.
// Start a cluster with `tepui local`, then `node examples/hello-framework.mjs`.
import { isLost, isTerminal, resources, Scheduler, toScalars } from "tepui/sdk";

const TASKS = 5;
const need = { cpus: 0.1, mem: 32 };
const waiting = Array.from({ length: TASKS }, (_, at) => `hello-${at + 1}`);
const [replaced, greeted] = [new Set(), new Set()];

const scheduler = new Scheduler({ name: "hello" }); // TEPUI_MASTER, or 127.0.0.1:5050

scheduler.on("offers", (offers) => {
  for (const offer of offers) {
    const { cpus = 0, mem = 0 } = toScalars(offer.resources);
    const room = Math.floor(Math.min(cpus / need.cpus, mem / need.mem));
    const tasks = waiting.splice(0, room).map((taskId) => ({
      taskId,
      resources: resources(need),
      command: { value: `echo "Hello from ${taskId} on ${offer.hostname}"` },
    }));
    if (tasks.length === 0) scheduler.decline(offer.id, { refuseMs: 60_000 });
    else scheduler.launch(offer, tasks);
  }
  scheduler.wantOffers(waiting.length > 0);
});

scheduler.on("update", async ({ taskId, state, message = "" }) => {
  process.stdout.write(`${taskId} ${state} ${message}\n`);
  if (isLost(state) && !replaced.has(taskId)) {
    replaced.add(taskId); // Nobody's fault: it runs in another place, under another id.
    waiting.push(`${taskId}-again`);
    scheduler.wantOffers(true);
  } else if (isTerminal(state) && !isLost(state)) {
    greeted.add(taskId.replace(/(-again)+$/, "")); // A lost agent that comes back greets twice.
    if (greeted.size === TASKS) await scheduler.teardown();
  }
});

scheduler.on("error", (error) => {
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
});

await scheduler.ready();
