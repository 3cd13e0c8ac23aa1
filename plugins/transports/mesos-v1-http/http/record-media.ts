import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { Refusal } from "./answers.ts";
import {
  acceptedMedia,
  answerMedia,
  contentMedia,
  type Media,
  mediaTypes,
  requestMedia,
  takes,
} from "./media.ts";

/** The type of bodies that are records of messages; another header says of what form these are. */
export const RECORDS = "application/recordio";

/** The form of messages, and whether the body is said to be records of them. */
export interface AgentMedia {
  readonly media: Media;
  readonly isRecords: boolean;
}

const FORMS = `${mediaTypes.json} or ${mediaTypes.protobuf}`;

/**
 * What a request to an agent is in.
 * @throws Refusal 405, 400, 415
 */
export function agentRequestMedia(exchange: HttpExchange): AgentMedia {
  const { "content-type": type = "", "message-content-type": messages } = exchange.headers;
  const isRecords = exchange.method === "POST" && type.split(";", 1)[0]?.trim() === RECORDS;
  if (!isRecords) {
    const media = requestMedia(exchange);
    if (messages === undefined) return { media, isRecords };
    const reason = "Expecting 'Message-Content-Type' to be not set for non-streaming requests";
    throw new Refusal(415, reason);
  }
  const media = contentMedia(messages);
  if (media === "absent") {
    const reason = "Expecting 'Message-Content-Type' to be set for streaming requests";
    throw new Refusal(400, reason);
  }
  if (media === "other") throw new Refusal(415, `Expecting 'Message-Content-Type' of ${FORMS}`);
  return { media, isRecords };
}

/**
 * What to answer a request to an agent in.
 * @throws Refusal 406
 */
export function agentAnswerMedia(exchange: HttpExchange): AgentMedia {
  const { accept = "", "message-accept": messages } = exchange.headers;
  const isRecords = acceptedMedia(accept) === undefined && takes(accept, RECORDS);
  if (isRecords) {
    const media = acceptedMedia(messages);
    if (media === undefined) throw new Refusal(406, `Expecting 'Message-Accept' to allow ${FORMS}`);
    return { media, isRecords };
  }
  const media = answerMedia(exchange);
  if (messages === undefined) return { media, isRecords };
  const reason = "Expecting 'Message-Accept' to be not set for non-streaming responses";
  throw new Refusal(406, reason);
}
