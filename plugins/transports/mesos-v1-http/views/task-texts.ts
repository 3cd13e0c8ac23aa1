import type { TaskSource } from "../../../../contract/ports/cluster-snapshot.ts";
import { Elements, jsonAscii } from "./json-pieces.ts";
import { taskPart } from "./task-view.ts";

/** One task of so many begins a run of tasks whose text is kept as a whole. */
const RUN_TASKS = 64;
/** Runs end after so many, wherever the next begins. */
const RUN_TASKS_MAX = 4 * RUN_TASKS;

/** The text of a task, and what it was made of. */
interface TaskText extends Pick<TaskSource, "state" | "newest" | "statuses"> {
  readonly text: string;
  /** Whether a run begins with it, wherever it stands. */
  readonly begins: boolean;
}

/** Tasks that stood one after the other, and their text together. */
interface Run {
  readonly texts: readonly string[];
  readonly elements: Elements;
}

/** Few tasks have changed since their cluster was last shown: the others have their text still. */
const taskTexts = new WeakMap<object, TaskText>();
/** The same for runs of tasks, by the first of each. */
const runs = new WeakMap<object, Run>();
/** Tasks whose texts were made, the first time and again. */
let count = 0;

/**
 * The tasks of a list as its elements. Which of them begin a run is a matter of the task and not of
 * its place, so that one that comes or goes changes the run that it is in and no other.
 */
export function* taskElements(sources: Iterable<TaskSource>): Generator<string | Elements> {
  let first: object | undefined;
  let texts: string[] = [];
  for (const source of sources) {
    const kept = keptOf(source);
    // Showing a task takes its time, which may be up.
    if (kept === undefined) yield "";
    const { text, begins } = kept ?? made(source);
    if (begins || texts.length >= RUN_TASKS_MAX) {
      if (texts.length > 0) yield runOf(first, texts);
      first = begins ? source.key : undefined;
      texts = [];
    }
    texts.push(text);
  }
  if (texts.length > 0) yield runOf(first, texts);
}

/** A run that begins anywhere is not kept: every task of a list is its first one some day. */
function runOf(first: object | undefined, texts: readonly string[]): Elements {
  const kept = first && runs.get(first);
  if (kept?.texts.length === texts.length && kept.texts.every((text, at) => text === texts[at])) {
    return kept.elements;
  }
  const elements = new Elements(texts);
  if (first !== undefined) runs.set(first, { texts, elements });
  return elements;
}

function keptOf({ key, state, newest, statuses }: TaskSource): TaskText | undefined {
  const kept = taskTexts.get(key);
  const isSame = kept?.newest === newest && kept?.state === state && kept.statuses === statuses;
  return isSame ? kept : undefined;
}

function made(source: TaskSource): TaskText {
  const { key, state, newest, statuses } = source;
  count += 1;
  const begins = taskTexts.get(key)?.begins ?? count % RUN_TASKS === 0;
  const text = { state, newest, statuses, text: jsonAscii(taskPart(source.show())), begins };
  taskTexts.set(key, text);
  return text;
}
