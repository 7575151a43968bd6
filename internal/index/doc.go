// Package index reads and writes index rows: items that lead from a value to an
// entity's place in the order of its list. A [Range] of rows serves a clause; a
// [Prober] learns how many rows ranges have, and merges those that are worth it to
// a stream of places. A row may lead to what is gone or has changed, never the
// other way round: who follows one looks at the entity.
package index
