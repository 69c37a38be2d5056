// A world of the Segur sandbox for one test. Run with: segur-sandbox exec -- node --test
// Node 18 or later, no dependency; all it knows comes from environment variables and HTTP.
import { readFileSync } from "node:fs";
import { request } from "node:https";

const { SEGUR_CONTROL_URL, SEGUR_TOKEN, SEGUR_ROOTS } = process.env;

export async function control(method, path, body) {
  const headers = { Authorization: `Bearer ${SEGUR_TOKEN}`, "Content-Type": "application/json" };
  const answer = await fetch(SEGUR_CONTROL_URL + path, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${(await answer.json()).detail}`);
  return answer.json();
}

// Structures with their certificates as PEM texts, patients, professionals, addresses.
export function createWorld(name) {
  return control("POST", "/worlds", { name, certificates: true });
}

export function dropWorld(world) {
  return control("DELETE", `/worlds/${world.name}`);
}

// What a product needs for mutual TLS as one structure of the world.
export function identity(world, slug) {
  const { auth_cli } = world.structures.find((structure) => structure.slug === slug).certificates.pem;
  return { ca: readFileSync(SEGUR_ROOTS), cert: auth_cli.certificate + auth_cli.chain, key: auth_cli.key };
}

// The exchange that matches, with its verdict; the near misses otherwise.
export async function awaited(world, expect, timeout = 30) {
  const told = await control("POST", `/worlds/${world.name}/exchanges/wait`, { since: 0, timeout, expect });
  if (!told.exchange) throw new Error(`nothing with ${JSON.stringify(expect)}: ${JSON.stringify(told.near)}`);
  return told.exchange;
}

// Stands for the product under test: replace it by a call of yours.
export function product(url, tls, body) {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", ...tls, agent: false }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode));
    });
    call.on("error", reject).end(body);
  });
}
