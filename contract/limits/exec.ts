/** Bounds of `tepui exec`, the same at both of its ends. */
export const execLimits = {
  /** The words of one command with its terminal, in bytes of JSON. */
  requestBytesMax: 256 << 10,
  wordsMax: 4_096,
  /** Input that was sent and that the program has not taken yet, in bytes. */
  inputBytesMax: 256 << 10,
  /** Output that was sent and that its reader has not taken yet, in bytes. */
  outputBytesMax: 1 << 20,
  /** Largest frame; a longer piece of output is several. */
  frameBytesMax: 64 << 10,
  /** Either side says something this often, */
  signOfLifeMs: 5_000,
  /** and takes the other for dead when it says nothing for so long. */
  silenceMs: 30_000,
  /** Columns or rows of a terminal. */
  terminalMax: 10_000,
  /** Nested containers that have ended and are remembered, for each container that they were in. */
  nestedEndedMax: 64,
  /** Names in the id of a nested container, that of the outermost included. */
  nestedDepthMax: 32,
  /** Characters of such a name. */
  nestedNameMax: 242,
  /** How long a nested container that is killed may take to tell its end. */
  nestedKillMs: 5_000,
  /** A shorter secret can be guessed. */
  secretCharsMin: 16,
  secretCharsMax: 4_096,
} as const;
