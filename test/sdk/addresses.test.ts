import { expect, test } from "vitest";
import { masterAddresses } from "../../sdk/index.ts";

test.each([
  ["m1", ["m1:5050"]],
  ["m1:6000, m2 ,,[::1]", ["m1:6000", "m2:5050", "[::1]:5050"]],
  ["wss://m1.example", ["wss://m1.example"]],
  ["[::1]:7000", ["[::1]:7000"]],
  [" ", ["127.0.0.1:5050"]],
])("%s means %j", (given, addresses) => {
  expect(masterAddresses(given)).toEqual(addresses);
});
