// Steps so many sessions of an OpenEnv server, each as fast as it is answered, from a process of its own. Arguments: the address of
// the WebSocket, the sessions, the seconds, the data of the reset and of each step. Writes how many steps were taken in a second.
import { WebSocket } from "ws";

const [address = "", sessions = "1", seconds = "1", reset = "{}", action = "{}"] = process.argv.slice(2);
const step = `{"type":"step","data":${action}}`;

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(`{"type":"reset","data":${reset}}`);
  await observation(socket);
  return socket;
}

async function observation(socket: WebSocket): Promise<void> {
  const text = await new Promise<string>((resolve) =>
    socket.once("message", (data: Buffer) => resolve(data.toString())),
  );
  if (!text.includes('"observation"') || text.includes('"type":"error"')) throw new Error(text);
}

async function steps(socket: WebSocket, until: number): Promise<number> {
  let taken = 0;
  for (; performance.now() < until; taken++) {
    socket.send(step);
    await observation(socket);
  }
  return taken;
}

const sockets = await Promise.all(Array.from({ length: Number(sessions) }, open));
await Promise.all(sockets.map(async (socket) => await steps(socket, performance.now() + 500)));
const since = performance.now();
const taken = await Promise.all(
  sockets.map(async (socket) => await steps(socket, since + 1000 * Number(seconds))),
);
process.stdout.write(
  JSON.stringify((taken.reduce((sum, each) => sum + each, 0) * 1000) / (performance.now() - since)),
);
for (const socket of sockets) socket.close();
