import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { awaited, control, createWorld, dropWorld, identity, product } from "./segur.mjs";

let world;
before(async () => (world = await createWorld(`node-${randomUUID()}`.slice(0, 40))));
after(() => dropWorld(world));

test("a refusal says where and how to mend it", async () => {
  const status = await product(world.services.dmp.patients, identity(world, "hospital"), "<not-soap/>");
  assert.equal(status, 500);
  const exchange = await awaited(world, { outcome: "refused" });
  const [finding] = exchange.verdict.findings;
  assert.equal(finding.rule, "DMP-SOAP-ENVELOPE");
  assert.equal(finding.where, "/not-soap");
  assert.match(finding.mend.en, /Envelope/);
});

test("six months pass in one call", async () => {
  const moved = await control("POST", `/worlds/${world.name}/clock`, { advance: "P6M" });
  assert.ok(moved.business > moved.wire);
});
