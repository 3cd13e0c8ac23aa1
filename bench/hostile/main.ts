import { startClients } from "./clients.ts";

/**
 * Hostile clients in a process of their own, `main.js PORT COUNT`: until whoever started it says
 * anything, whereupon it says what came of them.
 */
const [port = 0, count = 0] = process.argv.slice(2).map(Number);
const clients = startClients(port, count);
process.once("message", () => {
  void clients.stop().then((tallies) => process.send?.(tallies, () => process.disconnect()));
});
// Whoever started it is gone.
process.once("disconnect", () => process.exit());
