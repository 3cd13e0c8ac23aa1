import { expect, test } from "vitest";
import {
  bareHost,
  hostPort,
  isAnyAddress,
  isLoopback,
  parseHostPort,
} from "../../contract/address.ts";
import { advertisedAddress, type MachineAddress } from "../../kernel/host/advertise.ts";
import { urlOf } from "../../wire/index.ts";

test("an IPv6 address has brackets beside a port, and none alone", () => {
  expect(hostPort("::1", 5050)).toBe("[::1]:5050");
  expect(hostPort("[::1]", 5050)).toBe("[::1]:5050");
  expect(hostPort("127.0.0.1", 5050)).toBe("127.0.0.1:5050");
  expect(hostPort("node-7", 1)).toBe("node-7:1");
  expect(bareHost("[fd00::7]")).toBe("fd00::7");
});

test("what was printed is read again, and can be dialled", () => {
  for (const host of ["::1", "fd00::1:2", "10.0.0.7", "node-7.example"]) {
    expect(parseHostPort(hostPort(host, 5051))).toEqual({ host, port: 5051 });
    expect(urlOf(hostPort(host, 5051))).toBe(`ws://${hostPort(host, 5051)}/tepui/v1`);
  }
});

test.each(["::1:5050", "[::1]", "host", "host:", ":1", "host:x", "a b:1", "host:65536", "[h]:1"])(
  "%j is no address with a port",
  (text) => {
    expect(parseHostPort(text)).toBeUndefined();
  },
);

test("every way to write all addresses is known, and no other address is", () => {
  for (const host of ["0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "::0", "0::", "0::0"]) {
    expect([host, isAnyAddress(host)]).toEqual([host, true]);
  }
  for (const host of ["::1", "127.0.0.1", "10.0.0.0", "fd00::", "localhost", "0.0.0.1", ""]) {
    expect([host, isAnyAddress(host)]).toEqual([host, false]);
  }
  for (const host of ["::1", "[::1]", "0:0:0:0:0:0:0:1", "127.0.0.9", "localhost"]) {
    expect([host, isLoopback(host)]).toEqual([host, true]);
  }
  for (const host of ["::", "0.0.0.0", "10.0.0.1", "fd00::1"]) {
    expect([host, isLoopback(host)]).toEqual([host, false]);
  }
});

const at = (address: string, internal = false): MachineAddress => ({
  address,
  internal,
  family: address.includes(":") ? "IPv6" : "IPv4",
});
const loopback = [at("127.0.0.1", true), at("::1", true)];
const both = [...loopback, at("fe80::7"), at("fd00::7"), at("169.254.1.1"), at("10.0.0.7")];

/** what is listened on, what is advertised, the machine's addresses → what others are told */
const told: readonly (readonly [string, string | undefined, readonly MachineAddress[], string])[] =
  [
    ["127.0.0.1", undefined, both, "127.0.0.1:9"],
    ["::1", undefined, both, "[::1]:9"],
    ["[::1]", undefined, both, "[::1]:9"],
    ["10.0.0.7", undefined, both, "10.0.0.7:9"],
    ["0.0.0.0", undefined, both, "10.0.0.7:9"],
    ["::", undefined, both, "10.0.0.7:9"],
    ["[::]", undefined, [...loopback, at("fe80::7"), at("fd00::7")], "[fd00::7]:9"],
    ["0.0.0.0", undefined, [...loopback, at("fd00::7")], "127.0.0.1:9"],
    ["0.0.0.0", undefined, loopback, "127.0.0.1:9"],
    ["::", undefined, loopback, "[::1]:9"],
    ["0.0.0.0", "outside.example:80", both, "outside.example:80"],
    ["0.0.0.0", "[fd00::8]:80", both, "[fd00::8]:80"],
  ];

test.each(told)(
  "who listens on %s and advertises %s is told of so that it can be dialled",
  (...row) => {
    const [host, advertise, machine, expected] = row;
    const listen = { host, port: 9, ...(advertise === undefined ? {} : { advertise }) };
    const address = advertisedAddress(listen, 9, machine);
    expect(hostPort(address.host, address.port)).toBe(expected);
    expect(isAnyAddress(address.host)).toBe(false);
  },
);
