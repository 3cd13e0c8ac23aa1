/** What a plugin can be. */
export const pluginKinds = [
  "allocator",
  "isolator",
  "transport",
  "coordinator",
  "authenticator",
  "authorizer",
  "hook",
] as const;

/** What a plugin is: the port family that it serves. */
export type PluginKind = (typeof pluginKinds)[number];
