// Stands for a master or an agent: says that it is ready, logs, and ends with its input.
import { readFileSync } from "node:fs";

const config = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"));
if (config.hostname === "agent-2" && process.argv[3] === "broken") process.exit(9);
process.stderr.write(`started ${process.pid}\n`);
process.on("SIGTERM", () => process.exit(0));
process.stdin.on("end", () => process.exit(0)).resume();
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
