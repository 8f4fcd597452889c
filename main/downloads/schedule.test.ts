/** The hours of downloads, on either side of midnight. */
import { expect, test } from 'vitest';
import { opensAt } from './schedule.ts';

const at = (hours: number, minutes = 0): Date => new Date(2026, 10, 22, hours, minutes, 30);
const night = { on: true, from: 23 * 60, to: 7 * 60 };
const day = { on: true, from: 9 * 60 + 30, to: 17 * 60 };

test.each([
  ['at night', night, at(23, 0)],
  ['after midnight', night, at(0, 0)],
  ['in the last minute', night, at(6, 59)],
  ['within a day', day, at(9, 30)],
  ['where it is off', { ...night, on: false }, at(12)],
  ['where both are the same', { on: true, from: 60, to: 60 }, at(12)],
])('open %s', (_, schedule, now) => {
  expect(opensAt(schedule, now)).toBeUndefined();
});

test.each([
  ['the same evening', night, at(7, 0), new Date(2026, 10, 22, 23, 0)],
  ['the same morning', day, at(9, 29), new Date(2026, 10, 22, 9, 30)],
  ['the next morning', day, at(17, 0), new Date(2026, 10, 23, 9, 30)],
])('closed until %s', (_, schedule, now, until) => {
  expect(opensAt(schedule, now)).toEqual(until);
});
