/** One row of the error catalogue. */
export interface ErrorKind {
  /** The command line's exit code: 1 the answer is no, 2 misuse, 3 sandbox or host failed, 4 not reproducible, 130 interrupted. */
  readonly exitCode: 1 | 2 | 3 | 4 | 130;
  /** The HTTP status for a server. */
  readonly httpStatus: number;
  /** Whether the same call may succeed when it is made again. */
  readonly retryable: boolean;
}

const misuse = (httpStatus: number): ErrorKind => ({ exitCode: 2, httpStatus, retryable: false });
const broken = (httpStatus: number, retryable: boolean): ErrorKind => ({
  exitCode: 3,
  httpStatus,
  retryable,
});

/** The machine-readable name of an error. A fault of a rollout is an outcome, not an error. */
export type ErrorCode =
  | "bad_argument"
  | "unknown_environment"
  | "bad_policy"
  | "bad_actions"
  | "rollout_over"
  | "image_missing"
  | "run_missing"
  | "run_exists"
  | "run_differs"
  | "run_locked"
  | "run_damaged"
  | "prefix_diverged"
  | "engine_unavailable"
  | "fleet_disagrees"
  | "trajectory_diverged"
  | "io_failed"
  | "disk_full"
  | "image_build_failed"
  | "image_damaged"
  | "image_outdated"
  | "wall_unavailable"
  | "world_unavailable"
  | "tool_missing"
  | "zygote_failed"
  | "sandbox_failed"
  | "sandbox_file"
  | "sandbox_closed"
  | "not_copyable"
  | "sandbox_ended"
  | "protocol_broken"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "too_large"
  | "request_timeout"
  | "key_reused"
  | "lease_ended"
  | "output_gone"
  | "server_full"
  | "queue_timeout"
  | "server_draining"
  | "aborted"
  | "internal";

/** Every error Sameseed throws, by code. */
export const errorCodes: Readonly<Record<ErrorCode, ErrorKind>> = {
  /** An option or argument is not of its form. */
  bad_argument: misuse(400),
  /** The environment is unknown in the image, or its file does not define the class. */
  unknown_environment: misuse(404),
  /** A policy file cannot be read, compiled, or defines no `act`. */
  bad_policy: misuse(400),
  /** An actions file is not a JSON list of actions. */
  bad_actions: misuse(400),
  /** A step was asked of a rollout that has ended; how it ended is its result. */
  rollout_over: misuse(409),
  /** No image of that name or digest is in the store. */
  image_missing: misuse(404),
  /** A folder is not a run, or the run does not hold what was asked for. */
  run_missing: misuse(404),
  /** The folder already holds a run, and `--resume` was not asked for. */
  run_exists: misuse(409),
  /** The folder holds a run of another spec than the one asked for. */
  run_differs: misuse(409),
  /** Another process is writing to the run. */
  run_locked: broken(409, true),
  /** Recorded bytes fail their checksum or are not of format 2. */
  run_damaged: broken(500, false),
  /** A recorded rollout that is to be branched does not give its recorded chain again. */
  prefix_diverged: { exitCode: 4, httpStatus: 409, retryable: false },
  /** The engine that was asked for cannot make this branch. */
  engine_unavailable: { exitCode: 3, httpStatus: 503, retryable: false },
  /** Hosts of a fleet gave other bytes for the same seeds. */
  fleet_disagrees: { exitCode: 4, httpStatus: 409, retryable: false },
  /** A trajectory that a run did not keep has another digest when it is made again. */
  trajectory_diverged: { exitCode: 4, httpStatus: 409, retryable: false },
  /** A file or folder cannot be read or written. */
  io_failed: broken(500, false),
  /** The disk that should take the recording is full. */
  disk_full: broken(507, false),
  /** Building an image failed. */
  image_build_failed: broken(500, false),
  /** An image's files are not those its digest names. */
  image_damaged: broken(500, false),
  /** An image was built by a version of Sameseed whose sandboxes speak another protocol. */
  image_outdated: broken(503, false),
  /** This host cannot build the wall; nothing was run. */
  wall_unavailable: broken(503, false),
  /** The world that was asked for cannot be had: the image was built without it, or it does not hold here. */
  world_unavailable: broken(503, false),
  /** A program that Sameseed needs is not installed. */
  tool_missing: broken(503, false),
  /** A zygote did not start or died. */
  zygote_failed: broken(500, true),
  /** A sandbox could not be started, or the host is known to have ended it. */
  sandbox_failed: broken(500, true),
  /** A path does not exist in the sandbox, or is not what the call needs. */
  sandbox_file: misuse(404),
  /** The handle was used after `close()`. */
  sandbox_closed: misuse(409),
  /** The state of a sandbox cannot be copied in memory, or the backend copies none. */
  not_copyable: misuse(409),
  /** The sandbox reached one of its limits, or its first process died. */
  sandbox_ended: broken(409, false),
  /** Bytes on a stream are not of the protocol. */
  protocol_broken: broken(502, false),
  /** A request has no token, or another one. */
  unauthorized: misuse(401),
  /** A request names a host or comes from a page that the server does not serve. */
  forbidden: misuse(403),
  /** The server has nothing of that address or identifier. */
  not_found: misuse(404),
  /** A request, a message or its headers are longer than the server takes. */
  too_large: misuse(413),
  /** A request took longer to arrive than the server waits. */
  request_timeout: broken(408, true),
  /** An idempotency key or sequence number was used for another request, or its answer is no longer kept. */
  key_reused: misuse(409),
  /** The lease has ended, and everything that it owned with it. */
  lease_ended: misuse(410),
  /** Output that was asked for again is no longer kept. */
  output_gone: misuse(410),
  /** The server has no room for more, and its queue is full. */
  server_full: broken(429, true),
  /** No room came free within the time that the client waits. */
  queue_timeout: broken(504, true),
  /** The server is being stopped and begins nothing more. */
  server_draining: broken(503, true),
  /** The caller's signal ended the work. */
  aborted: { exitCode: 130, httpStatus: 499, retryable: true },
  /** A defect in Sameseed itself. */
  internal: broken(500, false),
};
