import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** A registry with one image, for those who know its user and password. */
export class Registry {
  readonly #server: Server;
  readonly #login: string;
  /** Requests for the manifest that were served. */
  pulls = 0;

  /** `layer` is a tar file with the image's only layer. */
  constructor(layer: string, user: string, password: string) {
    this.#login = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    const blobs = new Map<string, Buffer>();
    const keep = (bytes: Buffer) => {
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
      blobs.set(digest, bytes);
      return { digest, size: bytes.length };
    };
    const kept = keep(readFileSync(layer));
    const image = {
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      os: "linux",
      config: { Cmd: ["/bin/echo", "from the registry"] },
      rootfs: { type: "layers", diff_ids: [kept.digest] },
    };
    const config = keep(Buffer.from(JSON.stringify(image)));
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: { mediaType: "application/vnd.docker.container.image.v1+json", ...config },
        layers: [{ mediaType: "application/vnd.docker.image.rootfs.diff.tar", ...kept }],
      }),
    );
    const { digest } = keep(manifest);
    this.#server = createServer((request, response) => {
      if (request.headers.authorization !== this.#login) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="test"' });
        response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "who?" }] }));
        return;
      }
      const path = request.url ?? "";
      const blob = blobs.get(path.split("/").at(-1) ?? "");
      if (path === "/v2/") response.end("{}");
      else if (path === "/v2/ours/image/manifests/1" || path.endsWith(digest)) {
        if (request.method === "GET") this.pulls++;
        const headers = { "content-type": MANIFEST, "docker-content-digest": digest };
        response.writeHead(200, { ...headers, "content-length": manifest.length });
        response.end(request.method === "HEAD" ? undefined : manifest);
      } else if (path.includes("/blobs/") && blob !== undefined) {
        response.writeHead(200, { "content-length": blob.length });
        response.end(request.method === "HEAD" ? undefined : blob);
      } else {
        response.writeHead(404, { "content-type": "application/json" });
        const error = { code: "MANIFEST_UNKNOWN", message: "manifest unknown" };
        response.end(JSON.stringify({ errors: [error] }));
      }
    });
  }

  /** Starts it; answers `host:port`. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
