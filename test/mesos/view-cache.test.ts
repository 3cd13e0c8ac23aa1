import { describe, expect, test } from "vitest";
import type { ClusterView } from "../../contract/ports/cluster-view.ts";
import {
  each,
  jsonAscii,
  objectPieces,
  type Pieces,
} from "../../plugins/transports/mesos-v1-http/views/json-pieces.ts";
import { ViewCache } from "../../plugins/transports/mesos-v1-http/views/view-cache.ts";
import { HandClock } from "../support/hand-clock.ts";

describe("a text in pieces", () => {
  const joined = (pieces: Pieces) =>
    Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece))).toString();

  test("is the JSON that it would be in one", () => {
    const inner = (name: string) => objectPieces({ name }, { empty: [], numbers: ["1", "2"] });
    const text = joined(objectPieces({ a: "ä", b: undefined }, { list: each(["x", "y"], inner) }));
    expect(JSON.parse(text)).toEqual({
      a: "ä",
      list: ["x", "y"].map((name) => ({ name, empty: [], numbers: [1, 2] })),
    });
    expect(text).toMatch(/^[\x20-\x7e]+$/);
    expect(joined(objectPieces({}, { only: [jsonAscii({ one: 1 })] }))).toBe(
      '{"only":[{"one":1}]}',
    );
    expect(joined(objectPieces({}, {}))).toBe("{}");
  });
});

describe("the texts of a view", () => {
  const setUp = () => {
    const clock = new HandClock();
    const cluster = { revision: 1, made: 0 };
    const view = { revision: () => cluster.revision } as unknown as ClusterView;
    const cache = new ViewCache(view, clock);
    const ask = async (pieces: (made: number) => Iterable<string>) => {
      const text = await cache.text("", () => {
        cluster.made += 1;
        return pieces(cluster.made);
      });
      return text.whole().toString();
    };
    return { clock, cluster, ask };
  };

  test("are made once for what the cluster is, and again when it has changed", async () => {
    const { cluster, ask } = setUp();
    const number = (made: number) => [String(made)];
    expect(await Promise.all([ask(number), ask(number), ask(number)])).toEqual(["1", "1", "1"]);
    expect(await ask(number)).toBe("1");
    cluster.revision += 1;
    expect(await Promise.all([ask(number), ask(number)])).toEqual(["2", "2"]);
    expect(cluster.made).toBe(2);
  });

  test("are made in slices; who asks after a change in between gets the next one", async () => {
    const { clock, cluster, ask } = setUp();
    const turns: string[] = [];
    function* slow(made: number): Generator<string> {
      for (let piece = 0; piece < 3; piece++) {
        turns.push(`${made}.${piece}`);
        clock.move(5);
        yield `${made}`;
      }
    }
    const first = ask(slow);
    await new Promise((resolve) => setImmediate(resolve));
    expect(turns.length).toBeLessThan(3);
    cluster.revision += 1;
    const [second, third] = [ask(slow), ask(slow)];
    expect([await first, await second, await third]).toEqual(["111", "222", "222"]);
    expect(cluster.made).toBe(2);
  });

  test("are in time from when they are begun: what lists the cluster is in a slice", async () => {
    const { clock, ask } = setUp();
    let others = 0;
    setImmediate(() => {
      others += 1;
    });
    const turns: number[] = [];
    const first = ask(() => {
      clock.move(5);
      return (function* () {
        turns.push(others);
        yield "1";
        turns.push(others);
        yield "2";
      })();
    });
    expect(await first).toBe("12");
    expect(turns).toEqual([0, 1]);
  });

  test("that cannot be made fail for those who asked, and are tried again after a change", async () => {
    const { cluster, ask } = setUp();
    const broken = (): Iterable<string> => {
      throw new Error("broken");
    };
    await expect(ask(broken)).rejects.toThrow("broken");
    cluster.revision += 1;
    expect(await ask(() => ["well"])).toBe("well");
  });
});
