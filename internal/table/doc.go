// Package table is the small set of operations that the store needs of a
// table, as one interface with two backends: DynamoDB
// (internal/table/dynamo) and Pebble (internal/table/pebbletable).
//
// The model is DynamoDB's: items addressed by a partition key and a sort key,
// conditional single-item writes, range queries within one partition, batches
// without conditions and transactions with them. Every backend enforces
// DynamoDB's limits and counts DynamoDB's capacity units, so what passes on
// one passes on the other and costs the same.
//
// Expiry: an item whose [TTLAttr] (epoch seconds) is not after the backend's
// clock is absent for every read and every condition, whether or not it has
// been removed physically.
package table
