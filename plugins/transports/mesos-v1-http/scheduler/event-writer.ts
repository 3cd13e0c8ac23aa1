import type { FrameworkEvent } from "../../../../contract/framework-api.ts";
import { Event } from "../definitions/scheduler.ts";
import { encode, type Media } from "../http/media.ts";
import { type EventForm, mapEvent, type SchedulerEvent } from "../map/scheduler-events.ts";

/** Writes the events of one subscription as records. */
export class EventWriter {
  readonly media: Media;
  readonly #recordBytesMax: number;
  #form: EventForm;

  constructor(media: Media, form: EventForm, recordBytesMax: number) {
    this.media = media;
    this.#form = form;
    this.#recordBytesMax = recordBytesMax;
  }

  /** Changes what the framework says it can deal with; later offers take the new form. */
  setCapabilities(capabilities: readonly string[]): void {
    this.#form = { ...this.#form, capabilities };
  }

  /** The records of an event: none for what clients would not know, several for many offers. */
  records(event: FrameworkEvent): readonly (string | Uint8Array)[] {
    const mapped = mapEvent(event, this.#form);
    if (mapped === undefined) return [];
    return this.#fit(mapped);
  }

  /** The record of one event. */
  record(event: SchedulerEvent): string | Uint8Array {
    return encode(this.media, Event, event);
  }

  /** Offers are halved until each event fits, because clients refuse larger records (§3.4). */
  #fit(event: SchedulerEvent): readonly (string | Uint8Array)[] {
    const record = this.record(event);
    const offers = event.offers?.offers ?? [];
    if (record.length <= this.#recordBytesMax || offers.length < 2) return [record];
    const half = offers.length >> 1;
    return [offers.slice(0, half), offers.slice(half)].flatMap((part) =>
      this.#fit({ type: "OFFERS", offers: { offers: part } }),
    );
  }
}
