import type { MakeDoor } from "./door.ts";
import { makeOpenEnvDoor } from "./doors/openenv/openenv-door.ts";
import { makeRewardsDoor } from "./doors/rewards/rewards-door.ts";
import { makeSandboxFusionDoor } from "./doors/sandbox-fusion/sandbox-fusion-door.ts";
import { makeTensorlakeDoor } from "./doors/tensorlake/tensorlake-door.ts";
import { makeNativeDoor } from "./native/native-door.ts";

/** Every door, in the order in which paths are looked up. */
export const doors: readonly MakeDoor[] = [
  makeNativeDoor,
  makeSandboxFusionDoor,
  makeRewardsDoor,
  makeOpenEnvDoor,
  makeTensorlakeDoor,
];
