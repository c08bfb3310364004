import { expect, it } from "vitest";
import { endpoint, userOf } from "../../../src/view/peer-user.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:22CE 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:9C40 0100007F:22CE 01 00000000:00000000 00:00000000 00000000  1000        0 2 1
   2: 0100007F:22CE 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 3 1
`;

it("finds whose the other end of a connection is", () => {
  const [here, there] = [endpoint("127.0.0.1", 40_000), endpoint("127.0.0.1", 8910)];
  expect([here, there]).toEqual(["0100007F:9C40", "0100007F:22CE"]);
  expect(userOf(table, here, there)).toBe(1000);
  expect(userOf(table, there, here)).toBe(0);
  expect(userOf(table, endpoint("127.0.0.1", 40_001), there)).toBeUndefined();
});
