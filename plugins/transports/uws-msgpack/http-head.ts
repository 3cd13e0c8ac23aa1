import type { HttpRequest, HttpResponse } from "uWebSockets.js";
import type { HttpHeaders } from "../../../contract/ports/http.ts";

/** What a request said, copied out of the buffers that die with its callback. */
export interface RequestHead {
  readonly method: string;
  readonly rawPath: string;
  readonly query: string;
  readonly headers: HttpHeaders;
  readonly remote: string;
}

/** Copies the head of a request; must run inside the request's callback. */
export function readHead(request: HttpRequest, response: HttpResponse): RequestHead {
  const headers: Record<string, string> = Object.create(null);
  request.forEach((name, value) => {
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
  });
  return {
    method: request.getCaseSensitiveMethod().toUpperCase(),
    rawPath: request.getUrl(),
    query: request.getQuery(),
    headers,
    remote: Buffer.from(response.getRemoteAddressAsText()).toString(),
  };
}
