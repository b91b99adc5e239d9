// Places: sets of whole numbers that are gone through in ascending order.
// Knows bits; does not know what stands at a place.

/** A bit for each number from 0, so that most are passed 32 at a time. */
export class Places {
  #words: Uint32Array;

  constructor(size: number) {
    this.#words = new Uint32Array((size >> 5) + 2);
  }

  add(place: number): void {
    if (place >> 5 >= this.#words.length) {
      const words = new Uint32Array(2 * (place >> 5));
      words.set(this.#words);
      this.#words = words;
    }
    this.#words[place >> 5] = (this.#words[place >> 5] ?? 0) | (1 << (place & 31));
  }

  delete(place: number): void {
    this.#words[place >> 5] = (this.#words[place >> 5] ?? 0) & ~(1 << (place & 31));
  }

  has(place: number): boolean {
    return ((this.#words[place >> 5] ?? 0) & (1 << (place & 31))) !== 0;
  }

  /** The first from `start` to before `end` that will do, which may delete it. */
  first(start: number, end: number, willDo: (place: number) => boolean): number | undefined {
    for (let word = start >> 5; word << 5 < end; word++) {
      let bits = this.#words[word] ?? 0;
      if (word === start >> 5) bits = bits & (-1 << (start & 31));
      for (; bits !== 0; bits &= bits - 1) {
        const place = (word << 5) + 31 - Math.clz32(bits & -bits);
        if (place >= end) return undefined;
        if (willDo(place)) return place;
      }
    }
    return undefined;
  }
}
