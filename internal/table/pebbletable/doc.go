// Package pebbletable is a [table.Table] on an embedded Pebble database, in a
// directory or in memory.
//
// A write returns once it is synced to disk. Writers of different items share
// one sync through Pebble's commit pipeline; writers of one item take turns on
// a lock until their write is applied, and then wait for the sync together.
//
// What is stored, by the first byte of the key:
//
//	0x00  meta          format -> version byte; its presence says that Init made the table
//	0x01  item          PK escaped, 0x00 0x01, SK -> item (see appendItem)
//	0x02  token         token of a transaction -> expiry, epoch seconds
//	0x03  expiry index  expiry, sortable, 8 bytes; key of the item or token -> nothing
package pebbletable
