import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers } from '@kv/testing';

import { favouriteOperations, quietFavouriteOperations } from '../limits.js';
import { Favourite, shareOf } from './favourite.js';

function favour(members: number) {
  const timers = createManualTimers(createManualClock());
  const loads = Array.from({ length: members }, () => 0);
  const options = { members, place: 0, loadOf: (place: number) => loads[place]! };
  const favourite = new Favourite(options, timers);
  /** So many in one turn, none of which is answered. */
  const turn = (count: number): number[] => {
    const places = Array.from({ length: count }, () => {
      const underWay = loads.filter(Number.isFinite).reduce((sum, load) => sum + load, 0);
      const place = favourite.next(underWay);
      loads[place]! += 1;
      return place;
    });
    timers.runTurn();
    return places;
  };
  const answer = (...places: number[]): void => {
    for (const place of places) loads[place] = 0;
  };
  return { loads, turn, answer };
}

const counts = (places: readonly number[], members: number): number[] =>
  Array.from({ length: members }, (_, member) => places.filter((place) => place === member).length);

describe('the favourite', () => {
  it('stays for a while where operations come one by one', () => {
    const { turn, answer } = favour(3);
    const places: number[] = [];
    for (let count = 0; count < 3 * quietFavouriteOperations; count += 1) {
      places.push(...turn(1));
      answer(places.at(-1)!);
    }
    expect(places).toEqual([0, 1, 2].flatMap((place) => Array<number>(quietFavouriteOperations).fill(place)));
  });

  it('changes between turns, not within one, where there is room', () => {
    const { turn, answer } = favour(3);
    const asked: number[] = [];
    for (let count = 0; count < 6; count += 1) {
      const places = new Set(turn(favouriteOperations + 1));
      expect(places.size).toBe(1);
      asked.push(...places);
      answer(0, 1, 2);
    }
    expect(asked).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('spreads a burst evenly within its turn', () => {
    for (const members of [3, 5]) {
      for (const count of counts(favour(members).turn(1_000), members)) {
        expect(Math.abs(count - 1_000 / members)).toBeLessThan(0.2 * (1_000 / members));
      }
    }
  });

  it('gives what was answered back to who has room, as one', () => {
    const { turn, answer } = favour(3);
    turn(300);
    for (let round = 0; round < 9; round += 1) {
      const member = round % 3;
      answer(member);
      expect(counts(turn(100), 3)[member]).toBe(100);
    }
  });

  it('is nobody who does not answer, if another does', () => {
    const { loads, turn } = favour(3);
    loads[0] = Infinity;
    loads[1] = Infinity;
    expect(counts(turn(100), 3)).toEqual([0, 0, 100]);
  });

  it('has half of what is under way, or less where all still have a group', () => {
    expect([1, 64, 256, 383, 384, 640, 10_000].map((underWay) => underWay / shareOf(underWay, 5))).toEqual([
      2, 2, 2, 2, 3, 5, 5,
    ]);
    expect(shareOf(10, 1)).toBe(10);
  });
});
