import { type PluginKind, pluginKinds } from "./ports/plugin-kind.ts";
import { type Static, Type } from "./typebox.ts";

const PortName = Type.String({
  title: "a port name of small letters, digits, dashes and dots",
  pattern: "^[a-z][a-z0-9.-]*$",
  maxLength: 64,
});
const relativeFile = (ending: string, title: string, description: string) =>
  Type.String({
    title,
    description,
    pattern: `^(\\./)?(?!\\.\\.?/)[^/\\\\\\0]+(/(?!\\.\\.?/)[^/\\\\\\0]+)*\\.${ending}$`,
    maxLength: 255,
  });

/** A knob of an allocation policy: the host writes its value into a slot of the policy's memory. */
export const PolicyParameterSchema = Type.Object(
  {
    name: Type.String({
      title: "a name in camelCase",
      pattern: "^[a-z][a-zA-Z0-9]*$",
      description: "The parameter's name in the policy's config.",
    }),
    index: Type.Integer({
      minimum: 0,
      maximum: 63,
      description: "The slot of the parameter table that carries its value.",
    }),
    default: Type.Number({ description: "The value when the config gives none." }),
    min: Type.Optional(Type.Number({ description: "The least value that is accepted." })),
    max: Type.Optional(Type.Number({ description: "The greatest value that is accepted." })),
    whole: Type.Optional(
      Type.Boolean({ description: "Whether only whole numbers are accepted. Default: false." }),
    ),
    description: Type.String({ minLength: 1, description: "What it does, with its unit." }),
  },
  { additionalProperties: false },
);
/** A knob of an allocation policy. */
export type PolicyParameter = Static<typeof PolicyParameterSchema>;

/** What a policy may do with quota guarantees. */
const guaranteeRules = ["held-back", "served-first", "ignored"] as const;

/** What an allocation policy goes by: words for explanations, never a reason to decide. */
export const PolicyHeedsSchema = Type.Object(
  {
    dominantShares: Type.Optional(
      Type.Boolean({
        description:
          "Whoever has the lowest dominant share comes first, level by level down the role tree. " +
          "A parameter `excludedKinds` names the kinds that its shares leave out. Default: false.",
      }),
    ),
    guarantees: Type.Optional(
      Type.Unsafe<(typeof guaranteeRules)[number]>({
        type: "string",
        enum: [...guaranteeRules],
        description:
          "Whether what roles lack to their guarantees is `held-back` from others as `drf` does, " +
          "such roles are `served-first` and no more, or guarantees are `ignored`.",
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      "What an allocator goes by, for `tepui explain`, which claims nothing of what is not " +
      "given. Allocators only.",
  },
);
/** See `PolicyHeedsSchema`. */
export type PolicyHeeds = Static<typeof PolicyHeedsSchema>;

/**
 * The manifest of a plugin, `plugin.json`. The published `plugin-manifest.schema.json` is generated
 * from this, and the table in `docs/plugins.md` is too.
 */
export const PluginManifestSchema = Type.Object(
  {
    $schema: Type.Optional(
      Type.String({ description: "Where editors find this schema; Tepui does not read it." }),
    ),
    name: Type.String({
      title: "a name of small letters, digits and dashes, optionally with an npm @scope/",
      pattern: "^(@[a-z0-9][a-z0-9-]*/)?[a-z][a-z0-9-]*$",
      maxLength: 128,
      description: "What the plugin is called in config files and logs. Unique in a process.",
    }),
    version: Type.String({
      title: "a version such as 1.2.0",
      pattern:
        "^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$",
      description: "Semantic version of the plugin itself.",
    }),
    kind: Type.Unsafe<PluginKind>({
      type: "string",
      enum: [...pluginKinds],
      description: "What it is, which says who uses it: the master, the agent or both.",
    }),
    contract: Type.String({
      title: 'versions of the contract such as "1", "1.2" or "1 || 2"',
      pattern: "^\\d+(\\.\\d+)?( \\|\\| \\d+(\\.\\d+)?)*$",
      description:
        "Versions of the plugin contract that it speaks. `1.2` stands for 1.2 and later minors " +
        "of 1; alternatives are joined by ` || `.",
    }),
    entry: relativeFile(
      "(js|mjs|wasm)",
      "a .js, .mjs or .wasm file inside the plugin's folder",
      "The file that is the plugin, relative to the manifest: " +
        "an ES module that exports `create`, or WebAssembly.",
    ),
    requires: Type.Optional(
      Type.Array(PortName, {
        uniqueItems: true,
        description: "Ports that must be there before it starts. Default: none.",
      }),
    ),
    optional: Type.Optional(
      Type.Array(PortName, {
        uniqueItems: true,
        description: "Ports that it uses where something offers them. Default: none.",
      }),
    ),
    offers: Type.Array(PortName, {
      uniqueItems: true,
      minItems: 1,
      description: "Ports that it serves; `create()` returns exactly these.",
    }),
    features: Type.Optional(
      Type.Array(PortName, {
        uniqueItems: true,
        description:
          "Optional capabilities of its port that it supports, such as `watch` or `resize` for " +
          "an isolator. What is not listed is not called. `users` says of an isolator that " +
          "processes run as their users through it; an agent needs one that does. Default: none.",
      }),
    ),
    config: Type.Optional(
      Type.Object(
        {},
        {
          additionalProperties: true,
          description:
            "JSON Schema (2020-12) of its own config. Defaults are filled in; unknown fields are " +
            "refused unless the schema allows them. `unit` set to `duration` or `bytes` on a " +
            "field turns text such as `15secs` or `64MB` into milliseconds or bytes. " +
            "Without a schema the plugin takes no config.",
        },
      ),
    ),
    parameters: Type.Optional(
      Type.Array(PolicyParameterSchema, {
        maxItems: 64,
        description: "Knobs of an allocator, set in its config by name. Allocators only.",
      }),
    ),
    heeds: Type.Optional(PolicyHeedsSchema),
    companion: Type.Optional(
      relativeFile(
        "(js|mjs)",
        "a .js or .mjs file inside the plugin's folder",
        "An ES module beside a .wasm entry that exports `companion(config)`: " +
          "it reads what frameworks and agents state, and compiles it for the policy.",
      ),
    ),
    digest: Type.Optional(
      Type.String({
        title: "64 hexadecimal digits in small letters",
        pattern: "^[0-9a-f]{64}$",
        description: "sha256 of the entry file. When it is given, a changed file is refused.",
      }),
    ),
    description: Type.Optional(Type.String({ description: "One sentence about it, for lists." })),
    license: Type.Optional(Type.String({ description: "SPDX identifier of its licence." })),
    homepage: Type.Optional(Type.String({ description: "Address of its page." })),
  },
  {
    $id: "urn:tepui:plugin-manifest:1",
    title: "Tepui plugin manifest",
    description: "The plugin.json in the folder of a Tepui plugin.",
    additionalProperties: false,
  },
);
/** The manifest of a plugin. */
export type PluginManifest = Static<typeof PluginManifestSchema>;
