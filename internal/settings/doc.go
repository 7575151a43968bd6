// Package settings is the configuration: which tags are denormalized, for how long
// what is kept, which fields are indexed by trigrams. It reads the CONFIG items,
// keeps them for some seconds, merges the environment into them, and knows what is
// backfilled, so that searches may rely on it.
package settings
