// Sends one request again and again, by so many clients that keep their connections, from a process of its own. Arguments: the
// address, the clients, the seconds, the body. Writes how many were answered in a second, as JSON.
import { Agent, request } from "node:http";

const [address = "", clients = "1", seconds = "1", body = ""] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const until = performance.now() + 1000 * Number(seconds);
let answered = 0;

async function ask(): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const headers = { "content-length": body.length, "content-type": "application/json" };
    const sent = request(address, { method: "POST", agent, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        const told = Buffer.concat(parts).toString();
        if (answer.statusCode === 200 && told.includes("Success")) resolve();
        else reject(new Error(`${answer.statusCode}: ${told}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

async function client(): Promise<void> {
  while (performance.now() < until) {
    await ask();
    answered++;
  }
}

const since = performance.now();
await Promise.all(Array.from({ length: Number(clients) }, client));
process.stdout.write(JSON.stringify((answered * 1000) / (performance.now() - since)));
agent.destroy();
