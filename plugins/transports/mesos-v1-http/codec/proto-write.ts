import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Field, Lazy, Message, MessageDef } from "../definitions/define.ts";
import { integerDigits } from "./json-write.ts";

/** Writes a message as protobuf: fields by rising number, unset ones left out. */
export function writeProto<M extends MessageDef>(def: M, value: Message<M>): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, def, value as Tree);
  return writer.finish();
}

/**
 * The same in pieces, with empty ones while an element of a list at a time is written: between any
 * two its maker can be left. The bytes come last, since the length of each message precedes it.
 */
export function* protoPieces<M extends MessageDef>(
  def: M,
  value: Lazy<Message<M>>,
): Generator<Uint8Array | ""> {
  yield* yield* protoChunks(def, value as Tree);
}

type Tree = Readonly<Record<string, unknown>>;

function* protoChunks(def: MessageDef, value: Tree): Generator<"", readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  const writer = new BinaryWriter();
  for (const field of def.byNumber.values()) {
    const given = value[field.name];
    if (given === undefined) continue;
    if (field.message !== undefined && field.label === "repeated") {
      for (const one of given as Iterable<Tree>) {
        writeField(writer, field, [one]);
        yield "";
      }
    } else if (field.message !== undefined && field.label !== "map") {
      const inner = yield* protoChunks(field.message, given as Tree);
      const bytes = inner.reduce((sum, { length }) => sum + length, 0);
      writer.tag(field.number, WireType.LengthDelimited).uint32(bytes);
      chunks.push(writer.finish(), ...inner);
    } else writeField(writer, field, given);
  }
  return [...chunks, writer.finish()];
}

function writeMessage(writer: BinaryWriter, def: MessageDef, value: Tree): void {
  for (const field of def.byNumber.values()) {
    const given = value[field.name];
    if (given !== undefined) writeField(writer, field, given);
  }
}

function writeField(writer: BinaryWriter, field: Field, given: unknown): void {
  if (field.label === "repeated") {
    for (const one of given as readonly unknown[]) writeValue(writer, field, field.number, one);
  } else if (field.label === "map") {
    for (const [key, one] of Object.entries(given as object)) {
      writer.tag(field.number, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(key);
      writeValue(writer, field, 2, one);
      writer.join();
    }
  } else {
    writeValue(writer, field, field.number, given);
  }
}

function writeValue(writer: BinaryWriter, field: Field, number: number, value: unknown): void {
  const { message, enumeration } = field;
  if (message !== undefined) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeMessage(writer, message, value as Tree);
    writer.join();
    return;
  }
  if (enumeration !== undefined) {
    const named = enumeration.numbers.get(value as string);
    if (named === undefined) throw new Error(`${enumeration.name} has no value ${value}`);
    writer.tag(number, WireType.Varint).int32(named);
    return;
  }
  switch (field.scalar) {
    case "str":
      writer.tag(number, WireType.LengthDelimited).string(value as string);
      return;
    case "bytes":
      writer.tag(number, WireType.LengthDelimited).bytes(value as Uint8Array);
      return;
    case "bool":
      writer.tag(number, WireType.Varint).bool(value as boolean);
      return;
    case "dbl":
      writer.tag(number, WireType.Bit64).double(value as number);
      return;
    default:
      writeInteger(writer.tag(number, WireType.Varint), value as number, field.scalar !== "u64");
  }
}

/** Integers of any width; negative ones as 64 bits, as protobuf has it. */
function writeInteger(writer: BinaryWriter, value: number, isSigned: boolean): void {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) writer.uint32(value);
  else if (isSigned) writer.int64(integerDigits(value, true));
  else writer.uint64(BigInt.asUintN(64, BigInt(integerDigits(value, false))));
}
