/** The console's order and what counts as new; run by `node --test`. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Board } from "../src/board.ts";
import type { Row } from "../src/types.ts";

function row(id: number, changes: Partial<Row> = {}): Row {
  const fields = { id, version: 1, status: "unacked_active", priority: 1, peak_level: 2, opened_ms: 1000 * id };
  return { ...fields, acked_ms: null, acks_missing: 0, ...changes } as Row;
}

const acked = { acked_ms: 5, status: "acked_active" };
const ids = (board: Board): number[] => board.sorted().map((one) => one.id);

test("unacknowledged first, then priority, then the newest", () => {
  const board = new Board();
  board.reset([row(1, acked), row(2, { priority: 2 }), row(3), row(4), row(5, { ...acked, priority: 3 })]);
  assert.deepEqual(ids(board), [4, 3, 2, 1, 5]);
});

test("what has become a hazard stands below what can be acted on", () => {
  const board = new Board();
  board.reset([row(1, { hazard_ms: 9 }), row(2, acked), row(3, { priority: 4 })]);
  assert.deepEqual(ids(board), [3, 2, 1]);
});

test("of the same instant the higher number stands first", () => {
  const board = new Board();
  board.reset([row(1, { opened_ms: 7 }), row(2, { opened_ms: 7 })]);
  assert.deepEqual(ids(board), [2, 1]);
});

test("a delta tells what is new and what got worse", () => {
  const board = new Board();
  board.reset([row(1, { priority: 2, peak_level: 1 }), row(2)]);
  const change = board.merge([row(1, { priority: 1 }), row(2, acked), row(3)], []);
  assert.deepEqual(change.fresh.map((one) => one.id), [3]);
  assert.deepEqual(change.worse.map((one) => one.id), [1]);
});

test("what is gone is gone, also when it was never there", () => {
  const board = new Board();
  board.reset([row(1)]);
  board.merge([], [1, 2]);
  assert.deepEqual(ids(board), []);
});

test("the first snapshot has nothing new, a later one has what was missed", () => {
  const board = new Board();
  assert.deepEqual(board.reset([row(1), row(2)]).fresh, []);
  assert.deepEqual(board.reset([row(2), row(3)]).fresh.map((one) => one.id), [3]);
  assert.deepEqual(ids(board), [3, 2]);
});

test("the loudest is the most urgent that nobody has taken over", () => {
  const board = new Board();
  assert.equal(board.loudest(), null);
  board.reset([row(1, acked), row(2, { priority: 3 }), row(3, { priority: 2 })]);
  assert.equal(board.loudest(), 2);
});

test("what nobody answers to the last step sounds like what is most urgent", () => {
  const board = new Board();
  board.reset([row(1, { priority: 2, loud: true }), row(2, { priority: 3 })]);
  assert.equal(board.loudest(), 1);
  board.merge([row(1, { ...acked, priority: 2 })], []);
  assert.equal(board.loudest(), 3);
});

test("while too few have answered it sounds and sorts as not acknowledged", () => {
  const board = new Board();
  board.reset([row(1, { ...acked, acks_missing: 1 }), row(2, acked)]);
  assert.deepEqual(ids(board), [1, 2]);
});
