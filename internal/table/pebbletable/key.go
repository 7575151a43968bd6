package pebbletable

import (
	"encoding/binary"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// First bytes of keys. Stored; must not change.
const (
	metaSpace   = 0x00
	itemSpace   = 0x01
	tokenSpace  = 0x02
	expirySpace = 0x03
)

// Escapes within partition keys. Stored; must not change. A zero byte becomes
// zeroByte zeroEscape; zeroByte pkEnd ends the partition key and sorts before
// anything that continues it.
const (
	zeroByte   = 0x00
	pkEnd      = 0x01
	zeroEscape = 0xff
)

const expiryKeyPrefix = 1 + 8 // space byte and expiry

// appendPartition appends the prefix that all items of a partition share.
// Keys sort by (PK, SK) bytewise, and no partition's prefix is the beginning
// of another's.
func appendPartition(b []byte, pk string) []byte {
	b = append(b, itemSpace)
	for {
		i := strings.IndexByte(pk, zeroByte)
		if i < 0 {
			break
		}
		b = append(b, pk[:i]...)
		b = append(b, zeroByte, zeroEscape)
		pk = pk[i+1:]
	}
	b = append(b, pk...)
	return append(b, zeroByte, pkEnd)
}

func appendKey(b []byte, k table.Key) []byte {
	return append(appendPartition(b, k.PK), k.SK...)
}

func appendTokenKey(b []byte, token string) []byte {
	return append(append(b, tokenSpace), token...)
}

// appendExpiryKey appends the key of the expiry index for target, which is
// the key of an item or a token. Entries sort by expiry.
func appendExpiryKey(b []byte, unix int64, target []byte) []byte {
	b = append(b, expirySpace)
	b = binary.BigEndian.AppendUint64(b, uint64(unix)^(1<<63))
	return append(b, target...)
}

// splitExpiryKey takes a key of the expiry index apart.
func splitExpiryKey(k []byte) (unix int64, target []byte, ok bool) {
	if len(k) <= expiryKeyPrefix || k[0] != expirySpace {
		return 0, nil, false
	}
	return int64(binary.BigEndian.Uint64(k[1:]) ^ (1 << 63)), k[expiryKeyPrefix:], true
}

// splitPartition is the inverse of appendPartition: the partition key that a
// key begins with, and how many of its bytes come before the sort key.
func splitPartition(k []byte) (pk string, n int, ok bool) {
	if len(k) == 0 || k[0] != itemSpace {
		return "", 0, false
	}
	var b []byte
	for i := 1; i < len(k); i++ {
		if k[i] != zeroByte {
			b = append(b, k[i])
			continue
		}
		if i++; i == len(k) {
			break
		}
		switch k[i] {
		case pkEnd:
			return string(b), i + 1, true
		case zeroEscape:
			b = append(b, zeroByte)
		default:
			return "", 0, false
		}
	}
	return "", 0, false
}
