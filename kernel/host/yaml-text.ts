import {
  type Document,
  isScalar,
  Lexer,
  type LineCounter,
  Parser,
  parseDocument,
  visit,
} from "yaml";

/** Something that keeps a text from being read, or that it says twice. */
export interface TextProblem {
  /** Where it is, counted in characters from 0. */
  readonly offset: number;
  readonly kind: "syntax" | "repeated-field";
  /** What is wrong; of a field that is given twice its name. */
  readonly text: string;
}

/** A text taken apart: what it says, and what is wrong with it in the order of the text. */
export interface YamlText {
  readonly document: Document.Parsed;
  readonly problems: readonly TextProblem[];
}

/** Levels of lists and of fields within fields that a text may have. */
const DEPTH_MAX = 64;
const TOO_DEEP = "it is nested more deeply than any setting, or a bracket is not closed";
const TWO_DOCUMENTS = "a second document begins here, and there may be only one";

/** Words of the parser that only those know who know YAML's own; JSON goes through it, too. */
const words: readonly (readonly [RegExp, string])[] = [
  [/^Flow (?:map|sequence).* with a (.)$/, '"$1" is missing'],
  [/^Missing (.) or (.) between (.*)$/, '"$1" or "$2" is missing between $3'],
  [/^Missing (.) between (.*)$/, '"$1" is missing between $2'],
  [/^Unexpected , in (.*)$/, 'there is a "," too many in $1'],
  [/^Unexpected (.*) at node end$/, "something follows the value: $1"],
  [/\bflow map items\b/, "the fields in braces"],
  [/\bflow sequence items\b/, "the values in brackets"],
  [/\bflow map\b/, "braces"],
  [/\bflow sequence\b/, "brackets"],
  [/\bscalar\b/, "a word"],
];

function inOurWords(message: string): string {
  return words.reduce((text, [theirs, ours]) => text.replace(theirs, ours), message);
}

/**
 * Takes YAML 1.2 apart, of which JSON is a part. Time and stack are in proportion to the text,
 * whatever it says.
 */
export function readYaml(text: string, lines?: LineCounter): YamlText {
  const deep = tooDeepAt(text);
  const document = parseDocument(text.slice(0, deep), {
    ...(lines === undefined ? {} : { lineCounter: lines }),
    prettyErrors: false,
    version: "1.2",
    merge: false,
    // It would compare every field with all before it.
    uniqueKeys: false,
  });
  if (deep !== undefined) {
    return { document, problems: [{ offset: deep, kind: "syntax", text: TOO_DEEP }] };
  }
  const problems = [...document.errors, ...document.warnings].map(
    ({ pos, code, message }): TextProblem => ({
      offset: pos[0],
      kind: "syntax",
      text: code === "MULTIPLE_DOCS" ? TWO_DOCUMENTS : inOurWords(message),
    }),
  );
  problems.push(...refusedIn(document));
  return { document, problems: problems.sort((a, b) => a.offset - b.offset) };
}

/**
 * The value of a short text, such as an option of a command.
 * @throws Error that says what is wrong with it
 */
export function yamlValue(text: string): unknown {
  const { document, problems } = readYaml(text);
  const [first] = problems;
  if (first === undefined) return document.toJS();
  const { offset, kind, text: what } = first;
  const reason = kind === "syntax" ? what : `"${what}" is given twice`;
  throw new Error(`at character ${offset}: ${reason}`);
}

/**
 * Where a text goes deeper than `DEPTH_MAX`, if it does. What makes a document of it calls itself
 * for every level and would run out of stack, which not even an error survives everywhere; what
 * takes the text apart keeps a stack of its own, so it is asked first.
 */
function tooDeepAt(text: string): number | undefined {
  const parser = new Parser();
  for (const part of new Lexer().lex(text)) {
    for (const _ of parser.next(part));
    // The document itself is the first of the stack, and a word under way may be the last.
    if (parser.stack.length > DEPTH_MAX + 2) return parser.offset;
  }
  return undefined;
}

/**
 * What is YAML and not allowed here: fields that are given twice, and aliases, which would make one
 * place of the text stand for many values, and a short text for a huge one.
 */
function refusedIn(document: Document.Parsed): TextProblem[] {
  const problems: TextProblem[] = [];
  visit(document, {
    Alias(_, { source, range }) {
      const text = `"*${source}": YAML aliases are not allowed here`;
      problems.push({ offset: range?.[0] ?? 0, kind: "syntax", text });
    },
    Map(_, { items }) {
      const names = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const { value, range } = key;
        if (names.has(value)) {
          const text = String(value) || "this field";
          problems.push({ offset: range?.[0] ?? 0, kind: "repeated-field", text });
        }
        names.add(value);
      }
    },
  });
  return problems;
}
