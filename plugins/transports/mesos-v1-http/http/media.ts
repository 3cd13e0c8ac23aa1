import { isAscii } from "node:buffer";
import { errors, TepuiError } from "../../../../contract/errors.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { checkValues } from "../codec/bounds.ts";
import { fromJsonInSteps, parsed, readJson } from "../codec/json-read.ts";
import { jsonPieces, writeJson } from "../codec/json-write.ts";
import { readProto, readProtoInSteps } from "../codec/proto-read.ts";
import { protoPieces, writeProto } from "../codec/proto-write.ts";
import type { Lazy, Message, MessageDef } from "../definitions/define.ts";
import { Refusal } from "./answers.ts";
import { atOnce, SMALL_BYTES, type Steps } from "./steps.ts";

/** The two forms in which messages travel. */
export type Media = "json" | "protobuf";

/** What stands in `Content-Type` of answers, exactly: clients compare it (§2.1, §2.3). */
export const mediaTypes = { json: "application/json", protobuf: "application/x-protobuf" } as const;

/**
 * The form that a request is in, `other`, or `absent` (§2.1). Parameters are let pass, because
 * `; charset=utf-8` says nothing.
 */
export function contentMedia(header: string | undefined): Media | "other" | "absent" {
  if (header === undefined || header.trim() === "") return "absent";
  const type = header.split(";", 1)[0]?.trim();
  if (type === mediaTypes.json) return "json";
  return type === mediaTypes.protobuf ? "protobuf" : "other";
}

/**
 * The form to answer in, or `undefined` when the client takes neither (§2.2). There is no ranking:
 * JSON wins wherever it is acceptable.
 */
export function acceptedMedia(header: string | undefined): Media | undefined {
  if (header === undefined || header.trim() === "") return "json";
  if (takes(header, mediaTypes.json)) return "json";
  return takes(header, mediaTypes.protobuf) ? "protobuf" : undefined;
}

/** Whether a client takes a type, by what it says in `Accept`. */
export function takes(header: string, type: string): boolean {
  return accepts(header.split(",").map(parseRange), type);
}

interface Range {
  readonly type: string;
  readonly isRefused: boolean;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  return { type, isRefused: parameters.some((one) => /^q\s*=\s*0(\.0*)?$/.test(one)) };
}

function accepts(ranges: readonly Range[], type: string): boolean {
  for (const candidate of [type, `${type.split("/", 1)[0]}/*`, "*/*"]) {
    const range = ranges.find((one) => one.type === candidate);
    if (range !== undefined) return !range.isRefused;
  }
  return false;
}

/**
 * The form of a request to one of the v1 endpoints, after its method and type have been checked.
 * @throws Refusal 405 with `Allow`, 400 without a content type, 415 for any other.
 */
export function requestMedia(exchange: HttpExchange): Media {
  if (exchange.method !== "POST") {
    throw new Refusal(405, `Expecting one of { 'POST' }, but received '${exchange.method}'`, {
      allow: "POST",
    });
  }
  const media = contentMedia(exchange.headers["content-type"]);
  if (media === "absent") throw new Refusal(400, "Expecting 'Content-Type' to be present");
  if (media === "other") {
    const expected = `${mediaTypes.json} or ${mediaTypes.protobuf}`;
    throw new Refusal(415, `Expecting 'Content-Type' of ${expected}`);
  }
  return media;
}

/**
 * The form to answer a request in.
 * @throws Refusal 406 when the client takes neither.
 */
export function answerMedia(exchange: HttpExchange): Media {
  const media = acceptedMedia(exchange.headers["accept"]);
  if (media !== undefined) return media;
  const allowed = `${mediaTypes.json} or ${mediaTypes.protobuf}`;
  throw new Refusal(406, `Expecting 'Accept' to allow ${allowed}`);
}

/** Encodes a message. */
export function encode<M extends MessageDef>(
  media: Media,
  def: M,
  value: Message<M>,
): string | Uint8Array {
  return media === "json" ? writeJson(def, value) : writeProto(def, value);
}

/** Encodes a message in pieces: ASCII as text, anything else as bytes. */
export function encodePieces<M extends MessageDef>(
  media: Media,
  def: M,
  value: Lazy<Message<M>>,
): Iterable<string | Uint8Array> {
  return media === "json" ? jsonPieces(def, value) : protoPieces(def, value);
}

/** Decodes a body; `what` names the message in the error, as Mesos does (§6.1). */
export function decode<M extends MessageDef>(
  media: Media,
  def: M,
  what: string,
  body: Uint8Array,
): Message<M> {
  return atOnce(decodeInSteps(media, def, what, body));
}

/** Decodes a body in steps, between which others may have their turn. */
export function* decodeInSteps<M extends MessageDef>(
  media: Media,
  def: M,
  what: string,
  body: Uint8Array,
): Steps<Message<M>> {
  const into = media === "json" ? `JSON into ${what}` : what;
  const isSmall = body.length <= SMALL_BYTES;
  try {
    if (media === "protobuf") {
      return isSmall ? readProto(def, body) : yield* readProtoInSteps(def, body);
    }
    yield* checkValues(body);
    const text = textOf(body);
    if (isSmall) return readJson(def, text);
    yield;
    const json = parsed(text);
    yield;
    return yield* fromJsonInSteps(def, json);
  } catch (thrown) {
    if (!(thrown instanceof TepuiError)) throw thrown;
    throw errors.MESSAGE_INVALID(`Failed to parse body into ${into}: ${thrown.message}`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Text that is all ASCII, as most is, is had in a fraction of the time. */
function textOf(body: Uint8Array): string {
  if (isAscii(body)) {
    return Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1");
  }
  try {
    return utf8.decode(body);
  } catch {
    throw errors.MESSAGE_INVALID("it is not UTF-8");
  }
}
