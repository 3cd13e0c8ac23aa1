import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { FrameSocket, Kind } from "../dist/frames.mjs";

const quiet = { onOpen() {}, onFrame() {}, onAlive() {}, onDrained() {}, onClosed() {} };

/** What the far end hears when these bytes arrive in these pieces. */
async function heard(pieces, bytesMax = 1000) {
  const said = [];
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = connect(server.address().port, "127.0.0.1");
  client.on("error", () => {}).resume();
  const socket = await new Promise((resolve) => server.once("connection", resolve));
  const closed = new Promise((resolve) => {
    new FrameSocket(socket, bytesMax, {
      ...quiet,
      onFrame: (bytes, isBinary) => said.push([Buffer.from(bytes).toString(), isBinary]),
      onClosed: (code, message) => resolve([code, message]),
    });
  });
  for (const piece of pieces) {
    client.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  client.end();
  const end = await closed;
  server.close();
  return { said, end };
}

function frame(kind, text) {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

test("frames are the same however their bytes arrive", async () => {
  const bytes = Buffer.concat([frame(Kind.FRAME, "one"), frame(9, "text"), frame(Kind.FRAME, "")]);
  const said = [
    ["one", true],
    ["text", false],
    ["", true],
  ];
  assert.deepEqual((await heard([bytes])).said, said);
  assert.deepEqual((await heard([...bytes].map((byte) => Buffer.from([byte])))).said, said);
});

test("a reason is told as it was given, and none is a lost connection", async () => {
  const reason = Buffer.from([0x0f, 0xa0, ...Buffer.from("no more")]);
  assert.deepEqual((await heard([frame(Kind.CLOSE, reason)])).end, [4000, "no more"]);
  assert.equal((await heard([])).end[0], 1006);
});

test("a frame far beyond the bound is not collected, and its sender hears why", async () => {
  const { said, end } = await heard([frame(Kind.FRAME, "x".repeat(201))], 100);
  assert.deepEqual(said, []);
  assert.deepEqual(end, [4011, "it has 201 bytes, at most 100 are taken"]);
});
