import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";

/**
 * Holds a folder for this process: a socket in it that only a live process answers on. Resolves to
 * what lets go of it, or to `undefined` when another process holds it.
 */
export async function holdFolder(path: string): Promise<(() => Promise<void>) | undefined> {
  let server = await listenOn(path);
  if (server === undefined && !(await isAnswered(path))) {
    // Whoever held it has died, which leaves the socket's file behind.
    rmSync(path, { force: true });
    server = await listenOn(path);
  }
  if (server === undefined) return undefined;
  const held = server.unref();
  return () => new Promise((resolve) => held.close(() => resolve()));
}

function listenOn(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "EADDRINUSE") resolve(undefined);
      else reject(thrown);
    });
    server.listen(path, () => resolve(server));
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
