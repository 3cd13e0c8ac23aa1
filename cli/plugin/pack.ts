import { relative, resolve } from "node:path";
import type { Command } from "commander";
import { type CliContext, type CommonOptions, plainCommand } from "../context.ts";

interface PackOptions extends CommonOptions {
  readonly out?: string;
  readonly build: boolean;
}

/** `tepui plugin pack DIR`: builds a plugin and makes the folder, or archive, that is loaded. */
export function packCommand(context: CliContext): Command {
  return plainCommand("pack", "Build a plugin and make the folder that a master or agent loads")
    .argument("<dir>", "the folder of its plugin.json")
    .option("--out <file|dir>", "the folder to make, or a file .tgz; default: NAME-VERSION, here")
    .option("--no-build", "take it as it was built last")
    .action((folder: string, options: PackOptions) => pack(context, folder, options));
}

async function pack(context: CliContext, folder: string, options: PackOptions): Promise<void> {
  const { output, signal } = context;
  const { buildProject, packPlugin } = await import("../../authoring/index.ts");
  if (options.build) await buildProject(resolve(folder), signal);
  const { manifest, out, digest, files, packages } = packPlugin({
    folder,
    ...(options.out === undefined ? {} : { out: options.out }),
  });
  const { name, version, kind } = manifest;
  for (const needed of packages) {
    output.warn(`it imports ${needed}, which has to be installed where it is loaded`);
  }
  if (output.format === "json") {
    output.json({ name, version, kind, digest, out, files, packages });
    return;
  }
  const place = relative(process.cwd(), out);
  output.line(`${name} ${version} (${kind}) is packed in ${place.startsWith("..") ? out : place}`);
  for (const file of files) output.line(`  ${file}`);
  output.line(`  sha256 of its entry: ${digest}`);
}
