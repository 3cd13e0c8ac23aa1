import { allowed } from "../../contract/check/describe.ts";
import type { JsonSchema } from "../../contract/check/prepare.ts";
import { PluginEntrySchema } from "../../contract/config/shared.ts";
import { PluginManifestSchema, PolicyParameterSchema } from "../../contract/plugin-manifest.ts";
import { configKinds } from "./config.ts";
import type { ConfigField } from "./config-fields.ts";

function cell(text: string): string {
  return text.replace(/\|/g, "\\|").replace(/\s+/g, " ");
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map(cell).join(" | ")} |`;
}

function settingsTable(fields: readonly ConfigField[]): string {
  const rows = fields.map((field) =>
    row(
      `\`${field.path.join(".")}\``,
      field.default === undefined ? "–" : `\`${field.default}\``,
      `${field.description} Must be ${field.words}.`,
      `\`${field.variable}\``,
    ),
  );
  return [
    row("Setting", "Default", "Meaning", "Variable"),
    row("---", "---", "---", "---"),
    ...rows,
  ].join("\n");
}

/** A table of the fields of an object schema: name, whether it must be given, meaning. */
export function fieldsTable(schema: object): string {
  const { properties, required } = schema as JsonSchema;
  const names = Array.isArray(required) ? required : [];
  const rows = Object.entries((properties ?? {}) as Record<string, JsonSchema>).map(
    ([name, field]) => {
      const kind = name.startsWith("$") ? "text" : allowed(field);
      const needed = names.includes(name) ? "yes" : "no";
      return row(`\`${name}\``, needed, `${String(field.description ?? "")} Must be ${kind}.`);
    },
  );
  return [row("Field", "Required", "Meaning"), row("---", "---", "---"), ...rows].join("\n");
}

/** The page `docs/configuration.md`, made from the schemas. */
export function configurationPage(): string {
  return `# Configuration

<!-- Generated from contract/config by \`npm run docs\`; do not edit. -->

A master, an agent and a local cluster each read one file, given with \`--config FILE\`. It is JSON,
in which comments and trailing commas are allowed, or YAML. Every setting has a default, so no file
is needed to begin with. A field that does not exist is an error that names the nearest one that
does. \`tepui config check FILE\` says all that is wrong with a file at once, with line and column,
and starts nothing. A list of plugins replaces the default one; a master does not start without a
transport and a coordinator, an agent not without a transport and an isolator that sees to users.

\`\`\`yaml
listen:
  port: 5050
allocationInterval: 500ms
policy:
  name: drf
plugins:
  - plugin: uws-msgpack
  - plugin: mesos-v1-http
  - plugin: ./plugins/my-coordinator
    config: { path: /var/lib/tepui }
\`\`\`

**Where values come from.** A command line flag overrides an environment variable, which overrides
the file, which overrides the default. The variable of each setting stands in the tables; its flag
is the setting's name with dashes, \`--allocation-interval\`. In both, a value \`file:///path\`
stands for what is in that file, lists of names are written \`a,b,c\`, and other lists and objects
as JSON. Variables that name no setting are ignored.

**Durations** are text with a unit: \`ns\`, \`us\`, \`ms\`, \`secs\`, \`mins\`, \`hrs\`, \`days\`,
\`weeks\`, or short \`s\`, \`m\`, \`h\`, \`d\`, \`w\`. Fractions are fine: \`1.5mins\`.
**Sizes** are text with \`B\`, \`KB\`, \`MB\`, \`GB\` or \`TB\`; a KB is 1024 bytes.

## Master

${settingsTable(configKinds.master.fields)}

## Agent

${settingsTable(configKinds.agent.fields)}

## Local cluster

The file of \`tepui local\` holds a section for the master and one for all agents.

${settingsTable(configKinds.local.fields.filter(({ path }) => path.length === 1))}

The sections \`master\` and \`agent\` have the settings of the tables above.

## Entries of \`plugins\`

${fieldsTable(PluginEntrySchema)}

What plugins are and how to write one: [plugins.md](plugins.md).
`;
}

/** The tables of `docs/plugins.md` between its markers, made from the manifest's schema. */
export function manifestTables(): string {
  return `${fieldsTable(PluginManifestSchema)}

An entry of \`parameters\`:

${fieldsTable(PolicyParameterSchema)}`;
}

/** The text of `plugin-manifest.schema.json`. */
export function manifestSchemaText(): string {
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    ...PluginManifestSchema,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** A page with what stands between its markers replaced by the manifest's tables. */
export function withManifestTables(page: string): string {
  return page.replace(
    /(<!-- manifest:begin[^\n]*-->\n)[\s\S]*?(<!-- manifest:end -->)/,
    (_, begin: string, end: string) => `${begin}\n${manifestTables()}\n\n${end}`,
  );
}
