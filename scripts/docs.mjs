// Writes the documents that are made from schemas: docs/configuration.md, the tables of
// docs/plugins.md, and plugin-manifest.schema.json; and the numbers of the ABI into the templates
// of policies. Needs a build, because the schemas are TypeScript; tests compare the results.
import { readFileSync, writeFileSync } from "node:fs";
import { abiNumberFiles, withAbiNumbers } from "../dist/authoring/abi-numbers.js";
import {
  configurationPage,
  manifestSchemaText,
  withManifestTables,
} from "../dist/kernel/host/config-docs.js";

const root = new URL("../", import.meta.url);
const plugins = new URL("docs/plugins.md", root);
writeFileSync(new URL("docs/configuration.md", root), configurationPage());
writeFileSync(new URL("plugin-manifest.schema.json", root), manifestSchemaText());
writeFileSync(plugins, withManifestTables(readFileSync(plugins, "utf8")));

for (const [file, language] of abiNumberFiles) {
  const path = new URL(file, root);
  writeFileSync(path, withAbiNumbers(readFileSync(path, "utf8"), language));
}
