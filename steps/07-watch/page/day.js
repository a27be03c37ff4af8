// The 24 hours. A stream keeps a record for a day: what is older is trimmed,
// and a reader that comes later doesn't find it.

export const day = 24 * 3600_000;

// horizon is the time before which records are trimmed.
export const horizon = (now) => now - day;
